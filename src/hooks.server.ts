// Makes the app once, hangs it on every request, and turns failures into answers.
import { readFileSync } from 'node:fs';
import type { Handle, ServerInit } from '@sveltejs/kit';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';

let app: App | undefined;

function readText(path: string): string | null {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return null; // no such file: there is no token
	}
}

export const init: ServerInit = async () => {
	app = await createApp({ settings: readSettings(process.env, readText), version: '0.1.0' });
};

export const handle: Handle = async ({ event, resolve }) => {
	if (app === undefined) throw new Error('The app was not made before the first request.');
	event.locals.app = app;
	return resolve(event);
};
