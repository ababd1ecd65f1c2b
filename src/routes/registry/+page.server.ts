// The registry's first page: the file in force, every tier with the health and pace of its candidates, and files to begin with.
import { redirect } from '@sveltejs/kit';
import { Failure } from '#lib/core/failure.ts';
import { starters } from '#lib/core/registry/starter.ts';
import { readForm } from '#lib/server/http.ts';
import { resetBreakers } from '#lib/server/registry/breaker-reset.ts';
import { registryView } from '#lib/server/registry/overview.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, depends }) => {
	depends('modeldex:registry');
	const { registry, router, rollout, figures, registryFile } = app.routing;
	const { defaults: _, aliases, ...view } = registryView({ registry, breakers: router.breakers, rollout });
	const isEmpty = view.tiers.length + view.experiments.length + view.providers.length === 0;
	return {
		view,
		aliases: Object.entries(aliases),
		figures: figures.report(24).models.map(({ name, requests, p50_ms, p95_ms, last_failure }) => ({
			...{ name, requests, p50_ms, p95_ms, last_failure },
		})),
		starters:
			isEmpty && registryFile.text() === ''
				? starters.map(({ id, title, about, key }) => ({
						...{ id, title, about, key },
						hasKey: key === null || registry.around.hasVariable(key),
					}))
				: [],
		nowMs: Date.now(),
	};
};

export const actions: Actions = {
	start: async ({ request, locals: { app } }) => {
		const form = await readForm(request);
		const starter = starters.find(({ id }) => id === form.get('starter'));
		if (starter === undefined) throw new Failure('bad_request', 'There is no such file to begin with.');
		const { registryFile } = app.routing;
		if (registryFile.text() !== '')
			throw new Failure('bad_request', 'There is a registry file already; edit that one.');
		await registryFile.save(starter.text);
		redirect(303, '/registry');
	},
	reset: async ({ request, locals: { app } }) => {
		const name = (await readForm(request)).get('name') ?? '';
		const { registry, router } = app.routing;
		return { reset: resetBreakers(name === '' ? undefined : name, { registry, breakers: router.breakers }) };
	},
};
