// PUT /api/downloads/limits: how many downloads may run at once, and how fast all of them together.
import { json } from '@sveltejs/kit';
import { limitsSchema } from '#lib/core/download-order.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

export const PUT: RequestHandler = async ({ locals, request }) => {
	const { downloads } = locals.app;
	downloads.setLimits(await readBody(request, limitsSchema));
	return json(downloads.limits, { headers: { 'cache-control': 'no-store' } });
};
