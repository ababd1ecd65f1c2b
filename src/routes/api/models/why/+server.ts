// GET /api/models/why?id=&…filters: whether a list with these filters shows a model, what hides it, and what comes closest.
import { json } from '@sveltejs/kit';
import { Failure } from '#lib/core/failure.ts';
import { parseChecked } from '#lib/core/query-url.ts';
import { askedQuery } from '#lib/server/asked-query.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, request, url }) => {
	const ids = new Set(url.searchParams.getAll('id'));
	const [id = ''] = ids;
	if (id === '') throw new Failure('invalid_query', 'The parameter id is missing: the model to explain.');
	if (ids.size > 1) throw new Failure('invalid_query', 'One model is explained at a time: id came more than once.');
	const filters = new URLSearchParams([...url.searchParams].filter(([name]) => name !== 'id'));
	const query = askedQuery(filters);
	const checked = parseChecked(filters);
	const { catalog, details, hardware } = locals.app;
	if (query.fits !== null) await hardware.ready();
	const record = await details.record(id, { signal: request.signal });
	const { bases, siblings } = details.relatives(record.id);
	const explanation = catalog.explain(record.id, query, { related: [...bases, ...siblings], checked });
	if (explanation === null) throw new Failure('not_found', 'The catalog does not have this model.');
	return json(explanation, { headers: { 'cache-control': 'no-store' } });
};
