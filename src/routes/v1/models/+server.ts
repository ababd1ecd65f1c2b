// GET /v1/models: every spec that the caller may ask for, in the OpenAI shape.
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) => locals.app.gateway.models(locals.caller);
