// POST /v1/embeddings: gives vectors of texts in the OpenAI shape, by whichever model the spec leads to.
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ locals, platform, request }) => {
	const visitor = { caller: locals.caller, socket: platform?.req.socket ?? null };
	return locals.app.gateway.answer('embeddings', request, visitor);
};
