// GET /api/registry/usage?hours=24: figures per tier, model, provider, user and key, with budgets and alerts.
import { json } from '@sveltejs/kit';
import { parseHours } from '#lib/server/registry/questions.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, url }) =>
	json(locals.app.routing.figures.report(parseHours(url.searchParams)), { headers: { 'cache-control': 'no-store' } });
