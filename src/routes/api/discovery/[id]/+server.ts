// DELETE /api/discovery/{id}: ends the discovery for whoever started it under that name.
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { RequestHandler } from './$types';

export const DELETE: RequestHandler = ({ locals, params }) => {
	if (locals.app.discovery.cancel(params.id)) return new Response(null, { status: 204 });
	throw new Failure('not_found', `No discovery is under way as "${quoted(params.id)}".`);
};
