// GET and PUT /api/settings: what a person chose for this server, as one document to keep and to bring in again.
import { json } from '@sveltejs/kit';
import { readJson } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = async ({ locals }) => json(await locals.app.preferences.read(), { headers });

export const PUT: RequestHandler = async ({ locals, request }) => {
	const document = await readJson(request, { bytes: 256 * 1024 });
	return json(await locals.app.preferences.save(document), { headers });
};
