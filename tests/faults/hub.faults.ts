// A bad Hub: three in ten answers fail, files break off at any byte. Everything is read, or it is said what is not.
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { discoveryRig, silentModels } from '../support/discovery-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { hubRig, idle } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const models = Number(process.env.FAULT_MODELS ?? 400);
const seeds = Array.from({ length: Number(process.env.FAULT_SEEDS ?? 3) }, (_, at) => at + 1);

describe('[F01] a Hub that fails three times in ten', () => {
	it.each(seeds)(`gives ${models} configs in the end, in virtual time (seed %i)`, async (seed) => {
		const clock = new VirtualClock();
		const quotas = { api: 1e6, resolvers: 1e6 };
		const repos = silentModels(models);
		const { fake, hub } = await hubRig({ repos, clock, now: clock.now, quotas, seed, direct: true });
		const chance = 0.0689; // five faults one after another: three in ten requests are hit
		fake.fault({ match: '/resolve/', chance, fault: { kind: 'limited' } });
		for (const status of [500, 502, 503, 504])
			fake.fault({ match: '/resolve/', chance, fault: { kind: 'status', status } });
		const rig = discoveryRig({ hub, clock });
		const { done } = await clock.during(rig.run({ maxCandidates: models }), idle(fake));
		const reads = fake.stats.requests.filter(({ path }) => path.includes('/resolve/'));
		const good = reads.filter(({ status }) => status === 200);
		const figures = { models, requests: reads.length, per_config: reads.length / models };
		process.stdout.write(`${JSON.stringify({ id: 'F01', seed, ...figures })}\n`);
		expect(done.models.filter(({ fetchStatus }) => fetchStatus !== 'ok')).toEqual([]);
		expect(good).toHaveLength(models);
		expect(new Set(good.map(({ path }) => path)).size).toBe(models);
		// 1 / (1 − 0.3), and as much more as chance may add.
		expect(reads.length / models).toBeLessThan(1.45 + 2.5 / Math.sqrt(models));
	});
});

describe('[F06] a file that breaks off at any byte', () => {
	const text = JSON.stringify({ model_type: 'llama', words: 'x'.repeat(40_000) });
	const repo = fakeRepo({ id: 'org/m', files: { 'config.json': text } });

	it('is the right one or a failure', async () => {
		const deadlines = { connectMs: 2000, headersMs: 2000, idleMs: 2000, totalMs: 9000, pageMs: 9000 };
		const { fake, another } = await hubRig({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 }, deadlines });
		let right = 0;
		let failed = 0;
		for (let after = 0; after <= text.length; after += 1000) {
			for (const fault of [
				{ kind: 'reset', after },
				{ kind: 'cut', after },
				{ kind: 'short', missing: Math.min(after, text.length - 1) },
			] as const) {
				fake.fault({ match: /resolve-cache|xet-bridge/, fault, times: after % 2000 === 0 ? 1 : 20 });
				const file = await another()
					.file('org/m', 'config.json')
					.catch((error: unknown) => error);
				fake.clearFaults();
				if (file instanceof Failure) failed += 1;
				else {
					expect(file).toMatchObject({ text });
					right += 1;
				}
			}
		}
		process.stdout.write(`${JSON.stringify({ id: 'F06', tries: right + failed, right, failed, wrong: 0 })}\n`);
		expect(right).toBeGreaterThan(failed / 2);
	});
});
