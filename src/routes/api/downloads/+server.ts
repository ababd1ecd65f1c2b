// GET and POST /api/downloads: the queue, and a new order. The same order again gives the same download.
import { json } from '@sveltejs/kit';
import { orderOf, orderSchema } from '#lib/core/download-order.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = ({ locals }) => {
	const { downloads } = locals.app;
	return json({ downloads: downloads.list(), limits: downloads.limits }, { headers });
};

export const POST: RequestHandler = async ({ locals, request }) => {
	const body = await readBody(request, orderSchema);
	const download = await locals.app.downloads.order(orderOf(body), { refresh: body.refresh ?? false });
	return json(download, { status: 202, headers });
};
