// What a route would do: the real strategies on simulated time, with scripted candidates and budgets of their own.
import { z } from 'zod';
import type { SimulationReport } from '#lib/core/registry/view.ts';
import type { ModelsConfig } from '#lib/core/registry/config.ts';
import type { Surroundings } from '#lib/core/registry/plan.ts';
import { dollars, type RequestRecord } from '#lib/core/registry/record.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { quantile } from '#lib/server/registry/habits.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { RouteFailure, type RouteRequest } from '#lib/server/registry/route.ts';
import { Router } from '#lib/server/registry/router.ts';
import { recordedProviders, repeatable, scriptedProviders, scriptSchema } from '#lib/server/registry/scripted.ts';
import { SimulatedClock } from '#lib/server/registry/simulated-clock.ts';

/** What is simulated. `candidates` is by `provider/model`; those left out answer as usual (400 ms, 60 tokens per second). */
export const simulationSchema = z.strictObject({
	spec: z.string().max(300).default('default'),
	requests: z.number().int().min(1).max(1000).default(100),
	/** Milliseconds from one request to the next. */
	interval_ms: z.number().min(0).max(3_600_000).default(1000),
	seed: z.number().int().min(0).max(4_294_967_295).default(1),
	candidates: z.record(z.string().max(300), scriptSchema).default({}),
	input_tokens: z.number().int().min(0).max(2_000_000).default(500),
	max_tokens: z.number().int().min(1).max(1_000_000).optional(),
	max_cost: z.number().min(0).optional(),
	stream: z.boolean().default(true),
	user: z.string().min(1).max(200).optional(),
	/** Text of another registry file than the one in force. */
	config: z.string().max(300_000).optional(),
	/** Id of a recorded request whose tries are gone through again; nothing else counts then but `config`. */
	replay: z.string().max(40).optional(),
});

export type Simulation = z.infer<typeof simulationSchema>;

const traced = 10;

interface World {
	config: ModelsConfig;
	around: Surroundings;
}

function attemptsOf(records: readonly RequestRecord[]): SimulationReport['attempts'] {
	const rows = new Map<string, SimulationReport['attempts'][number]>();
	for (const { candidate, outcome } of records.flatMap(({ attempts }) => attempts)) {
		const row = rows.get(candidate) ?? { candidate, sent: 0, won: 0, lost: 0, failed: 0, skipped: 0 };
		rows.set(candidate, row);
		if (outcome === 'skipped') row.skipped += 1;
		else row.sent += 1;
		if (outcome === 'won' || outcome === 'lost' || outcome === 'failed') row[outcome] += 1;
	}
	return [...rows.values()].sort((a, b) => b.sent - a.sent);
}

function counted(values: (string | null)[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const value of values) if (value !== null) counts[value] = (counts[value] ?? 0) + 1;
	return counts;
}

function reportOf(spec: string, records: RequestRecord[]): Omit<SimulationReport, 'budget_alerts' | 'simulated_ms'> {
	const good = records.filter(({ outcome }) => outcome === 'ok');
	const times = good.map(({ ms }) => ms).filter((ms) => ms !== null);
	const firsts = good.map((record) => record.first_content_ms).filter((ms) => ms !== null);
	const total = records.map(({ cost }) => cost.total).filter((cost) => cost !== null);
	const sum = total.reduce((all, cost) => all + cost, 0);
	const useful = good.reduce((all, { cost }) => all + (cost.total === null ? 0 : (cost.winner ?? 0)), 0);
	return {
		spec,
		strategy: records[0]?.strategy ?? null,
		requests: records.length,
		succeeded: good.length,
		failed: records.length - good.length,
		broken_off: records.filter(({ outcome, served }) => outcome !== 'ok' && served !== null).length,
		served: counted(good.map(({ served }) => served)),
		p50_ms: quantile(times, 0.5),
		p95_ms: quantile(times, 0.95),
		p99_ms: quantile(times, 0.99),
		first_content_p50_ms: quantile(firsts, 0.5),
		first_content_p95_ms: quantile(firsts, 0.95),
		cost_usd: dollars(sum),
		wasted_usd: dollars(sum - useful),
		unpriced: records.length - total.length,
		attempts: attemptsOf(records),
		codes: counted(records.map(({ code }) => code)),
		trace: records.slice(0, traced),
	};
}

/** Keys do not matter here: nothing is sent. */
function withoutKeys(around: Surroundings): Surroundings {
	return { ...around, hasVariable: () => true, keyProblem: () => null };
}

/** A request of so many tokens. */
function requestOf(simulation: Simulation): RouteRequest {
	const { spec, input_tokens, max_tokens, max_cost, stream, user = null } = simulation;
	const content = 'word'.repeat(input_tokens);
	return {
		spec,
		operation: 'chat',
		body: { messages: [{ role: 'user', content }], ...(max_tokens === undefined ? {} : { max_tokens }) },
		user,
		key: null,
		wantsStream: stream,
		options: max_cost === undefined ? {} : { maxCost: max_cost },
		mayActAs: true,
	};
}

async function one(router: Router, request: RouteRequest, signal: AbortSignal): Promise<void> {
	try {
		const routed = await router.run(request, signal);
		for await (const _ of routed.events); // read to its end
	} catch (error) {
		if (!(error instanceof RouteFailure)) throw error;
	}
}

/**
 * Runs a simulation. `record` is gone through again in place of scripts. Nothing outside is touched: no provider, no
 * budget, no record. Throws a `Failure` for a spec that leads nowhere, the signal's reason when it is aborted.
 */
export async function simulate(
	simulation: Simulation,
	{ config, around }: World,
	{ record = null, startedAt, signal }: { record?: RequestRecord | null; startedAt: Date; signal: AbortSignal },
): Promise<SimulationReport> {
	const clock = new SimulatedClock(startedAt.getTime());
	const random = repeatable(simulation.seed);
	const database = openInMemory();
	try {
		migrate(database);
		const alerts: SimulationReport['budget_alerts'] = [];
		const ledger = new Ledger({ database, clock, onAlert: ({ scope, share }) => void alerts.push({ scope, share }) });
		const registry = new Registry({ file: null, around: withoutKeys(around), clock });
		registry.use({ ...config, performanceTracking: true }); // simulated times are the point of it
		const records: RequestRecord[] = [];
		const provider =
			record === null ? scriptedProviders(simulation.candidates, { clock, random }) : recordedProviders(record, clock);
		const store = { ledger, keep: (kept: RequestRecord) => void records.push(kept) };
		const router = new Router({ registry, provider, store, clock, random });
		const request = record === null ? requestOf(simulation) : replayRequest(record);
		registry.plan(request.spec, { user: request.user, mayActAs: true });
		const count = record === null ? simulation.requests : 1;
		const all = Array.from({ length: count }, async (_, at) => {
			if (at > 0) await new Promise<void>((resolve) => clock.after(at * simulation.interval_ms, resolve));
			if (!signal.aborted) await one(router, request, signal);
		});
		await clock.during(Promise.all(all));
		signal.throwIfAborted();
		return { ...reportOf(request.spec, records), budget_alerts: alerts, simulated_ms: clock.ticks() };
	} finally {
		database.close();
	}
}

function replayRequest({ spec, user, streamed, attempts }: RequestRecord): RouteRequest {
	const input = Math.max(0, ...attempts.map(({ usage }) => usage?.input_uncached ?? 0));
	const body = { messages: [{ role: 'user', content: 'word'.repeat(Math.min(input, 2_000_000)) }] };
	return {
		spec,
		operation: 'chat',
		body,
		user,
		key: null,
		wantsStream: streamed,
		options: {},
		mayActAs: true,
	};
}
