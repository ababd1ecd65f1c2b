// The app for the length of one command: made from the settings, closed whatever happens, ended by Ctrl-C.
import { createApp, type App } from '#lib/server/app.ts';
import { settingsOf } from '#lib/server/environment.ts';
import { withOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

/** Settles like `work`; the signal is aborted by the first Ctrl-C, the second one ends the process. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const ending = new AbortController();
	const interrupt = () => {
		if (ending.signal.aborted) process.exit(130);
		ending.abort(new DOMException('Interrupted.', 'AbortError'));
	};
	process.on('SIGINT', interrupt);
	try {
		return await work(ending.signal);
	} finally {
		process.off('SIGINT', interrupt);
	}
}

/** Makes the app from the environment and the given options, hands it to `work`, and closes it. */
export async function withApp<T>(
	args: Readonly<Record<string, unknown>>,
	terminal: Terminal,
	work: (app: App, signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const settings = settingsOf(withOptions(terminal.env, args));
	const app = await createApp({ settings, version: terminal.version, background: false, env: terminal.env });
	try {
		await app.localModels.look();
		return await untilInterrupted((signal) => work(app, signal));
	} finally {
		await app.close();
	}
}
