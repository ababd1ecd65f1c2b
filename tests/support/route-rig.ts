// A router over a real ledger and a real registry, with scripted candidates and time that passes by itself.
import type { CallEvent } from '#lib/core/registry/call.ts';
import { modelsConfigSchema, type ModelsConfigInput } from '#lib/core/registry/config.ts';
import type { ProviderFacts, Surroundings } from '#lib/core/registry/plan.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { RouteFailure, type Routed, type RouteRequest } from '#lib/server/registry/route.ts';
import { Router } from '#lib/server/registry/router.ts';
import { SimulatedClock } from '#lib/server/registry/simulated-clock.ts';
import type { BudgetAlert } from '#lib/server/store/budgets.ts';
import { FakeCandidates, textOf, type Script } from './fake-candidates.ts';
import { seeded } from './seeded.ts';

const cloud: ProviderFacts = {
	type: 'cloud',
	isLocal: false,
	keyNames: ['CLOUD_KEY'],
	needsKey: true,
	cancelStopsBilling: true,
	baseUrl: 'https://cloud.example/v1',
	isFree: false,
	runsHere: false,
};

/** Types of providers that tests use: `cloud` stops the bill when it is cancelled, `stubborn` does not, `engine` is local. */
export const testAround: Surroundings = {
	provider: (type) =>
		({
			cloud,
			stubborn: { ...cloud, type, cancelStopsBilling: false },
			engine: { ...cloud, type, isLocal: true, isFree: true, keyNames: [], needsKey: false, cancelStopsBilling: null },
			'openai-compatible': { ...cloud, type, keyNames: [], needsKey: false, cancelStopsBilling: null, baseUrl: null },
		})[type] ?? null,
	model: () => null,
	hasVariable: (name) => name === 'CLOUD_KEY',
	keyProblem: ({ api_key_env: name = 'CLOUD_KEY' }) =>
		name === 'CLOUD_KEY' ? null : `The variable ${name} is not set.`,
};

const price = { input: 1, output: 2 };

/** Three priced candidates of three providers: `a/m`, `b/m` and `c/m` have different weights. */
export const threeProviders: ModelsConfigInput['providers'] = {
	a: { type: 'cloud', prices: { one: price } },
	b: { type: 'cloud', prices: { two: price } },
	c: { type: 'cloud', prices: { three: price } },
};

export const [A, B, C] = ['a/one', 'b/two', 'c/three'] as const;

export interface Rig {
	clock: SimulatedClock;
	database: Database;
	fake: FakeCandidates;
	registry: Registry;
	router: Router;
	ledger: Ledger;
	records: RequestRecord[];
	alerts: BudgetAlert[];
	bugs: unknown[];
	/** Runs a request to its end: what came, and its record or its failure. */
	ask(request: Partial<RouteRequest>, signal?: AbortSignal): Promise<Answer>;
	/** The same for several at once. */
	askAll(requests: Partial<RouteRequest>[]): Promise<Answer[]>;
}

export interface Answer {
	text: string;
	events: CallEvent[];
	routed: Routed | null;
	/** What `run` rejected with, or the reader of the events got. */
	failure: RouteFailure | null;
	record: RequestRecord;
}

interface RigOptions {
	config: Omit<ModelsConfigInput, 'version'>;
	scripts: Record<string, Script>;
	seed?: number;
	around?: Surroundings;
}

export function routeRequest(request: Partial<RouteRequest>): RouteRequest {
	return {
		spec: 'tier:t',
		operation: 'chat',
		body: { messages: [{ role: 'user', content: 'Hello there, how are you?' }], max_tokens: 100 },
		user: 'ann',
		key: null,
		wantsStream: true,
		options: {},
		...request,
	};
}

export function routeRig({ config, scripts, seed = 1, around = testAround }: RigOptions): Rig {
	const clock = new SimulatedClock(Date.UTC(2026, 10, 21, 12));
	const database = openInMemory();
	migrate(database);
	const alerts: BudgetAlert[] = [];
	const records: RequestRecord[] = [];
	const bugs: unknown[] = [];
	const ledger = new Ledger({ database, clock, onAlert: (alert) => void alerts.push(alert) });
	const registry = new Registry({ file: null, around, clock });
	registry.use(modelsConfigSchema.parse({ version: 1, providers: threeProviders, ...config }));
	const fake = new FakeCandidates(clock, scripts);
	const router = new Router({
		registry,
		provider: fake.provider,
		store: { ledger, keep: (record) => void records.push(record) },
		clock,
		random: seeded(seed),
		onBug: (error) => void bugs.push(error),
	});
	const one = async (request: Partial<RouteRequest>, signal = new AbortController().signal): Promise<Answer> => {
		const events: CallEvent[] = [];
		let routed: Routed | null = null;
		let failure: RouteFailure | null = null;
		try {
			routed = await router.run(routeRequest(request), signal);
			for await (const event of routed.events) events.push(event);
		} catch (error) {
			if (!(error instanceof RouteFailure)) throw error;
			failure = error;
		}
		const id = routed?.id ?? failure?.id;
		const record = records.find((kept) => kept.id === id);
		if (record === undefined) throw failure ?? new Error('There is no record.');
		return { text: textOf(events), events, routed, failure, record };
	};
	return {
		clock,
		database,
		fake,
		registry,
		router,
		ledger,
		records,
		alerts,
		bugs,
		ask: (request, signal) => clock.during(one(request, signal)),
		askAll: (requests) => clock.during(Promise.all(requests.map((request) => one(request)))),
	};
}
