// The one place that makes the machine: settings in, one object with every server class out.
import type { Settings } from '#lib/server/config.ts';

/** Answer of `GET /api/health`. `updated_at` is when the catalog's rows were last refreshed (ISO), null when never. */
export interface Health {
	status: 'starting' | 'ok';
	version: string;
}

/** What every face (pages, routes, command line) works with. */
export interface App {
	settings: Settings;
	version: string;
	health(): Health;
	close(): Promise<void>;
}

interface AppOptions {
	settings: Settings;
	version: string;
}

/** Makes the app. Faces call it once per process; tests call it with a data directory of their own. */
export async function createApp({ settings, version }: AppOptions): Promise<App> {
	return {
		settings,
		version,
		health: () => ({ status: 'ok', version }),
		close: async () => {},
	};
}
