// The queue of downloads: order, limits, what people want of it, several processes at once, and everybody who watches.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
	applyChange,
	applyDownload,
	canFollow,
	downloadStates,
	newDownload,
	type Download,
	type DownloadEvent,
} from '#lib/core/download.ts';
import { beat, claimDownload, readDownload, saveDownload } from '#lib/server/store/downloads.ts';
import { DELETE, GET as ONE, PATCH } from '../../src/routes/api/downloads/[id]/+server.ts';
import { POST as ACT } from '../../src/routes/api/downloads/[id]/[action]/+server.ts';
import { GET as EVENTS } from '../../src/routes/api/downloads/events/+server.ts';
import { GET as PLAN } from '../../src/routes/api/downloads/plan/+server.ts';
import { GET, POST } from '../../src/routes/api/downloads/+server.ts';
import { downloadsRig, listing, orderOf, wrongFiles, type DownloadsRig } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';
import { seeded } from '../support/seeded.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const repos = [1, 2, 3].map((seed) =>
	fakeRepo({
		id: `org/m${seed}`,
		files: { 'config.json': '{}', 'model.safetensors': { seed, size: 2_000_000, head } },
	}),
);
const [first] = repos;
if (first === undefined) throw new Error('There is a first one.');
const { fake, hub } = await hubRig({ repos, quotas: { api: 1e6, resolvers: 1e6 } });
const home = temporaryFolder();
const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const slow = () => fake.fault({ match: '/xet-bridge', fault: { kind: 'drip', bytes: 100_000, everyMs: 30 } });
const cdnCount = () => fake.stats.requests.filter(({ origin }) => origin === 'cdn').length;
const until = (check: () => boolean) => vi.waitUntil(check, { timeout: 20_000, interval: 10 });

type Handler = (event: never) => Response | Promise<Response>;

/** Calls a route as SvelteKit does. */
async function call(
	{ downloads }: DownloadsRig,
	handler: unknown,
	path: string,
	more: { method?: string; body?: object; headers?: Record<string, string> } = {},
) {
	const url = new URL(`http://127.0.0.1/api/downloads${path}`);
	const [, id = '', action = ''] = url.pathname.replace('/api/downloads', '').split('/');
	const body = more.body === undefined ? {} : { body: JSON.stringify(more.body) };
	const request = new Request(url, {
		method: more.method ?? 'GET',
		headers: { 'content-type': 'application/json', ...more.headers },
		...body,
	});
	const closing = new AbortController().signal;
	return (handler as Handler)({
		locals: { app: { downloads, closing } },
		params: { id, action },
		request,
		url,
	} as never);
}

describe('the queue', () => {
	it('runs as many as allowed, in their order, and takes a new order of them', async () => {
		const rig = downloadsRig({ hub, folder: fresh() });
		rig.downloads.setLimits({ parallel: 1, bytes_per_second: null });
		slow();
		const made: Download[] = [];
		for (const { id } of repos) made.push(await rig.downloads.order(orderOf(id)));
		const [one = '', two = '', three = ''] = made.map(({ id }) => id);
		rig.downloads.move(three, two);
		expect(rig.downloads.list().map(({ id }) => id)).toEqual([one, three, two]);
		rig.downloads.start();
		const ended: string[] = [];
		await until(() => {
			const working = rig.downloads.list().filter(({ state }) => !['queued', 'ready'].includes(state));
			for (const { id, state } of rig.downloads.list()) if (state === 'ready' && !ended.includes(id)) ended.push(id);
			expect(working.length).toBeLessThanOrEqual(1);
			return ended.length === 3;
		});
		expect(ended).toEqual([one, three, two]);
		expect(rig.bugs).toEqual([]);
	});

	it('pauses, resumes and cancels what runs, and keeps what is here', async () => {
		const rig = downloadsRig({ hub, folder: fresh() });
		slow();
		const { id } = await rig.downloads.order(orderOf('org/m1'));
		rig.downloads.start();
		await until(() => rig.downloads.read(id).bytes > 300_000);
		rig.downloads.act(id, 'pause');
		await until(() => rig.downloads.read(id).state === 'paused');
		const { bytes, speed } = rig.downloads.read(id);
		expect([bytes > 300_000, speed]).toEqual([true, null]);
		await until(() => fake.stats.open === 0);
		fake.clearFaults();
		fake.resetStats();
		rig.downloads.act(id, 'resume');
		await until(() => rig.downloads.read(id).state === 'ready');
		expect(fake.stats.requests.filter(({ origin }) => origin === 'cdn').map(({ headers }) => headers['range'])).toEqual(
			[expect.stringMatching(/^bytes=[3-9]\d{5}-$|^bytes=1\d{6}-$/)],
		);
		expect(() => rig.downloads.act(id, 'pause')).toThrow(
			'The download of org/m1 is ready, so there is nothing to pause.',
		);
		expect(wrongFiles(rig.root, first)).toEqual([]);
	});

	it('forgets a download with its parts', async () => {
		const rig = downloadsRig({ hub, folder: fresh() });
		slow();
		const { id } = await rig.downloads.order(orderOf('org/m1'));
		rig.downloads.start();
		await until(() => rig.downloads.read(id).bytes > 300_000);
		const { freed_bytes } = await (await call(rig, DELETE, `/${id}`)).json();
		expect(freed_bytes).toBeGreaterThan(300_000);
		expect(listing(rig.root).filter((name) => name.includes('incomplete'))).toEqual([]);
		expect(rig.downloads.list()).toEqual([]);
	});

	it('keeps to a cap', async () => {
		const rig = downloadsRig({ hub, folder: fresh() });
		rig.downloads.setLimits({ parallel: 2, bytes_per_second: 2_000_000 });
		const start = performance.now();
		expect((await rig.get(orderOf('org/m1'))).state).toBe('ready');
		expect(performance.now() - start).toBeGreaterThan(700);
	});

	it('is shared by two processes: one transfer, and both see its end', async () => {
		const folder = fresh();
		const rigs = [downloadsRig({ hub, folder }), downloadsRig({ hub, folder })];
		slow();
		const all = await Promise.all(rigs.map((rig) => rig.get(orderOf('org/m1'))));
		expect(all.map(({ state }) => state)).toEqual(['ready', 'ready']);
		expect(all[0]?.id).toBe(all[1]?.id);
		expect(cdnCount()).toBe(1);
	});

	it('is taken over from a process that died', async () => {
		const heir = downloadsRig({ hub, folder: fresh(), self: { isAlive: (pid) => pid !== 1 } });
		const { id } = await heir.downloads.order(orderOf('org/m1'));
		beat(heir.database, { token: 'ghost', pid: 1, host: 'here' }, Date.now());
		expect(claimDownload(heir.database, id, 'ghost')).toBe(true);
		const { record } = readDownload(heir.database, id) ?? {};
		if (record === undefined) throw new Error('It was ordered.');
		saveDownload(heir.database, applyDownload(record, { kind: 'state', at: 1, state: 'resolving' }), 'ghost');
		expect(heir.downloads.read(id).state).toBe('resolving');
		expect((await heir.settle(id)).state).toBe('ready');
		expect(wrongFiles(heir.root, first)).toEqual([]);
	});
});

describe('the API', () => {
	it('orders, lists, changes and plans', async () => {
		const rig = downloadsRig({ hub, folder: fresh() });
		const made = await call(rig, POST, '', { method: 'POST', body: { id: 'org/m1' } });
		expect(made.status).toBe(202);
		const download = await made.json();
		expect(download).toMatchObject({
			model_id: 'org/m1',
			revision: 'main',
			state: 'queued',
			bytes: 0,
			error: null,
			speed: null,
		});
		expect((await (await call(rig, POST, '', { method: 'POST', body: { id: 'org/m1' } })).json()).id).toBe(download.id);
		expect(await (await call(rig, GET, '')).json()).toMatchObject({
			downloads: [{ id: download.id }],
			limits: { parallel: 2 },
		});
		expect((await (await call(rig, ACT, `/${download.id}/pause`, { method: 'POST' })).json()).state).toBe('paused');
		expect(
			(await (await call(rig, PATCH, `/${download.id}`, { method: 'PATCH', body: { action: 'resume' } })).json()).state,
		).toBe('queued');
		expect(
			(await (await call(rig, PATCH, `/${download.id}`, { method: 'PATCH', body: { action: 'cancel' } })).json()).state,
		).toBe('cancelled');
		expect((await (await call(rig, ONE, `/${download.id}`)).json()).state).toBe('cancelled');
		await expect(call(rig, ONE, '/nobody')).rejects.toMatchObject({ code: 'not_found' });
		await expect(call(rig, ACT, `/${download.id}/explode`, { method: 'POST' })).rejects.toMatchObject({
			code: 'not_found',
		});
		await expect(call(rig, POST, '', { method: 'POST', body: { id: '../x' } })).rejects.toMatchObject({
			code: 'invalid_model_id',
		});
		await expect(call(rig, POST, '', { method: 'POST', body: { id: 'org/m1', path: '/' } })).rejects.toMatchObject({
			code: 'unknown_field',
		});
		const plan = await (await call(rig, PLAN, '/plan?id=org/m1&file=*.safetensors')).json();
		expect(plan).toMatchObject({
			model_id: 'org/m1',
			total: 2_000_000,
			missing: 2_000_000,
			gate: { state: 'open' },
			disk: { enough: true },
		});
	});

	it('streams every change, and goes on after the last one that was had', async () => {
		const rig = downloadsRig({ hub, folder: fresh() });
		const { id } = await rig.downloads.order(orderOf('org/m1'));
		const read = async (headers: Record<string, string>, most: number) => {
			const answer = await call(rig, EVENTS, '/events', { headers });
			expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
			let text = '';
			for await (const chunk of answer.body ?? []) {
				text += Buffer.from(chunk).toString();
				if (text.split('event: ').length > most) break;
			}
			return text;
		};
		const before = await read({}, 1);
		expect(before).toMatch(/^retry: 2000\n\nevent: download\nid: \d+\ndata: \{"id":/);
		const last = /id: (\d+)/.exec(before)?.[1] ?? '';
		rig.downloads.start();
		await until(() => rig.downloads.read(id).state === 'ready');
		const after = await read({ 'last-event-id': last }, 1);
		expect(JSON.parse(/data: (.*)/.exec(after)?.[1] ?? '')).toMatchObject({ id, state: 'ready' });
		expect(Number(/id: (\d+)/.exec(after)?.[1])).toBeGreaterThan(Number(last));
	});
});

describe('the fold', () => {
	it('never leaves the diagram and never counts more than there is, whatever comes in whatever order', () => {
		const random = seeded(3);
		const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
		const states = downloadStates.filter((state) => state !== 'failed' && state !== 'ready');
		for (let round = 0; round < 1000; round += 1) {
			let record = newDownload('x', orderOf('org/m1'), 0);
			for (let step = 1; step < 60; step += 1) {
				const event = pick<DownloadEvent>([
					{ kind: 'state', at: step, state: pick(states) },
					{
						kind: 'resolved',
						at: step,
						model_id: 'org/m1',
						revision: 'c',
						files: [{ path: 'a', total: 100, digest: 'd' }],
					},
					{ kind: 'progress', at: step * 500, path: 'a', bytes: Math.floor(random() * 300), fetched: step * 10 },
					{ kind: 'file', at: step, path: pick(['a', 'b']), state: 'ready', bytes: 100 },
					{ kind: 'failed', at: step, error: { code: 'offline', message: 'x', retriable: true } },
					{ kind: 'ready', at: step, path: '/x' },
				]);
				const next = applyDownload(record, event);
				if (next.state !== record.state) expect(canFollow(record.state, next.state)).toBe(true);
				expect(next.bytes).toBe(next.files.reduce((sum, { bytes }) => sum + bytes, 0));
				expect(next.bytes).toBeLessThanOrEqual(next.total);
				expect(next.error === null || next.state === 'failed' || next.state === 'cancelled').toBe(true);
				record = next;
			}
		}
		const { pace: _, ...one } = newDownload('a', orderOf('org/m1'), 0);
		const list = applyChange([], { serial: 1, id: 'a', download: { ...one, position: 1 } });
		expect(applyChange(list, { serial: 2, id: 'a', download: null })).toEqual([]);
	});
});
