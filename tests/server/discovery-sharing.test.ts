// Runs that several watch, and every way to leave one: what the others see, what the Hub sees, what is left behind.
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyDiscovery, newDiscovery, type DiscoveryMessage } from '#lib/core/discovery.ts';
import { Outbox } from '#lib/server/discovery-outbox.ts';
import { collectMessages, discoveryRig, silentModels, told } from '../support/discovery-rig.ts';
import { hubRig } from '../support/hub-rig.ts';

const models = silentModels(300);
const { fake, another } = await hubRig({
	repos: models,
	quotas: { api: 1e6, resolvers: 1e6 },
	direct: true,
	users: [{ token: 'hf_guest_of_the_house', name: 'ada', tier: 1000 }],
});
beforeEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const never = new AbortController().signal;
const params = { maxCandidates: 300 };

/** Reads on until so many models are classified, and leaves the generator where it is. */
async function readUntil(run: AsyncGenerator<DiscoveryMessage>, classified: number): Promise<DiscoveryMessage[]> {
	const messages: DiscoveryMessage[] = [];
	let seen = 0;
	while (seen < classified) {
		const { value, done } = await run.next();
		if (done === true) break;
		messages.push(value);
		if (value.action === 'listChatModels:progress' && value.status === 'classified') seen += 1;
	}
	return messages;
}

/** Waits for the fake Hub to have nothing open; how soon that is, the benchmark tells. */
async function settled({ stats } = fake): Promise<number> {
	const until = performance.now() + 5000;
	while (stats.open > 0 && performance.now() < until) await pause(2);
	return stats.open;
}

describe('equal orders', () => {
	it('are one run, each under its own name, and whoever comes late is told all of it', async () => {
		const { discovery } = discoveryRig({ hub: another() });
		const first = discovery.start({ id: 'first', params }, { signal: never });
		const early = await readUntil(first, 100);
		const second = collectMessages(discovery.start({ id: 'second', params: { ...params } }, { signal: never }));
		const [one, two] = [told([...early, ...(await collectMessages(first))]), told(await second)];
		expect(fake.count('GET /api/models?')).toBe(1);
		expect(fake.count('/resolve/main/')).toBe(300);
		expect(two.messages.every(({ id }) => id === 'second')).toBe(true);
		expect(two.done.models).toEqual(one.done.models);
		expect([...two.state.items]).toEqual([...one.state.items]);
		expect(two.done.meta.requests).toBe(one.done.meta.requests);
	}, 30_000);

	it('are not shared with another token, or with other parameters', async () => {
		const { discovery } = discoveryRig({ hub: another() });
		const few = { maxCandidates: 3, listLimit: 3 };
		const start = (id: string, more: object) =>
			collectMessages(discovery.start({ id, params: { ...few, ...more } }, { signal: never }));
		const hfToken = 'hf_guest_of_the_house';
		await Promise.all([
			start('a', {}),
			start('b', { hfToken }),
			start('c', { concurrency: 3 }),
			start('d', { hfToken }),
		]);
		expect(fake.count('GET /api/models?')).toBe(3);
		const hers = fake.stats.requests.filter(({ authorization }) => authorization === `Bearer ${hfToken}`);
		expect(hers.filter(({ path }) => path.startsWith('/api/models?'))).toHaveLength(1);
	}, 30_000);

	it('go on for the others when one is cancelled, and end with the last', async () => {
		const { discovery } = discoveryRig({ hub: another() });
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const ask = { params, id: '' };
		const one = discovery.start({ ...ask, id: 'one' }, { signal: never });
		const two = discovery.start({ ...ask, id: 'two' }, { signal: never });
		await one.next();
		await two.next();
		const ended = collectMessages(one);
		expect(discovery.cancel('one')).toBe(true);
		expect(discovery.cancel('one')).toBe(false);
		expect((await ended).filter(({ action }) => action === 'listChatModels:done')).toMatchObject([
			{ id: 'one', meta: { cancelled: true } },
		]);
		while (fake.stats.open < 12 && fake.count('/resolve/') < 8) await pause(2);
		await two.return(undefined);
		expect(await settled()).toBe(0);
		expect(discovery.cancel('two')).toBe(false);
	}, 30_000);
});

describe('a caller who leaves', () => {
	it.each([0, 1, 150, 299])(
		'after %d models leaves nothing behind and is told once',
		async (count) => {
			const own = await hubRig({ repos: models, quotas: { api: 1e6, resolvers: 1e6 }, direct: true });
			const { discovery } = discoveryRig({ hub: own.hub });
			const leaving = new AbortController();
			const run = discovery.start({ id: 'mine', params }, { signal: leaving.signal });
			const messages = await readUntil(run, count);
			leaving.abort();
			messages.push(...(await collectMessages(run)));
			const ends = messages.filter(({ action }) => action === 'listChatModels:done');
			expect(ends).toMatchObject([{ id: 'mine', meta: { cancelled: true } }]);
			expect(messages.at(-1)).toBe(ends[0]);
			expect(await settled(own.fake)).toBe(0);
			await pause(50); // what was on its way when the caller left
			expect(await settled(own.fake)).toBe(0);
			const [end] = ends;
			const sent = end?.action === 'listChatModels:done' ? end.meta.requests : -1;
			expect(own.fake.stats.requests.length, 'nothing is asked afterwards').toBeLessThanOrEqual(sent);
		},
		30_000,
	);

	it('takes the requests under way along', async () => {
		const hub = another();
		const { discovery } = discoveryRig({ hub });
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'body', ms: 60_000 } });
		const run = discovery.start({ id: 'mine', params }, { signal: never });
		await run.next();
		while (fake.count('/resolve/') < 8) await pause(2);
		discovery.cancel('mine');
		expect(await settled()).toBe(0);
		expect(fake.stats.aborted).toBeGreaterThanOrEqual(8);
		await run.return(undefined);
	}, 30_000);

	it('is every caller when the process closes', async () => {
		const { discovery } = discoveryRig({ hub: another() });
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const run = discovery.start({ params }, { signal: never });
		await run.next();
		const rest = collectMessages(run);
		await discovery.close();
		expect((await rest).at(-1)).toMatchObject({ action: 'listChatModels:done', meta: { cancelled: true } });
		const late = await collectMessages(discovery.start({ params }, { signal: never }));
		expect(late).toMatchObject([{ action: 'listChatModels:done', models: [], meta: { cancelled: true } }]);
	}, 30_000);
});

describe('a slow reader', () => {
	it('holds up nobody, and is told the same in fewer words', async () => {
		const { discovery } = discoveryRig({ hub: another() });
		const slow = discovery.start({ id: 'slow', params }, { signal: never });
		await slow.next();
		const quick = told(await collectMessages(discovery.start({ id: 'quick', params }, { signal: never })));
		expect(quick.done.models).toHaveLength(300);
		const late = told(await collectMessages(slow));
		expect(late.done.models).toEqual(quick.done.models);
	}, 30_000);

	it('costs no more memory than a piece per model', async () => {
		const outbox = new Outbox('x', 10);
		const ts = 1;
		for (let round = 0; round < 50; round += 1) {
			for (let model = 0; model < 20; model += 1) {
				outbox.push({ modelId: `m/${model}`, status: 'prefiltered', delta: { likes: round }, ts });
				outbox.push({ modelId: `m/${model}`, status: 'classified', delta: { downloads: round }, ts });
			}
		}
		expect(outbox.size).toBeLessThanOrEqual(30);
		outbox.end({ action: 'listChatModels:error', id: 'x', message: 'over' });
		const state = newDiscovery('x');
		const messages = await collectMessages(outbox.messages());
		for (const message of messages) applyDiscovery(state, message);
		expect(state.items.size).toBe(20);
		for (const { status, entry } of state.items.values()) {
			expect([status, entry.likes, entry.downloads]).toEqual(['classified', 49, 49]);
		}
	});
});
