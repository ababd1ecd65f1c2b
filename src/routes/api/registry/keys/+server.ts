// GET and POST /api/registry/keys: the keys of the gateway by their beginnings; a new one is shown in its answer and never again.
import { json } from '@sveltejs/kit';
import { readBody } from '#lib/server/http.ts';
import { keyOrder, keyOrderSchema } from '#lib/server/registry/key-order.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = ({ locals }) => json({ keys: locals.app.keys.list() }, { headers });

export const POST: RequestHandler = async ({ locals, request }) => {
	const order = keyOrder(await readBody(request, keyOrderSchema), Date.now());
	return json(locals.app.keys.create(order), { status: 201, headers });
};
