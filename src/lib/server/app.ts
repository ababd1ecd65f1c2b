// The one place that makes the machine: settings in, one object with every server class out.
import { randomBytes } from 'node:crypto';
import { cpus, totalmem } from 'node:os';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { Cards } from '#lib/server/cards.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock, type Clock } from '#lib/server/clock.ts';
import { toFailure } from '#lib/core/failure.ts';
import type { Settings } from '#lib/server/config.ts';
import { Compatibility } from '#lib/server/compatibility.ts';
import { CompatibleModelsFinder } from '#lib/server/compatible-models.ts';
import { Configs } from '#lib/server/configs.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { Details } from '#lib/server/details.ts';
import { Discovery } from '#lib/server/discovery.ts';
import { FileLists } from '#lib/server/file-lists.ts';
import { figuresOf } from '#lib/server/figures.ts';
import { Fits } from '#lib/server/fits.ts';
import { Flags } from '#lib/server/flags.ts';
import { Hardware, type Machine } from '#lib/server/hardware.ts';
import { Headers } from '#lib/server/headers.ts';
import { healthOf, type Health } from '#lib/server/health.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { spaceAt } from '#lib/server/inventory/disk.ts';
import type { Shelf } from '#lib/server/inventory/shelf.ts';
import type { Local } from '#lib/server/local.ts';
import type { LocalModels } from '#lib/server/local-models.ts';
import { makeLocal, makeShelf } from '#lib/server/local-parts.ts';
import { logOf } from '#lib/server/environment.ts';
import type { Log } from '#lib/server/log.ts';
import { Metrics } from '#lib/server/metrics.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Callers } from '#lib/server/registry/callers.ts';
import { Keys } from '#lib/server/registry/keys.ts';
import { Preferences } from '#lib/server/preferences.ts';
import { CatalogRefresh } from '#lib/server/refresh.ts';
import { Sessions } from '#lib/server/session.ts';
import { runTool, type RunTool } from '#lib/server/tools.ts';
import { loadSnapshot, readSnapshot, type Snapshot } from '#lib/server/snapshot.ts';
import { readMeta } from '#lib/server/store/meta.ts';
import { Telemetry } from '#lib/server/telemetry.ts';

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
	/** Every copy on this machine, from all folders that are searched. */
	shelf: Shelf;
	local: Local;
	localModels: LocalModels;
	configs: Configs;
	headers: Headers;
	refresh: CatalogRefresh;
	details: Details;
	discovery: Discovery;
	compatibility: Compatibility;
	compatibleModels: CompatibleModelsFinder;
	flags: Flags;
	telemetry: Telemetry;
	/** The one user of this machine, for rollouts; the same as long as the database lives. */
	userId: string | null;
	hardware: Hardware;
	fits: Fits;
	/** What a person chose for every browser of this server. */
	preferences: Preferences;
	metrics: Metrics;
	/** Keys of the gateway. */
	keys: Keys;
	callers: Callers;
	/** Aborted when the process is about to end; streams and background work end with it. */
	closing: AbortSignal;
	health(): Health;
	close(): Promise<void>;
}

interface AppOptions {
	settings: Settings;
	version: string;
	/** False for a short command: nothing is looked up, refreshed or watched unasked. Default true. */
	background?: boolean;
	clock?: Clock;
	random?: () => number;
	/** What the system says of this machine, and how its drivers are asked. */
	machine?: () => Machine;
	run?: RunTool;
}

/** This machine as the system tells it. A limit of a container counts; without one Node tells zero or an absurd number. */
function thisMachine(): Machine {
	const limit = process.constrainedMemory();
	return {
		platform: process.platform,
		memoryBytes: totalmem(),
		limitBytes: limit > 0 ? limit : null,
		processor: cpus()[0]?.model ?? null,
	};
}

/** Everything that has to be read before the first answer; a damaged database shows itself here. */
function prepareCatalog(database: Database, version: string): { catalog: Catalog; snapshot: Snapshot } {
	migrate(database);
	const catalog = new Catalog(database);
	const snapshot = readSnapshot();
	loadSnapshot(database, catalog, snapshot, version);
	return { catalog, snapshot };
}

interface Ground {
	settings: Settings;
	version: string;
	database: Database;
	catalog: Catalog;
	snapshot: Snapshot;
	log: Log;
	clock: Clock;
	random: () => number;
	machine: () => Machine;
	run: RunTool;
	/** May things be watched? */
	background: boolean;
	/** Called when something in the background went wrong. */
	onBug: (error: unknown) => void;
}

/** Everything that reads models: this machine's cache, the Hub, and what is made of both. */
function makeReaders(ground: Ground) {
	const { settings, version, database, catalog, snapshot, log, clock, random, machine, run, background, onBug } =
		ground;
	const { hubEndpoint, hubToken, hubCache, offline, proxy } = settings;
	const date = () => clock.date();
	const hub = new Hub({ endpoint: hubEndpoint, token: hubToken, offline, proxy, version, clock, random });
	const here = { settings, database, clock, space: spaceAt, unique: () => randomBytes(6).toString('hex') };
	const shelf = makeShelf(here);
	const inventory = new Inventory({ root: hubCache, others: shelf });
	const headers = new Headers({ hub, inventory, database, date });
	const configs = new Configs({ hub, headers, inventory, database, catalog, snapshot, clock });
	const { local, localModels } = makeLocal({ ...here, shelf, catalog, configs, isWatched: background, onBug });
	const refresh = new CatalogRefresh({ hub, catalog, database, clock, onBug });
	const renderer = new CardRenderer();
	const cards = new Cards({ database, local: inventory, hub, renderer, hubEndpoint, date });
	const files = new FileLists({ database, hub, local: inventory, date });
	const details = new Details({ database, catalog, hub, configs, files, cards, date });
	const telemetry = new Telemetry({
		database,
		clock,
		onError: (error) => log.error('telemetry_not_written', { message: toFailure(error).message }),
	});
	const newId = () => randomBytes(8).toString('hex');
	const common = { hub, headers, inventory, database, catalog, snapshot, clock };
	const discovery = new Discovery({ ...common, watch: telemetry, newId, onBug });
	const compatibleModels = new CompatibleModelsFinder({ hub, catalog, database, clock });
	const hardware = new Hardware({ database, catalog, machine, run });
	const fits = new Fits({ details, configs, catalog, hardware });
	const compatibility = new Compatibility({ database, catalog, details, fits, version });
	return {
		hub,
		inventory,
		shelf,
		local,
		headers,
		configs,
		localModels,
		refresh,
		renderer,
		details,
		telemetry,
		discovery,
		compatibility,
		compatibleModels,
		hardware,
		fits,
	};
}

/**
 * Makes the app. Faces call it once per process; tests call it with a data directory of their own. Throws
 * `Failure('database')` when the data directory cannot be used.
 */
export async function createApp(options: AppOptions): Promise<App> {
	const { settings, version, background = true, clock = machineClock, random = Math.random } = options;
	const { machine = thisMachine, run = runTool } = options;
	const ending = new AbortController();
	const log = logOf(settings);
	const { database, prepared, setAside } = openDatabase({
		directory: settings.home,
		now: () => clock.date(),
		prepare: (opened) => prepareCatalog(opened, version),
	});
	const { catalog, snapshot } = prepared;
	if (setAside !== null) log.error('database_damaged', { set_aside: setAside });
	const onBug = (error: unknown) =>
		log.error('background_failed', { stack: error instanceof Error ? error.stack : '' });
	const ground = {
		settings,
		version,
		database,
		catalog,
		snapshot,
		log,
		clock,
		random,
		machine,
		run,
		background,
		onBug,
	};
	const readers = makeReaders(ground);
	const { hub, configs, headers, localModels, refresh, renderer, telemetry, discovery } = readers;
	if (background) {
		await localModels.start();
		refresh.start();
		void configs.relearn().catch(onBug);
	}
	const { local, hardware } = readers;
	const parts = { version, databasePath: database.path, catalog, hub, telemetry };
	const metrics = new Metrics({ look: () => figuresOf(parts) });
	const sessions = new Sessions({ key: settings.key, now: Date.now, random: randomBytes });
	const userId = readMeta(database, 'user');
	const keys = new Keys({ database, date: () => clock.date(), random: randomBytes });
	return {
		settings,
		version,
		log,
		database,
		catalog,
		snapshot,
		...readers,
		preferences: new Preferences({ database, hardware, local }),
		metrics,
		keys,
		callers: new Callers({ keys, sessions, userId }),
		flags: new Flags({ database, environment: settings.features, date: () => clock.date() }),
		userId,
		sessions,
		closing: ending.signal,
		health: () => healthOf({ version, endpoint: settings.hubEndpoint, catalog, hub, refresh }),
		close: async () => {
			ending.abort();
			metrics.close();
			configs.close();
			headers.close();
			await Promise.all([localModels.close(), refresh.close(), discovery.close()]);
			await Promise.all([hub.close(), renderer.close()]);
			telemetry.close();
			database.close();
		},
	};
}
