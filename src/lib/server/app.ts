// The one place that makes the machine: settings in, one object with every server class out.
import { randomBytes } from 'node:crypto';
import { cpus, totalmem } from 'node:os';
import { makeEngines, makeReaders, makeGateway, makeRoutes, type Readers, type Using } from '#lib/server/app-parts.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock, type Clock } from '#lib/server/clock.ts';
import type { Settings } from '#lib/server/config.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { figuresOf } from '#lib/server/figures.ts';
import { Flags } from '#lib/server/flags.ts';
import type { Machine } from '#lib/server/hardware.ts';
import { healthOf, type Health } from '#lib/server/health.ts';
import { logOf } from '#lib/server/environment.ts';
import type { Log } from '#lib/server/log.ts';
import { Metrics } from '#lib/server/metrics.ts';
import { migrate } from '#lib/server/migrations.ts';
import type { Gateway } from '#lib/server/gateway.ts';
import { Callers } from '#lib/server/registry/callers.ts';
import { Keys } from '#lib/server/registry/keys.ts';
import { Preferences } from '#lib/server/preferences.ts';
import type { Routing } from '#lib/server/registry/routing.ts';
import { Sessions } from '#lib/server/session.ts';
import { runTool, type RunTool } from '#lib/server/tools.ts';
import { loadSnapshot, readSnapshot, type Snapshot } from '#lib/server/snapshot.ts';
import { stockPath, stockUp } from '#lib/server/stock.ts';
import { nameOwn } from '#lib/server/store/copies.ts';
import { readMeta } from '#lib/server/store/meta.ts';

/** What every face (pages, routes, command line) works with. */
export interface App extends Readers, Using {
	settings: Settings;
	version: string;
	log: Log;
	sessions: Sessions;
	database: Database;
	catalog: Catalog;
	/** The shipped facts, for models whose config cannot be read now. */
	snapshot: Snapshot;
	flags: Flags;
	/** The registry of providers and tiers, and what routes requests through it. */
	routing: Routing;
	/** The one user of this machine, for rollouts; the same as long as the database lives. */
	userId: string | null;
	/** What a person chose for every browser of this server. */
	preferences: Preferences;
	metrics: Metrics;
	/** Keys of the gateway. */
	keys: Keys;
	callers: Callers;
	/** Answers requests under `/v1`. */
	gateway: Gateway;
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
	/** Where the keys of providers are looked up; the process's environment otherwise. */
	env?: Readonly<Record<string, string | undefined>>;
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
function prepareCatalog(database: Database, snapshot: Snapshot, version: string): Catalog {
	migrate(database);
	nameOwn(database);
	const catalog = new Catalog(database);
	loadSnapshot(database, catalog, snapshot, version);
	return catalog;
}

/**
 * Makes the app. Faces call it once per process; tests call it with a data directory of their own. Throws
 * `Failure('database')` when the data directory cannot be used.
 */
export async function createApp(options: AppOptions): Promise<App> {
	const { settings, version, background = true, clock = machineClock, random = Math.random } = options;
	const { machine = thisMachine, run = runTool, env = process.env } = options;
	const ending = new AbortController();
	const log = logOf(settings);
	const snapshot = readSnapshot();
	const stock = stockPath({ snapshot: snapshot.version, product: version });
	const {
		database,
		prepared: catalog,
		setAside,
	} = openDatabase({
		directory: settings.home,
		now: () => clock.date(),
		provide: (path) => stockUp(path, stock),
		prepare: (opened) => prepareCatalog(opened, snapshot, version),
	});
	if (setAside !== null) log.error('database_damaged', { set_aside: setAside });
	const onBug = (error: unknown) =>
		log.error('background_failed', { stack: error instanceof Error ? error.stack : '' });
	const told = { settings, version, log, clock, random, machine, run, background, onBug };
	const ground = { ...told, database, catalog, snapshot };
	const readers = makeReaders(ground);
	const using = makeEngines(ground, readers);
	const { hub, configs, headers, localModels, refresh, renderer, telemetry, discovery, downloads } = readers;
	if (background) {
		await localModels.start();
		refresh.start();
		readers.downloads.start();
		void configs.relearn().catch(onBug);
	}
	const { local, hardware } = readers;
	const parts = { version, databasePath: database.path, catalog, hub, telemetry };
	const metrics = new Metrics({ look: () => figuresOf(parts) });
	const sessions = new Sessions({ key: settings.key, now: Date.now, random: randomBytes });
	const userId = readMeta(database, 'user');
	const keys = new Keys({ database, date: () => clock.date(), random: randomBytes });
	const flags = new Flags({ database, environment: settings.features, date: () => clock.date() });
	const { routing, closeProviders } = makeRoutes(ground, { env, flags, engines: using.engines });
	return {
		settings,
		version,
		log,
		database,
		catalog,
		snapshot,
		...readers,
		preferences: new Preferences({ database, catalog, hardware, local }),
		metrics,
		keys,
		callers: new Callers({ keys, sessions, userId }),
		gateway: makeGateway(ground, routing, ending.signal),
		...using,
		flags,
		routing,
		userId,
		sessions,
		closing: ending.signal,
		health: () => healthOf({ version, endpoint: settings.hubEndpoint, catalog, hub, refresh }),
		close: async () => {
			ending.abort();
			metrics.close();
			configs.close();
			headers.close();
			await Promise.all([localModels.close(), refresh.close(), discovery.close(), downloads.close()]);
			await using.engines.close();
			await Promise.all([hub.close(), renderer.close()]);
			telemetry.close();
			routing.close();
			await closeProviders();
			database.close();
		},
	};
}
