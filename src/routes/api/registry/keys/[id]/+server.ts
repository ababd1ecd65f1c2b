// DELETE /api/registry/keys/{id}: ends a key of the gateway from the next request on.
import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

export const DELETE: RequestHandler = ({ locals, params }) =>
	json({ key: locals.app.keys.revoke(params.id) }, { headers: { 'cache-control': 'no-store' } });
