// One routed request with everything that was tried.
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, params }) => ({
	record: app.routing.book.read(params.id),
	nowMs: Date.now(),
});
