// Discovery against its aims: a list with classes at the cost of its pages, and configs under a limit and under faults.
import { afterAll, it } from 'vitest';
import { discoveryRig } from '../support/discovery-rig.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { hubRig } from '../support/hub-rig.ts';
import { median, report } from './report.ts';

const models = 5000;
const latencyMs = 50;
const plenty = { api: 1e6, resolvers: 1e6 };

it('lists 5,000 models with classes', async () => {
	const { fake, another } = await hubRig({ repos: fakeModels(models + 200), latencyMs, quotas: plenty });
	const walls: number[] = [];
	let requests = 0;
	for (let round = 0; round < 5; round += 1) {
		const rig = discoveryRig({ hub: another() });
		fake.resetStats();
		const start = performance.now();
		const { done } = await rig.run({ maxCandidates: 0 });
		walls.push(performance.now() - start);
		requests = fake.stats.requests.length;
		if (done.models.length !== models) throw new Error(`${done.models.length} models`);
		await rig.discovery.close();
	}
	const pages = models / 1000;
	const aim = 1.3 * pages * latencyMs + 300;
	process.stdout.write(JSON.stringify(walls) + requests);
	report({
		id: 'discovery-list',
		what: `discovery of ${models} models with classes, ${latencyMs} ms latency`,
		ours: `${median(walls).toFixed(0)} ms, ${requests} requests`,
		peer: `${pages * latencyMs} ms (pages × latency)`,
		value: median(walls),
		aim: `≤ ${aim} ms`,
		met: median(walls) <= aim && requests <= 10,
	});
});
