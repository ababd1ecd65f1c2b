// GET /api/registry/requests: records of what was routed, the newest first, a page at a time.
import { json } from '@sveltejs/kit';
import { parseRequestList } from '#lib/server/registry/questions.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, url }) => {
	const filter = parseRequestList(url.searchParams);
	const requests = locals.app.routing.book.list(filter);
	const last = requests.length < filter.limit ? undefined : requests.at(-1);
	return json({ requests, next_cursor: last?.id ?? null }, { headers: { 'cache-control': 'no-store' } });
};
