// Everything that routes requests, made and ended together: registry, user files, router, money, records, figures.
import { join } from 'node:path';
import type { CallProvider } from '#lib/core/registry/call.ts';
import type { Surroundings } from '#lib/core/registry/plan.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { Flags } from '#lib/server/flags.ts';
import type { Log } from '#lib/server/log.ts';
import { RouteFigures } from '#lib/server/registry/figures.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { ownRegistryFile, RegistryFile } from '#lib/server/registry/registry-file.ts';
import { configFailure, Registry } from '#lib/server/registry/registry.ts';
import { RequestBook } from '#lib/server/registry/request-book.ts';
import { planned, RegistryRollout } from '#lib/server/registry/rollout.ts';
import { Router } from '#lib/server/registry/router.ts';
import type { SimulationReport } from '#lib/core/registry/view.ts';
import { simulate, type Simulation } from '#lib/server/registry/simulator.ts';
import { ulid } from '#lib/server/registry/ulid.ts';
import { UserFiles } from '#lib/server/registry/user-files.ts';
import { faultLine } from '#lib/server/registry/yaml.ts';
import { dollars } from '#lib/core/registry/record.ts';

interface RoutingOptions {
	/** The registry file; null: the one in the data directory, which need not be there. */
	file: string | null;
	/** Data directory; users' files are in `users` below it. */
	home: string;
	around: Surroundings;
	provider: (name: string) => CallProvider | null;
	database: Database;
	flags: Flags;
	clock: Clock;
	random: () => number;
	log: Log;
	onBug: (error: unknown) => void;
}

/** What routes requests in this process. */
export interface Routing {
	registry: Registry;
	registryFile: RegistryFile;
	userFiles: UserFiles;
	router: Router;
	ledger: Ledger;
	book: RequestBook;
	figures: RouteFigures;
	rollout: RegistryRollout;
	/** Runs a simulation of the file in force, or of the text in it. Throws `invalid_config`, `not_found` for a replay. */
	simulate(simulation: Simulation, signal: AbortSignal): Promise<SimulationReport>;
	/** Watches the file from now on. */
	start(): void;
	close(): void;
}

/** Makes it and reads the file. A broken file is told in the log and in the registry's state; it never throws. */
export function makeRouting(options: RoutingOptions): Routing {
	const { file, home, around, provider, database, flags, clock, random, log, onBug } = options;
	const userFiles = new UserFiles({ folder: join(home, 'users'), clock });
	const registry = new Registry({ file: file ?? ownRegistryFile(home), around, clock, readUser: userFiles.read });
	const ledger = new Ledger({
		database,
		clock,
		onAlert: ({ scope, window, share, limit, unit }) =>
			log.error('budget_share_passed', {
				scope,
				window,
				share,
				limit: unit === 'nano_usd' ? `$${dollars(limit)}` : `${limit} requests`,
			}),
		pockets: { owner: `pocket:${ulid(clock.date().getTime(), random)}`, writeAfterMs: 100, onError: onBug },
	});
	const book = new RequestBook({ database, clock, onError: onBug });
	const store = { ledger, keep: book.keep.bind(book) };
	const rollout = new RegistryRollout({ registry, flags });
	const planner = { plan: planned(registry, rollout), providerLimits: (name: string) => registry.providerLimits(name) };
	const router = new Router({ registry: planner, provider, store, clock, random, onBug });
	let isWatched = false; // a short command has nothing to tell about its own start
	const registryFile = new RegistryFile({
		registry,
		database,
		clock,
		mayBeMissing: file === null,
		onRead: ({ config, faults, digest }) => {
			if (config !== null) return isWatched ? log.info('registry_taken', { digest }) : undefined;
			log.error('registry_refused', { faults: faults.slice(0, 5).map(faultLine).join('; ') });
		},
	});
	registryFile.load();
	const figures = new RouteFigures({
		database,
		clock,
		flush: () => {
			book.flush();
			ledger.flush();
		},
	});
	return {
		registry,
		registryFile,
		userFiles,
		router,
		ledger,
		book,
		figures,
		rollout,
		simulate: (simulation, signal) => {
			const { config } = simulation;
			const reading = config === undefined ? null : registry.read(config);
			if (reading !== null && reading.config === null) throw configFailure(reading.faults);
			const record = simulation.replay === undefined ? null : book.read(simulation.replay);
			const world = { config: reading?.config ?? registry.config, around };
			return simulate(simulation, world, { record, startedAt: clock.date(), signal });
		},
		start: () => {
			isWatched = true;
			registryFile.start();
		},
		close: () => {
			registryFile.close();
			book.close();
			ledger.flush();
		},
	};
}
