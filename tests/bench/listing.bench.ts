// Reading the Hub with 50 ms latency: 5,000 models listed and classified from list pages, beside one config each.
import { afterAll, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { CatalogRefresh } from '#lib/server/refresh.ts';
import { machineClock } from '#lib/server/clock.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { hubRig } from '../support/hub-rig.ts';
import { report } from './report.ts';

const models = 5000;
/** One config each for this many models, scaled up: the plain plan's time is proportional. */
const sampled = process.env.BENCH_QUICK ? 250 : 1000;
const repos = fakeModels(models + 200);
const { fake } = await hubRig({ repos, latencyMs: 50, quotas: { api: 100_000, resolvers: 100_000 } });
const { hub } = await hubRig({ repos: [], endpoint: fake.url });
const database = openInMemory();
migrate(database);
afterAll(() => database.close());

/** The plain plan: twelve workers, one config.json each, redirects followed. Answers seconds for all models. */
async function plainPlan(): Promise<number> {
	const queue = repos.slice(0, sampled).map(({ id }) => id);
	const start = performance.now();
	const worker = async () => {
		for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
			const answer = await fetch(`${fake.url}/${id}/resolve/main/config.json`);
			await answer.text();
		}
	};
	await Promise.all(Array.from({ length: 12 }, worker));
	return ((performance.now() - start) / 1000) * (models / sampled);
}

it('lists and classifies 5,000 models', async () => {
	const plain = await plainPlan();
	fake.resetStats();
	const records: string[] = [];
	const start = performance.now();
	for await (const { rows } of hub.list({ sort: 'downloads', most: models })) {
		for (const row of rows) records.push(recordFromListing(row, 'hub', '2026-11-21').classification);
	}
	const ours = (performance.now() - start) / 1000;
	const requests = fake.stats.requests.length;
	const known = records.filter((kind) => kind !== 'unknown').length;
	expect(records.length).toBe(models);
	report({
		id: 'listing-requests',
		what: `requests for ${models} models with classes (${known} classified)`,
		ours: String(requests),
		peer: `${models} (one config each)`,
		value: requests,
		aim: '≤ 10',
		met: requests <= 10,
	});
	report({
		id: 'listing-time',
		what: `${models} models listed and classified, 50 ms latency`,
		ours: `${ours.toFixed(2)} s`,
		peer: `${plain.toFixed(1)} s (12 workers, ${sampled} configs scaled)`,
		value: plain / ours,
		aim: '≥ 50 ×',
		met: plain / ours >= 50,
	});
});

it('keeps answering while the catalog refreshes itself', async () => {
	const catalog = new Catalog(database);
	const refresh = new CatalogRefresh({
		hub,
		catalog,
		database,
		clock: machineClock,
		onBug: (error) => expect.fail(String(error)),
	});
	let longest = 0;
	let last = performance.now();
	const beat = setInterval(() => {
		longest = Math.max(longest, performance.now() - last);
		last = performance.now();
	}, 1);
	await refresh.run();
	clearInterval(beat);
	expect(refresh.progress.done).toBe(models);
	report({
		id: 'refresh-pause',
		what: 'longest pause of the process while 5,000 rows are taken in',
		ours: `${longest.toFixed(0)} ms`,
		peer: '',
		value: longest,
		aim: '≤ 100 ms',
		met: longest <= 100,
	});
});
