// POST /api/downloads/{id}/{pause,resume,cancel,retry}: does that with a download. No body is needed.
import { json } from '@sveltejs/kit';
import { parseAction } from '#lib/core/download-order.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ locals, params }) =>
	json(locals.app.downloads.act(params.id, parseAction(params.action)), { headers: { 'cache-control': 'no-store' } });
