// GET /api/registry/requests/{id}: every try of one request, why it was made and how it ended.
import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, params }) =>
	json(locals.app.routing.book.read(params.id), { headers: { 'cache-control': 'no-store' } });
