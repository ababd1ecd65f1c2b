// GET /v1/models/{id}: one spec; the id may hold slashes.
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, params }) => locals.app.gateway.model(params.id, locals.caller);
