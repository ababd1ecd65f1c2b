// The one place that makes the machine: settings in, one object with every server class out.
import { randomBytes } from 'node:crypto';
import type { Settings } from '#lib/server/config.ts';
import { logOf } from '#lib/server/environment.ts';
import type { Log } from '#lib/server/log.ts';
import { Sessions } from '#lib/server/session.ts';

/** Answer of `GET /api/health`. `updated_at` is when the catalog's rows were last refreshed (ISO), null when never. */
export interface Health {
	status: 'starting' | 'ok';
	version: string;
}

/** What every face (pages, routes, command line) works with. */
export interface App {
	settings: Settings;
	version: string;
	log: Log;
	sessions: Sessions;
	/** Aborted when the process is about to end; streams and background work end with it. */
	closing: AbortSignal;
	health(): Health;
	close(): Promise<void>;
}

interface AppOptions {
	settings: Settings;
	version: string;
}

/** Makes the app. Faces call it once per process; tests call it with a data directory of their own. */
export async function createApp({ settings, version }: AppOptions): Promise<App> {
	const ending = new AbortController();
	return {
		settings,
		version,
		log: logOf(settings),
		sessions: new Sessions({ key: settings.key, now: Date.now, random: randomBytes }),
		closing: ending.signal,
		health: () => ({ status: 'ok', version }),
		close: async () => ending.abort(),
	};
}
