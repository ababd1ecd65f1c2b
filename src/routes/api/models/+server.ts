// GET /api/models: one page of the models that match, with totals, facets and the cursor of the next page.
import { json } from '@sveltejs/kit';
import { parseChecked } from '#lib/core/query-url.ts';
import { askedQuery } from '#lib/server/asked-query.ts';
import { withRecommended } from '#lib/server/grouped.ts';
import { isUnchanged, tagOf } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, request, url }) => {
	const { catalog, hardware, version } = locals.app;
	const query = askedQuery(url.searchParams);
	const checked = parseChecked(url.searchParams);
	if (query.fits !== null) await hardware.ready();
	const headers = { etag: tagOf(version, catalog.version, url.search), 'cache-control': 'private, no-cache' };
	if (isUnchanged(request, headers.etag)) return new Response(null, { status: 304, headers });
	const page = catalog.list(query, checked);
	if (query.group === null) return json(page, { headers });
	const device = await hardware.device(query.fits);
	// The packing to take depends on the current device, which the mark of the answer does not know.
	return json(withRecommended(page, { query, checked, device }), { headers: { 'cache-control': 'no-store' } });
};
