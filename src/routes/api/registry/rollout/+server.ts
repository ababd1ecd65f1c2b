// GET and PUT /api/registry/rollout: for whom the strategies are on, and the trace of changes.
import { json } from '@sveltejs/kit';
import { readBody } from '#lib/server/http.ts';
import { registryFlag, rolloutChangeSchema } from '#lib/server/registry/rollout.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = ({ locals, url }) => {
	const { routing, flags } = locals.app;
	const user = url.searchParams.get('user');
	const decision = user === null ? null : routing.rollout.decide(user);
	const bucket = user === null || user === '' ? null : routing.rollout.bucketOf(user);
	return json({ rollout: routing.rollout.state, decision, bucket, changes: flags.changes(registryFlag) }, { headers });
};

export const PUT: RequestHandler = async ({ locals, request }) => {
	const change = await readBody(request, rolloutChangeSchema);
	return json({ rollout: locals.app.routing.rollout.change(change, locals.app.userId ?? 'page') }, { headers });
};
