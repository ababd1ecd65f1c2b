// `performanceTracking: false`: what things cost is written down, how long they took is not, and nothing shows a zero for it.
import { describe, expect, it } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import { createModels } from '#lib/server/library/registry.ts';
import { RouteFigures } from '#lib/server/registry/figures.ts';
import { saveRequest } from '#lib/server/store/requests.ts';
import type { Step } from '../../support/fake-candidates.ts';
import { A, B, C, routeRig, type Rig } from '../../support/route-rig.ts';

const says: Step[] = [{ wait: 50 }, { say: 'yes' }, { tokens: { input_uncached: 10, output_text: 5 } }];

function rigWith(performanceTracking: boolean): Rig {
	const t = { strategy: 'consensus' as const, providers: [A, B, C] };
	return routeRig({ config: { performanceTracking, tiers: { t } }, scripts: { [A]: says, [B]: says, [C]: says } });
}

/** Every time in a record, wherever it stands. */
function timesIn(value: unknown): unknown[] {
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
		name === 'ms' || name.endsWith('_ms') ? [inner] : timesIn(inner),
	);
}

describe('without performance tracking', () => {
	it('a record has its cost and tokens and not one time', async () => {
		const { record } = await rigWith(false).ask({});
		expect(timesIn(record).filter((time) => time !== null)).toEqual([]);
		expect(timesIn(record).length).toBeGreaterThan(15);
		expect(record.cost.total).toBe(40_000);
		expect(record.usage).toMatchObject({ input_uncached: 10, output_text: 5 });
		expect(timesIn((await rigWith(true).ask({})).record)).toContain(50);
	});

	it('figures count and add up, and know no pace', async () => {
		const { ask, database } = rigWith(false);
		saveRequest(database, (await ask({})).record);
		const clock = { ...machineClock, date: () => new Date(Date.UTC(2026, 10, 21, 13)) };
		const { total, models } = new RouteFigures({ database, clock, flush: () => {} }).report(24);
		expect(total).toMatchObject({ requests: 1, successes: 1, cost_usd: 0.00004, p50_ms: null, average_ms: null });
		expect(models).toHaveLength(3);
		for (const model of models) expect(model).toMatchObject({ p95_ms: null, output_tokens_per_second_p50: null });
	});

	it('simulations still tell how long things would take', async () => {
		const { registry, clock } = rigWith(false);
		const { simulate, simulationSchema } = await import('#lib/server/registry/simulator.ts');
		const world = { config: registry.config, around: registry.around };
		const facts = { startedAt: clock.date(), signal: new AbortController().signal };
		const report = await simulate(simulationSchema.parse({ spec: 'tier:t', requests: 3 }), world, facts);
		expect(report.p50_ms).toBeGreaterThan(300);
	});

	it('the library tells the caller how long it took, and keeps nothing of it', async () => {
		const models = createModels({
			callers: {
				own: {
					name: 'own',
					async *call() {
						yield { type: 'reply', reply: { choices: [{ message: { content: 'hi' } }] } };
					},
				},
			},
			trackPerformance: false,
		});
		const result = await models.model('own/x').generate({ messages: [] });
		expect(result.latencyMs).toBeGreaterThanOrEqual(0);
		expect(models.usage().total).toMatchObject({ requests: 1, p50_ms: null });
		models.configure({});
		await models.model('own/x').generate({ messages: [] });
		expect(models.usage().total).toMatchObject({ requests: 2, p50_ms: null });
		await models.close();
	});
});
