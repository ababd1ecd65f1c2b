// The page of downloads on the server: the whole list, the room on the disk, and its buttons for those without scripts.
import { fail, redirect } from '@sveltejs/kit';
import { parseLimits } from '#lib/core/download-limits.ts';
import { orderOf, parseAction } from '#lib/core/download-order.ts';
import { toFailure } from '#lib/core/failure.ts';
import { readForm } from '#lib/server/http.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals: { app } }) => ({
	downloads: app.downloads.list(),
	limits: app.downloads.limits,
	disk: await app.local.disk(),
	hubUrl: app.health().hub.endpoint,
	online: app.health().hub.online,
	nowMs: Date.now(),
});

/** Does what a form asked for, and shows the list; what cannot be done is said above it. */
async function done(work: () => unknown) {
	try {
		await work();
	} catch (error) {
		const { status, message } = toFailure(error);
		return fail(status, { message });
	}
	redirect(303, '/downloads');
}

export const actions: Actions = {
	order: async ({ request, locals: { app } }) => {
		const form = await readForm(request);
		const quant = form.get('quant');
		return done(() => app.downloads.order(orderOf({ id: form.get('id') ?? '', quant: quant === '' ? null : quant })));
	},
	act: async ({ request, locals: { app } }) => {
		const form = await readForm(request);
		const [id, action] = [form.get('id') ?? '', form.get('action') ?? ''];
		return done(() => (action === 'remove' ? app.downloads.remove(id) : app.downloads.act(id, parseAction(action))));
	},
	limits: async ({ request, locals: { app } }) => {
		const form = await readForm(request);
		const words = { parallel: form.get('parallel') ?? '', rate: form.get('rate') ?? '' };
		return done(() => app.downloads.setLimits(parseLimits(words)));
	},
};
