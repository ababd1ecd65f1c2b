// GET /api/registry/config/versions/{digest}: a registry file that was in force before, to look at and to go back to.
import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, params }) => {
	const text = locals.app.routing.registryFile.version(params.digest);
	return json({ digest: params.digest, text }, { headers: { 'cache-control': 'no-store' } });
};
