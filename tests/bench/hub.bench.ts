// How fast 5,000 models are listed and classified from a Hub 50 ms away, reading one config each beside it.
import { afterAll, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Hub } from '#lib/server/hub.ts';
import { asReady } from '#lib/server/pool.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { startFakeHub } from '../support/fake-hub.ts';
import { report } from './report.ts';

const count = 5000;
const quick = process.env.BENCH_QUICK === '1';
const repos = fakeModels(count).map((repo) => ({ ...repo, gated: false as const }));
const fake = await startFakeHub({ repos, latencyMs: 50, quotas: { api: 1e6, resolvers: 1e6 } });
const options = {
	token: null,
	offline: false,
	proxy: null,
	version: 'bench',
	clock: machineClock,
	random: Math.random,
};
const hub = new Hub({ ...options, endpoint: fake.url });
afterAll(async () => {
	await hub.close();
	await fake.close();
});

it('lists and classifies 5,000 models in a handful of requests', async () => {
	const asOf = new Date().toISOString();
	const list = async () => {
		const kinds = new Set<string>();
		let listed = 0;
		for await (const { rows } of hub.list({ most: count })) {
			for (const row of rows) kinds.add(recordFromListing(row, 'hub', asOf).classification);
			listed += rows.length;
		}
		expect(listed).toBe(count);
		expect(kinds).toContain('gen');
	};
	await list();
	fake.resetStats();
	const start = performance.now();
	await list();
	const ours = performance.now() - start;
	const requests = fake.stats.requests.length;

	// One config each, twelve at a time, as a plain client does it; its time grows with the number, so a part will do.
	const part = repos.filter(({ gguf }) => gguf === undefined).slice(0, quick ? 240 : 1200);
	const { signal } = new AbortController();
	const begin = performance.now();
	const readOne = async ({ id }: { id: string }) => (await fetch(`${fake.url}/${id}/resolve/main/config.json`)).text();
	for await (const text of asReady(part, { concurrency: 12, signal }, readOne)) expect(text).toContain('model_type');
	const each = ((performance.now() - begin) / part.length) * count;
	const ratio = each / ours;
	const ms = (figure: number) => `${Math.round(figure).toLocaleString('en')} ms`;
	report({
		id: 'hub-list',
		what: '5,000 models listed and classified, Hub 50 ms away',
		ours: `${ms(ours)}, ${requests} requests`,
		peer: `one config each: ${ms(each)}`,
		value: ratio,
		aim: '≥ 50 × and ≤ 10 requests',
		met: ratio >= 50 && requests <= 10,
	});
}, 120_000);
