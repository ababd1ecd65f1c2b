// GET and PUT /api/hardware: the devices models can run on, those a person entered among them, and the current one.
import { json } from '@sveltejs/kit';
import { hardwareSchema } from '#lib/server/hardware.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = async ({ locals }) => json(await locals.app.hardware.read(), { headers });

export const PUT: RequestHandler = async ({ locals, request }) => {
	const change = await readBody(request, hardwareSchema, { bytes: 256 * 1024 });
	return json(await locals.app.hardware.save(change), { headers });
};
