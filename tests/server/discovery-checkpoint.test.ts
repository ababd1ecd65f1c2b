// What a discovery keeps: a stopped or crashed run goes on where it was, an earlier one can be continued, old ones go.
import { beforeEach, describe, expect, it } from 'vitest';
import type { DiscoveryParams } from '#lib/core/discovery.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { pagesOf } from '#lib/server/store/discovery.ts';
import { collectMessages, discoveryRig, silent, silentModels, told } from '../support/discovery-rig.ts';
import { hubRig } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const models = silentModels(2500);
const gated = silent('many/Locked', { downloads: 2_000_000, gated: 'manual' });
const { fake, another } = await hubRig({ repos: models, quotas: { api: 1e6, resolvers: 1e6 }, direct: true });
beforeEach(() => {
	fake.clearFaults();
	fake.world.set(models);
	fake.resetStats();
});

const hour = 3_600_000;
const never = new AbortController().signal;
const lists = () => fake.count('GET /api/models?');
const reads = () => fake.count('/resolve/main/');
const twice = (paths: string[]) => paths.filter((path, at) => paths.indexOf(path) !== at);
const asked = () => fake.stats.requests.map(({ path }) => path);

/** Starts a run and leaves it after so many models are classified. */
async function stopAfter(rig: ReturnType<typeof discoveryRig>, params: DiscoveryParams, count: number, id = 'stopped') {
	const leaving = new AbortController();
	const run = rig.discovery.start({ id, params }, { signal: leaving.signal });
	let seen = 0;
	for await (const message of run) {
		if (message.action === 'listChatModels:progress' && message.status === 'classified') seen += 1;
		if (seen === count) leaving.abort();
	}
}

/** A process of its own on the same data: its memory is new. */
const restarted = (database: Database, clock = new VirtualClock()) => discoveryRig({ hub: another(), database, clock });

describe('a run that was stopped', () => {
	it('goes on from its page and asks for nothing again, also in another process', async () => {
		const params = { maxCandidates: 60, listLimit: 2500 };
		const first = discoveryRig({ hub: another() });
		await stopAfter(first, params, 30);
		expect(reads()).toBeGreaterThanOrEqual(30);
		const { done } = await discoveryRig({ hub: another(), database: first.database }).run(params);
		expect(done.models).toHaveLength(2500);
		expect(done.models.filter(({ classification }) => classification === 'gen')).toHaveLength(60);
		expect(done.models.map(({ id }) => id)).toEqual(models.map(({ id }) => id));
		expect(asked().filter((path) => path.startsWith('/api/models?') && !path.includes('cursor='))).toHaveLength(1);
		const again = twice(asked().filter((path) => path.includes('/resolve/')));
		expect(again.length, 'only what was under way when it stopped').toBeLessThanOrEqual(12);
	}, 60_000);

	it('is forgotten after an hour, and after it came to its end', async () => {
		const database = openInMemory();
		const clock = new VirtualClock();
		const params = { maxCandidates: 5, listLimit: 20 };
		await stopAfter(restarted(database, clock), params, 1);
		expect(lists()).toBe(1);
		await restarted(database, clock).run(params);
		expect(lists()).toBe(1);
		await restarted(database, clock).run(params);
		expect(lists()).toBe(2);
		await stopAfter(restarted(database, clock), params, 1);
		expect(lists()).toBe(3);
		await clock.leap(hour + 60_000);
		await restarted(database, clock).run(params);
		expect(lists()).toBe(4);
	}, 60_000);

	it('meets a gate that it met before without knocking again', async () => {
		fake.world.set([gated, ...models.slice(0, 20)]);
		const database = openInMemory();
		const clock = new VirtualClock();
		const params = { maxCandidates: 21, concurrency: 1 };
		await stopAfter(restarted(database, clock), params, 5);
		expect(fake.count('Locked/resolve')).toBe(1);
		const { model } = await restarted(database, clock).run(params);
		expect(model('many/Locked')).toMatchObject({ classification: 'auth-protected', fetchStatus: '401' });
		expect(fake.count('Locked/resolve')).toBe(1);
	}, 60_000);

	it('lists from the start when the Hub no longer knows the place', async () => {
		const first = discoveryRig({ hub: another() });
		const params = { maxCandidates: 0, listLimit: 2500 };
		fake.fault({ match: /cursor=/, times: 1, fault: { kind: 'status', status: 404, type: 'text/plain', body: 'x' } });
		await first.run(params).catch(() => {});
		fake.fault({ match: /cursor=/, times: 1, fault: { kind: 'status', status: 400, type: 'text/plain', body: 'x' } });
		const { done } = await discoveryRig({ hub: another(), database: first.database }).run(params);
		expect(done.models).toHaveLength(2500);
	}, 60_000);
});

describe('configs', () => {
	it('at a commit that was read before cost no request', async () => {
		const database = openInMemory();
		const clock = new VirtualClock();
		const params = { maxCandidates: 20, listLimit: 20 };
		await restarted(database, clock).run(params);
		const { done, story } = await restarted(database, clock).run(params);
		expect(reads()).toBe(20);
		expect(done.meta.requests).toBe(1);
		expect(story('many/Model-3')).toEqual(['prefiltered', 'classified']);
	}, 60_000);

	it('and the rows of the list reach the catalog', async () => {
		const rig = discoveryRig({ hub: another() });
		await rig.run({ maxCandidates: 3, listLimit: 40 });
		expect(rig.catalog.entry('many/Model-1')).toMatchObject({ classification: 'gen', context_window: 4096 });
		await rig.discovery.close();
		expect(rig.catalog.entry('many/Model-30')).toMatchObject({ classification: 'unknown', downloads: 999_970 });
		expect(rig.catalog.counts().catalog).toBe(40);
	}, 60_000);
});

describe('an earlier run', () => {
	it('is continued by its next candidates, without listing again', async () => {
		const rig = discoveryRig({ hub: another() });
		const gens = (run: { done: { models: { classification: string }[] } }) =>
			run.done.models.filter(({ classification }) => classification === 'gen').length;
		expect(gens(await rig.run({ maxCandidates: 10, listLimit: 50 }, 'one'))).toBe(10);
		const two = await rig.run({ maxCandidates: 15, continueFrom: 'one' }, 'two');
		expect([gens(two), two.done.models.length, lists(), reads()]).toEqual([25, 50, 1, 25]);
		const three = await rig.run({ continueFrom: 'two' }, 'three');
		expect([gens(three), lists(), reads()]).toEqual([50, 1, 50]);
		expect(three.done.models.some(({ excluded_by }) => excluded_by !== undefined)).toBe(false);
	}, 60_000);

	it('that nobody knows is a failure in a sentence', async () => {
		const { discovery } = discoveryRig({ hub: another() });
		const messages = await collectMessages(
			discovery.start({ id: 'x', params: { continueFrom: 'nobody' } }, { signal: never }),
		);
		expect(messages).toEqual([
			{ action: 'listChatModels:error', id: 'x', code: 'not_found', message: expect.stringContaining('"nobody"') },
		]);
	});

	it('is kept for a day, and only the newest few', async () => {
		const database = openInMemory();
		const clock = new VirtualClock();
		const rig = restarted(database, clock);
		for (let run = 0; run < 6; run += 1) await rig.run({ maxCandidates: 0, listLimit: 3 + run }, `run-${run}`);
		const kept = database.all('SELECT id FROM discovery_lists');
		expect(kept).toHaveLength(4);
		expect(database.all('SELECT DISTINCT list FROM discovery_pages')).toHaveLength(4);
		expect([...pagesOf(database, String(kept[0]?.[0]))].flat().length).toBeGreaterThan(0);
		await clock.leap(25 * hour);
		const late = rig.discovery.start({ params: { continueFrom: 'run-5' } }, { signal: never });
		expect((await collectMessages(late))[0]).toMatchObject({ code: 'not_found' });
		await rig.run({ maxCandidates: 0, listLimit: 2 });
		expect(database.all('SELECT id FROM discovery_lists')).toHaveLength(1);
	}, 60_000);
});

describe('a token for one run', () => {
	const secret = 'hf_CANARYcanaryCANARY1234';
	it('opens what it may see, for this run only, and is kept nowhere', async () => {
		const options = {
			repos: [gated, silent('many/Secret', { private: true }), silent('many/Open')],
			users: [{ token: secret, name: 'ada', accepted: ['many/Locked'], owners: ['many'] }],
		};
		const own = await hubRig(options);
		const rig = discoveryRig({ hub: own.hub });
		const guest = await rig.run({ hfToken: secret }, 'guest');
		expect(guest.done.models.map(({ id }) => id).sort()).toEqual(['many/Locked', 'many/Open', 'many/Secret']);
		expect(guest.done.models.every(({ classification }) => classification === 'gen')).toBe(true);
		const plain = await rig.run({}, 'plain');
		expect(plain.done.models.map(({ id }) => id).sort()).toEqual(['many/Locked', 'many/Open']);
		expect(plain.model('many/Locked')).toMatchObject({ classification: 'auth-protected', fetchStatus: '401' });
		const anonymous = own.fake.stats.requests.filter(({ authorization }) => authorization === null);
		expect(anonymous.length).toBeGreaterThan(0);
		await rig.discovery.close();
		expect(rig.catalog.entry('many/Secret')).toBeNull();
		const tables = rig.database.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'model_%'");
		const kept = JSON.stringify(tables.map(([name]) => rig.database.all(`SELECT * FROM "${String(name)}"`)));
		expect(kept).toContain('many/Open');
		expect(kept).not.toContain('CANARY');
		expect(kept).not.toContain('many/Secret');
		expect(JSON.stringify([guest.messages, plain.messages])).not.toContain('CANARY');
	}, 60_000);

	it('has a window of its own, and null asks as nobody', async () => {
		const options = { repos: silentModels(30), token: secret, users: [{ token: secret, name: 'ada' }] };
		const own = await hubRig(options);
		const rig = discoveryRig({ hub: own.hub });
		await rig.run({ hfToken: null, listLimit: 5 });
		expect(own.fake.stats.requests.length).toBeGreaterThan(1);
		expect(own.fake.stats.requests.every(({ authorization }) => authorization === null)).toBe(true);
		expect(own.hub.budget()).toEqual({});
		const before = own.fake.stats.requests.length;
		await rig.run({ hfToken: secret, listLimit: 5 });
		const sent = own.fake.stats.requests.slice(before);
		expect(sent.length).toBeGreaterThan(0);
		expect(sent.every(({ authorization }) => authorization === `Bearer ${secret}`)).toBe(true);
		expect(own.hub.budget()).toHaveProperty('api');
	}, 60_000);

	it('continues only its own runs', async () => {
		const own = await hubRig({ repos: silentModels(30), users: [{ token: secret, name: 'ada' }] });
		const rig = discoveryRig({ hub: own.hub });
		await rig.run({ hfToken: secret, maxCandidates: 5 }, 'hers');
		const other = rig.discovery.start({ params: { continueFrom: 'hers' } }, { signal: never });
		expect((await collectMessages(other))[0]).toMatchObject({ code: 'not_found' });
		const more = await collectMessages(
			rig.discovery.start({ params: { continueFrom: 'hers', hfToken: secret } }, { signal: never }),
		);
		expect(told(more).done.models.filter(({ classification }) => classification === 'gen')).toHaveLength(30);
	}, 60_000);
});
