// GET, POST and DELETE /api/local/folders: the folders that are searched for models; more can be named, and forgotten.
import { json } from '@sveltejs/kit';
import { folderBody } from '#lib/server/bodies.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = async ({ locals }) =>
	json({ folders: await locals.app.local.folders() }, { headers });

export const POST: RequestHandler = async ({ locals, request }) => {
	const { path, id } = await readBody(request, folderBody);
	return json({ folders: await locals.app.local.addFolder(path, id ?? null) }, { headers, status: 201 });
};

export const DELETE: RequestHandler = async ({ locals, url }) => {
	return json({ folders: await locals.app.local.forgetFolder(url.searchParams.get('path') ?? '') }, { headers });
};
