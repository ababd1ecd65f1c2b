// The one place that makes the machine: settings in, one object with every server class out.
import { randomBytes } from 'node:crypto';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { Cards } from '#lib/server/cards.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import type { Settings } from '#lib/server/config.ts';
import { Configs } from '#lib/server/configs.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { Details } from '#lib/server/details.ts';
import { logOf } from '#lib/server/environment.ts';
import { FileLists } from '#lib/server/file-lists.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import type { Log } from '#lib/server/log.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Sessions } from '#lib/server/session.ts';
import { loadSnapshot, readSnapshot, type Snapshot } from '#lib/server/snapshot.ts';

/** Answer of `GET /api/health`. `updated_at` is when the catalog's rows were last refreshed (ISO), null when never. */
export interface Health {
	status: 'starting' | 'ok';
	version: string;
	catalog: { models: number; updated_at: string | null };
	/** `online` is null before the first request to the Hub; `budget` is empty until it has answered one. */
	hub: { endpoint: string; online: boolean | null; budget: ReturnType<Hub['budget']> };
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
	hub: Hub;
	inventory: Inventory;
	configs: Configs;
	details: Details;
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
	const log = logOf(settings);
	const date = () => new Date();
	const opened = openDatabase({ directory: settings.home, now: date, prepare: prepareCatalog });
	const { database, setAside } = opened;
	const { catalog, snapshot } = opened.prepared;
	if (setAside !== null) log.error('database_damaged', { set_aside: setAside });
	const { hubEndpoint, hubToken, hubCache, offline, proxy, key } = settings;
	const clock = machineClock;
	const hub = new Hub({ endpoint: hubEndpoint, token: hubToken, offline, proxy, version, clock, random: Math.random });
	const inventory = new Inventory({ root: hubCache });
	const configs = new Configs({ hub, inventory, database, catalog, snapshot, clock });
	const renderer = new CardRenderer();
	const local = {
		text: (id: string, path: string, limitBytes: number) => inventory.text({ id, path, limitBytes }),
		files: (id: string) => inventory.files(id),
	};
	const cards = new Cards({ database, hub, renderer, local, hubEndpoint, date });
	const files = new FileLists({ database, hub, local, date });
	return {
		settings,
		version,
		log,
		database,
		catalog,
		snapshot,
		hub,
		inventory,
		configs,
		details: new Details({ database, catalog, hub, configs, files, cards, date }),
		sessions: new Sessions({ key, now: Date.now, random: randomBytes }),
		closing: ending.signal,
		health: () => ({
			status: 'ok',
			version,
			catalog: { models: catalog.counts().catalog, updated_at: catalog.updatedAt },
			hub: { endpoint: hubEndpoint, online: hub.online, budget: hub.budget() },
		}),
		close: async () => {
			ending.abort();
			configs.close();
			await Promise.allSettled([hub.close(), renderer.close()]);
			database.close();
		},
	};
}
