// GET /api/health: is the process ready, and how fresh is what it knows?
import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) => {
	const health = locals.app.health();
	return json(health, { status: health.status === 'ok' ? 200 : 503 });
};
