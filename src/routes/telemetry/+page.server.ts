// The activity page: what this machine has counted, and the features that can be switched off for everyone.
import { redirect } from '@sveltejs/kit';
import { Failure } from '#lib/core/failure.ts';
import { readForm } from '#lib/server/http.ts';
import { features } from '#lib/server/features.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app } }) => ({
	report: app.telemetry.report(),
	features: features.map(({ flag, title }) => {
		const { isOn, reason } = app.flags.explain(flag, app.userId);
		return { flag, title, isOn, reason, isKilled: app.flags.state(flag).isKilled };
	}),
	nowMs: Date.now(),
});

export const actions: Actions = {
	switch: async ({ request, locals: { app } }) => {
		const form = await readForm(request);
		const feature = features.find(({ flag }) => flag === form.get('flag'));
		if (feature === undefined) throw new Failure('bad_request', 'There is no such feature.');
		const who = app.userId ?? 'unknown';
		if (form.get('to') === 'off') app.flags.disable(feature.flag, who);
		else app.flags.enable(feature.flag, who);
		redirect(303, '/telemetry');
	},
};
