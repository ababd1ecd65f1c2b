// The parts of the app, each made of what was made before it.
import type { ModelsConfig } from '#lib/core/registry/config.ts';
import { ownProfile } from '#lib/core/registry/runtime-config.ts';
import { profilesWith } from '#lib/core/runtime-profiles.ts';
import type { Flags } from '#lib/server/flags.ts';
import { Gateway } from '#lib/server/gateway.ts';
import { ProviderSet } from '#lib/server/providers/provider-set.ts';
import { offersOf } from '#lib/server/registry/offers.ts';
import { makeRouting, type Routing } from '#lib/server/registry/routing.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Calibrations } from '#lib/server/calibrations.ts';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { Cards } from '#lib/server/cards.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { type Clock } from '#lib/server/clock.ts';
import { Failure, toFailure } from '#lib/core/failure.ts';
import type { Settings } from '#lib/server/config.ts';
import { Compatibility } from '#lib/server/compatibility.ts';
import { CompatibleModelsFinder } from '#lib/server/compatible-models.ts';
import { Classifier } from '#lib/server/classifier.ts';
import { Configs } from '#lib/server/configs.ts';
import { type Database } from '#lib/server/database.ts';
import { Details } from '#lib/server/details.ts';
import { Discovery } from '#lib/server/discovery.ts';
import { Engines } from '#lib/server/engine/engines.ts';
import { availableMemory } from '#lib/server/engine/machine-memory.ts';
import { OtherEngines } from '#lib/server/engine/other-engines.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { runtimesAt } from '#lib/server/engine/runtime-library.ts';
import { isWorking, type Download, type DownloadRecord } from '#lib/core/download.ts';
import type { Pins } from '#lib/server/pins.ts';
import { Downloads } from '#lib/server/downloads.ts';
import { thisProcess } from '#lib/server/downloads/this-process.ts';
import { usualQuestion } from '#lib/core/fit-question.ts';
import { FileLists } from '#lib/server/file-lists.ts';
import { Fits } from '#lib/server/fits.ts';
import { Hardware, type Machine } from '#lib/server/hardware.ts';
import { Headers } from '#lib/server/headers.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { spaceAt } from '#lib/server/inventory/disk.ts';
import { makeLocal, makeShelf } from '#lib/server/local-parts.ts';
import type { Log } from '#lib/server/log.ts';
import { CatalogRefresh } from '#lib/server/refresh.ts';
import { packageFolder } from '#lib/server/package-folder.ts';
import { type RunTool } from '#lib/server/tools.ts';
import { type Snapshot } from '#lib/server/snapshot.ts';
import { Telemetry } from '#lib/server/telemetry.ts';

/** What all parts stand on. */
export interface Ground {
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

/** What reads models. `shelf` holds every copy on this machine, from all folders that are searched. */
export type Readers = ReturnType<typeof makeReaders>;
/** What runs models: those that are loaded, engines that others run here, and who sorts texts with them. */
export type Using = ReturnType<typeof makeEngines>;

function isBeingFetched(downloads: readonly Download[], id: string): boolean {
	return downloads.some(({ model_id, state }) => model_id === id && isWorking(state));
}

/** Fixes what a short name stands for at its first download. A file that is not the one known to be good is told. */
function pinned(pins: Pins, { model_id: id, revision, files }: DownloadRecord, onBug: (error: unknown) => void): void {
	const hashed = files.map(({ path, total, digest }) => ({
		path,
		size: total,
		sha256: digest.length === 64 ? digest : null,
		lfs: digest.length === 64,
	}));
	try {
		pins.record({ id, revision, files: hashed });
	} catch (error) {
		onBug(error);
	}
}

/** Everything that reads models: this machine's cache, the Hub, and what is made of both. */
export function makeReaders(ground: Ground) {
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
	const readers = { hub, headers, inventory, configs };
	const parts = makeLocal({
		...here,
		...readers,
		shelf,
		catalog,
		isWatched: background,
		onBug,
		isBusy: (id) => isBeingFetched(downloads.list(), id),
	});
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
	const downloads: Downloads = new Downloads({
		...{ hub, database, clock, random, newId, onBug, root: hubCache, self: thisProcess(newId()) },
		freeBytes: async (path) => (await spaceAt(path)).free_bytes,
		fit: async (id, quant, signal) => (await fits.read(id, { ...usualQuestion, quant, signal })).fit,
		onReady: async (record) => {
			pinned(parts.pins, record, onBug);
			// Whoever hears that it is ready finds it in the lists.
			if (background) await parts.localModels.look().catch(onBug);
		},
	});
	return {
		hub,
		inventory,
		shelf,
		...parts,
		headers,
		configs,
		refresh,
		renderer,
		details,
		telemetry,
		discovery,
		compatibility,
		compatibleModels,
		hardware,
		fits,
		downloads,
	};
}

/** What runs models and sorts texts with them. Nothing is looked for or loaded before somebody asks. */
export function makeEngines(
	{ settings, database, clock, machine, background }: Ground,
	{ inventory, telemetry }: Pick<Readers, 'inventory' | 'telemetry'>,
) {
	const stores = [join(settings.home, 'models')];
	const places = new ModelPlaces({ cache: settings.hubCache, inventory, stores });
	const { memoryBytes, limitBytes } = machine();
	const engines = new Engines({
		places,
		others: new OtherEngines({ fetch: globalThis.fetch }),
		clock,
		library: runtimesAt(settings.home),
		folder: packageFolder(),
		threads: Math.max(1, cpus().length - 1),
		availableBytes: availableMemory,
		capBytes: Math.min(memoryBytes, limitBytes ?? memoryBytes) / 2,
		mostModels: settings.maxModels,
		keepsSpare: background,
		onLoadFailure: (name, code) => telemetry.loaderFailure(name, code),
	});
	const classifier = new Classifier({ engines, database, clock });
	return { engines, classifier, calibrations: new Calibrations({ engines, classifier, database, clock }), clock };
}

/** What routes requests, with the providers of the registry file in force. */
export function makeRoutes(
	ground: Ground,
	{ env, flags, engines }: { env: Readonly<Record<string, string | undefined>>; flags: Flags; engines: Engines },
) {
	const { settings, version, database, catalog, log, clock, random, background, onBug } = ground;
	const providers = new ProviderSet({ env, clock, proxy: settings.proxy, version, engines });
	const routing = makeRouting({
		file: settings.registryFile,
		home: settings.home,
		around: surroundings(env),
		provider: (name) => providers.find(name),
		database,
		flags,
		clock,
		random,
		log,
		onBug,
	});
	const take = (config: ModelsConfig) => {
		const described = Object.entries(config.runtimes).map(([id, runtime]) => ownProfile(id, runtime));
		catalog.takeRuntimes(profilesWith(described));
		for (const [name, message] of providers.take(config.providers)) log.error('provider_not_made', { name, message });
	};
	routing.registry.watch(take);
	take(routing.registry.config);
	if (background) routing.start();
	return { routing, closeProviders: () => providers.close() };
}

/** The OpenAI-compatible gateway in front of them. */
export function makeGateway({ clock, onBug }: Ground, { registry, router, userFiles }: Routing, closing: AbortSignal) {
	const ownFile = (user: string) => {
		try {
			return userFiles.read(user);
		} catch (error) {
			if (error instanceof Failure) return null; // a broken file is told to whoever asks for what is in it
			throw error;
		}
	};
	const offers = (user: string | null) =>
		offersOf(registry.config, { user, own: user === null ? null : ownFile(user) });
	return new Gateway({ routes: router, offers, clock, closing, onBug });
}
