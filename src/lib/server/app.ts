// The one place that makes the machine: settings in, one object with every server class out.
import { randomBytes } from 'node:crypto';
import { Catalog } from '#lib/server/catalog.ts';
import type { Settings } from '#lib/server/config.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { Log } from '#lib/server/log.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Sessions } from '#lib/server/session.ts';
import { loadSnapshot, readSnapshot, type Snapshot } from '#lib/server/snapshot.ts';

/** Answer of `GET /api/health`. `updated_at` is when the catalog's rows were last refreshed (ISO), null when never. */
export interface Health {
	status: 'starting' | 'ok';
	version: string;
	catalog: { models: number; updated_at: string | null };
}

/** What every face (pages, routes, command line) works with. */
export interface App {
	settings: Settings;
	version: string;
	log: Log;
	sessions: Sessions;
	database: Database;
	catalog: Catalog;
	/** The shipped facts, for models whose config cannot be read now. */
	snapshot: Snapshot;
	/** Aborted when the process is about to end; streams and background work end with it. */
	closing: AbortSignal;
	health(): Health;
	close(): Promise<void>;
}

interface AppOptions {
	settings: Settings;
	version: string;
}

/** Everything that has to be read before the first answer; a damaged database shows itself here. */
function prepareCatalog(database: Database): { catalog: Catalog; snapshot: Snapshot } {
	migrate(database);
	const catalog = new Catalog(database);
	const snapshot = readSnapshot();
	loadSnapshot(database, catalog, snapshot);
	return { catalog, snapshot };
}

/**
 * Makes the app. Faces call it once per process; tests call it with a data directory of their own. Throws
 * `Failure('database')` when the data directory cannot be used.
 */
export async function createApp({ settings, version }: AppOptions): Promise<App> {
	const ending = new AbortController();
	const log = new Log({
		write: (line) => process.stderr.write(`${line}\n`),
		now: Date.now,
		secrets: [settings.key, settings.hubToken],
	});
	const { database, prepared, setAside } = openDatabase({
		directory: settings.home,
		now: () => new Date(),
		prepare: prepareCatalog,
	});
	const { catalog, snapshot } = prepared;
	if (setAside !== null) log.error('database_damaged', { set_aside: setAside });
	return {
		settings,
		version,
		log,
		database,
		catalog,
		snapshot,
		sessions: new Sessions({ key: settings.key, now: Date.now, random: randomBytes }),
		closing: ending.signal,
		health: () => ({
			status: 'ok',
			version,
			catalog: { models: catalog.counts().catalog, updated_at: catalog.updatedAt },
		}),
		close: async () => {
			ending.abort();
			database.close();
		},
	};
}
