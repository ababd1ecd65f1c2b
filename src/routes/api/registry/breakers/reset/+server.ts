// POST /api/registry/breakers/reset: lets a candidate or provider that rests after failures be asked again at once.
import { json } from '@sveltejs/kit';
import { readBody } from '#lib/server/http.ts';
import { breakerResetBody, resetBreakers } from '#lib/server/registry/breaker-reset.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, request }) => {
	const { name } = await readBody(request, breakerResetBody);
	const { registry, router } = locals.app.routing;
	const reset = resetBreakers(name, { registry, breakers: router.breakers });
	return json({ reset }, { headers: { 'cache-control': 'no-store' } });
};
