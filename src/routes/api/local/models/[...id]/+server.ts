// GET and DELETE /api/local/models/{id}: the copies of one model here, and removing one of them (`dry_run=1` only tells).
import { json } from '@sveltejs/kit';
import { parseFlag } from '#lib/core/flag-word.ts';
import { refuseOthers } from '#lib/core/parameter.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };
const known = { once: ['dry_run', 'tool', 'copy', 'confirm'], many: ['revision'] };

export const GET: RequestHandler = async ({ locals, params }) => {
	return json({ copies: await locals.app.local.copies(params.id) }, { headers });
};

export const DELETE: RequestHandler = async ({ locals, params, url: { searchParams } }) => {
	refuseOthers(searchParams, known);
	const order = {
		tool: searchParams.get('tool'),
		copy: searchParams.get('copy'),
		revisions: searchParams.getAll('revision'),
		confirm: searchParams.get('confirm'),
	};
	const { local } = locals.app;
	const isDry = parseFlag(searchParams, 'dry_run');
	const plan = isDry ? await local.preview(params.id, order) : await local.remove(params.id, order);
	return json(plan, { headers });
};
