// GET /api/models/{id}: everything about one model. The id holds one slash, plain or percent-encoded.
import { json, redirect } from '@sveltejs/kit';
import { refuseOthers } from '#lib/core/parameter.ts';
import { encodeId } from '#lib/core/repository.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, params, request, url }) => {
	refuseOthers(url.searchParams, { once: [] });
	const detail = await locals.app.details.read(params.id, { signal: request.signal });
	const { id } = detail.entry;
	if (id !== params.id) redirect(307, `/api/models/${encodeId(id)}`);
	return json(detail);
};
