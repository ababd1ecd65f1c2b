// POST /api/registry/candidates: puts a model of this machine behind a tier, as an edit of the registry file.
import { json } from '@sveltejs/kit';
import { readBody } from '#lib/server/http.ts';
import { candidateBody, placeCandidate } from '#lib/server/registry/candidate-edit.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, request }) => {
	const order = await readBody(request, candidateBody);
	const { routing, engines } = locals.app;
	return json(await placeCandidate(order, { ...routing, engines }), { headers: { 'cache-control': 'no-store' } });
};
