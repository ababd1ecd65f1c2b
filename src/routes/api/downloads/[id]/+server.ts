// GET, PATCH and DELETE /api/downloads/{id}: one download; pause, resume, retry, cancel or move it; forget it.
import { json } from '@sveltejs/kit';
import { changeSchema } from '#lib/core/download-order.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = ({ locals, params }) => json(locals.app.downloads.read(params.id), { headers });

export const PATCH: RequestHandler = async ({ locals, params, request }) => {
	const { downloads } = locals.app;
	const change = await readBody(request, changeSchema);
	const { id } = params;
	const changed = change.action === 'move' ? downloads.move(id, change.before) : downloads.act(id, change.action);
	return json(changed, { headers });
};

export const DELETE: RequestHandler = async ({ locals, params }) =>
	json(await locals.app.downloads.remove(params.id), { headers });
