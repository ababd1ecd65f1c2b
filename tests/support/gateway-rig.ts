// The gateway on a real port in front of fake providers: registry, router, ledger, keys and HTTP, without the pages.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { getRequest, setResponse } from '@sveltejs/kit/node';
import { Failure } from '#lib/core/failure.ts';
import type { Operation } from '#lib/core/registry/call.ts';
import { modelsConfigSchema, type ModelsConfigInput } from '#lib/core/registry/config.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import { machineClock } from '#lib/server/clock.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { gatewayDoor } from '#lib/server/gateway-door.ts';
import { gatewayFailure } from '#lib/server/gateway-wire.ts';
import { Gateway } from '#lib/server/gateway.ts';
import { Log } from '#lib/server/log.ts';
import { Metrics } from '#lib/server/metrics.ts';
import { migrate } from '#lib/server/migrations.ts';
import type { LocalModels } from '#lib/server/providers/local-provider.ts';
import { ProviderSet } from '#lib/server/providers/provider-set.ts';
import { Callers } from '#lib/server/registry/callers.ts';
import { Keys } from '#lib/server/registry/keys.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { offersOf } from '#lib/server/registry/offers.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { Router } from '#lib/server/registry/router.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { Sessions } from '#lib/server/session.ts';

export interface GatewayRig {
	/** Address with `/v1`. */
	url: string;
	keys: Keys;
	router: Router;
	database: Database;
	/** Records of requests that have ended, in order of their end. */
	records: RequestRecord[];
	bugs: unknown[];
	/** What the log was told. */
	lines: string[];
	metrics: Metrics;
	close(): Promise<void>;
}

const operations: Record<string, Operation> = {
	'/v1/chat/completions': 'chat',
	'/v1/completions': 'completions',
	'/v1/embeddings': 'embeddings',
};

export interface RigOptions {
	config: Omit<ModelsConfigInput, 'version'>;
	env?: Record<string, string>;
	/** The server's own key. */
	houseKey?: string;
	/** Leaves everything to the framework's way, as the development server does. Default: false. */
	withoutDoor?: boolean;
	/** Models of this machine. */
	engines?: LocalModels;
}

/** Starts a gateway with this registry file. */
export async function startGateway(options: RigOptions): Promise<GatewayRig> {
	const { config, env = {}, houseKey, engines, withoutDoor } = options;
	// The date stands still: no window of a limit ends in the middle of a test.
	const noon = new Date(Date.UTC(2026, 10, 21, 12));
	const clock = { ...machineClock, date: () => noon };
	const database = openInMemory();
	migrate(database);
	const records: RequestRecord[] = [];
	const bugs: unknown[] = [];
	const closing = new AbortController();
	const onBug = (error: unknown) => void bugs.push(error);
	const registry = new Registry({ file: null, around: surroundings(env), clock });
	registry.use(modelsConfigSchema.parse({ version: 1, ...config }));
	const providers = new ProviderSet({
		env,
		clock,
		proxy: null,
		version: '0.0.0',
		...(engines === undefined ? {} : { engines }),
	});
	const faults = providers.take(registry.config.providers);
	if (faults.size > 0) throw new Error([...faults.values()].join(' '));
	const pockets = { owner: 'pocket:rig', writeAfterMs: 20, onError: onBug };
	const ledger = new Ledger({ database, clock, onAlert: () => {}, pockets });
	const router = new Router({
		registry,
		provider: (name) => providers.find(name),
		store: { ledger, keep: (record) => void records.push(record) },
		clock,
		random: Math.random,
		onBug,
	});
	const keys = new Keys({ database, date: () => new Date(), random: randomBytes });
	const sessions = new Sessions({ key: houseKey ?? null, now: Date.now, random: randomBytes });
	const callers = new Callers({ keys, sessions, userId: 'user-1' });
	const gateway = new Gateway({
		routes: router,
		offers: (user) => offersOf(registry.config, { user, own: null }),
		clock,
		closing: closing.signal,
		onBug,
	});
	const answer = async (request: Request, socket: Socket): Promise<Response> => {
		const path = decodeURIComponent(new URL(request.url).pathname);
		const header = (name: string) => request.headers.get(name);
		try {
			const caller = callers.admit({
				authorization: header('authorization'),
				apiKey: header('x-api-key'),
				cookie: null,
				address: '127.0.0.1',
				claimedUser: header('x-modeldex-user'),
				path,
			});
			const operation = operations[path];
			if (operation !== undefined) return await gateway.answer(operation, request, { caller, socket });
			if (path === '/v1/models') return gateway.models(caller);
			if (path.startsWith('/v1/models/')) return gateway.model(path.slice('/v1/models/'.length), caller);
			throw new Failure('not_found', 'Nothing is here.');
		} catch (error) {
			return gatewayFailure(error);
		}
	};
	const metrics = new Metrics({ look: () => [] });
	const lines: string[] = [];
	const log = new Log({ write: (line) => void lines.push(line), now: Date.now, id: () => 'one', secrets: [] });
	const door = gatewayDoor({ gateway, callers, metrics, log });
	const server = createServer(async (request, response) => {
		response.once('finish', () => request.resume()); // a body nobody read would hold up its connection
		if (withoutDoor !== true && door(request, response)) return;
		const base = `http://${request.headers.host}`;
		await setResponse(
			response,
			await answer(await getRequest({ request, base, bodySizeLimit: 64 * 1024 * 1024 }), request.socket),
		);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	return {
		url: `http://127.0.0.1:${port}/v1`,
		keys,
		router,
		database,
		records,
		bugs,
		lines,
		metrics,
		close: async () => {
			closing.abort();
			metrics.close();
			server.closeAllConnections();
			await new Promise<void>((resolve) => server.close(() => resolve()));
			await providers.close();
		},
	};
}
