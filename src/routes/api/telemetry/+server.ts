// GET /api/telemetry: what this machine has counted of its own work.
import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) =>
	json(locals.app.telemetry.report(), { headers: { 'cache-control': 'no-store' } });
