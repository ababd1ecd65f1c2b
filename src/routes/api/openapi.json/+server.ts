// GET /api/openapi.json: what this API takes and answers, for programs that read OpenAPI.
import { json } from '@sveltejs/kit';
import { openApiDocument } from '#lib/server/openapi/document.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	json(openApiDocument(locals.app.version, locals.app.catalog.runtimes), {
		headers: { 'cache-control': 'private, no-cache' },
	});
