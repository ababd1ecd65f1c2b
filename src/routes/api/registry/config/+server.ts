// GET and PUT /api/registry/config: the registry file's text; a new one is taken once it was found good.
import { json } from '@sveltejs/kit';
import { registryFileBody } from '#lib/server/bodies.ts';
import { configChanges } from '#lib/core/registry/change.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const headers = { 'cache-control': 'no-store' };

export const GET: RequestHandler = ({ locals }) => {
	const { registry, registryFile } = locals.app.routing;
	const { text, hidesKeys } = registryFile.shown();
	return json(
		{ file: registry.file, text, hides_keys: hidesKeys, state: registry.state, versions: registryFile.versions() },
		{ headers },
	);
};

export const PUT: RequestHandler = async ({ locals, request }) => {
	const { text, dry_run: isTrial } = await readBody(request, registryFileBody, { bytes: 1024 * 1024 });
	const { registry, registryFile } = locals.app.routing;
	const before = registry.config;
	const { config, digest, faults, findings } = isTrial ? registry.read(text) : await registryFile.save(text);
	const changes = config === null ? [] : configChanges(before, config);
	return json({ digest, faults, findings, changes, state: registry.state }, { headers });
};
