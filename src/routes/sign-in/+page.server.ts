// The sign-in page: takes the server's key once and remembers the browser by a cookie.
import { fail, redirect } from '@sveltejs/kit';
import { toFailure } from '#lib/core/failure.ts';
import { localPath } from '#lib/server/guard.ts';
import { readForm } from '#lib/server/http.ts';
import { sessionCookie, sessionSeconds } from '#lib/server/session.ts';
import type { Actions, PageServerLoad } from './$types';

/** Works without JavaScript, and ships none. */
export const csr = false;

export const load: PageServerLoad = ({ locals, url }) => {
	const next = localPath(url.searchParams.get('next'));
	if (!locals.app.sessions.required) redirect(303, next);
	return { next, signedIn: locals.signedIn };
};

export const actions: Actions = {
	in: async ({ request, locals, cookies, url, getClientAddress }) => {
		const key = (await readForm(request)).get('key') ?? '';
		try {
			const id = locals.app.sessions.signIn(key.trim(), getClientAddress());
			cookies.set(sessionCookie, id, {
				path: '/',
				httpOnly: true,
				sameSite: 'strict',
				secure: locals.app.settings.origin?.startsWith('https:') ?? false,
				maxAge: sessionSeconds,
			});
		} catch (error) {
			const { status, message } = toFailure(error);
			return fail(status, { message });
		}
		redirect(303, localPath(url.searchParams.get('next')));
	},
	out: ({ locals, cookies }) => {
		const id = cookies.get(sessionCookie);
		if (id !== undefined) locals.app.sessions.signOut(id);
		cookies.delete(sessionCookie, { path: '/', secure: false });
		redirect(303, '/sign-in');
	},
};
