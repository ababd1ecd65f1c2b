// Large files in several pieces at once: each byte fetched once, whatever stops it, and never a wrong file.
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { batchBytes, pour } from '#lib/server/downloads/pour.ts';
import { bytesOf, clipped, piecesOf, prefixOf, withSpan } from '#lib/server/downloads/spans.ts';
import { Streams } from '#lib/server/downloads/streams.ts';
import { downloadsRig, orderOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo, filesOf } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const size = 6_000_000;
const piece = 1_000_000;
const big = fakeRepo({ id: 'org/big', files: { 'model.safetensors': { seed: 9, size, head } } });
const deadlines = { connectMs: 2000, headersMs: 2000, idleMs: 2000, totalMs: 9000, pageMs: 9000 };
const { fake, hub } = await hubRig({ repos: [big], deadlines, quotas: { api: 1e6, resolvers: 1e6 } });
const home = temporaryFolder();
const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const cdn = '/xet-bridge';
const digest = filesOf(big.commits[0] ?? { sha: '', files: {} }).get('model.safetensors')?.sha256 ?? '';
const blobOf = (root: string) => join(root, 'models--org--big/blobs', digest);
const rigIn = (folder: string, self = {}) =>
	downloadsRig({ hub, folder, self, streams: new Streams({ large: 2_000_000, piece }) });
const sent = () => fake.stats.requests.filter(({ origin }) => origin === 'cdn');
const ranges = () =>
	sent()
		.map(({ headers }) => headers['range'])
		.sort();
const pieces = (from: number) =>
	Array.from({ length: (size - from) / piece }, (_, at) => {
		const start = from + at * piece;
		return start + piece === size ? `bytes=${start}-` : `bytes=${start}-${start + piece - 1}`;
	});

describe('a large file', () => {
	it('comes in pieces, several at once, each byte once', async () => {
		const { get, root } = rigIn(fresh());
		fake.fault({ match: cdn, fault: { kind: 'drip', bytes: 100_000, everyMs: 5 } });
		expect(await get(orderOf('org/big'))).toMatchObject({ state: 'ready', warnings: [], bytes: size });
		expect(ranges()).toEqual(pieces(0));
		expect(fake.stats.mostOpen).toBeGreaterThan(2);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('comes whole from a server that sends nothing else', async () => {
		const { get, root } = rigIn(fresh());
		fake.fault({ match: cdn, fault: { kind: 'whole' } });
		expect(await get(orderOf('org/big'))).toMatchObject({ state: 'ready', warnings: [] });
		expect(sent().map(({ status }) => status)).toEqual([200]);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('that breaks off in every piece is gone on with in each', async () => {
		const { get, root } = rigIn(fresh());
		fake.fault({ match: cdn, fault: { kind: 'cut', after: 400_000 }, times: 6 });
		expect(await get(orderOf('org/big'))).toMatchObject({ state: 'ready', warnings: [] });
		expect(ranges().length).toBeGreaterThanOrEqual(12);
		expect(sent().reduce((sum, request) => sum + request.sent, 0)).toBeLessThan(size + 6 * 200_000);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('starts over when one piece is of another content, or the whole comes in its place', async () => {
		for (const fault of [
			{ kind: 'headers', change: (headers: Record<string, string>) => ({ ...headers, etag: '"another"' }) },
			{ kind: 'whole' },
		] as const) {
			const { get, root } = rigIn(fresh());
			fake.fault({ match: cdn, fault: { kind: 'cut', after: 300_000 }, times: 1 });
			fake.fault({ match: cdn, fault: { kind: 'stall', where: 'headers', ms: 20 }, times: 1 });
			fake.fault({ match: cdn, fault, times: 1 });
			const { state, warnings } = await get(orderOf('org/big'));
			expect([state, warnings.length]).toEqual(['ready', 1]);
			expect(warnings[0]).toMatch(/: it is fetched from the beginning\.$/);
			expect(wrongFiles(root, big)).toEqual([]);
			fake.clearFaults();
		}
	});

	it('that arrives damaged is fetched once more', async () => {
		const { get, root } = rigIn(fresh());
		fake.fault({ match: cdn, fault: { kind: 'flip', at: 500_000 }, times: 1 });
		expect(await get(orderOf('org/big'))).toMatchObject({
			state: 'ready',
			warnings: ['model.safetensors arrived damaged: it is fetched again from the beginning.'],
		});
		expect(wrongFiles(root, big)).toEqual([]);
	});
});

describe('a part with gaps', () => {
	/** A rig whose file has stopped with holes in it, and is closed. */
	async function holed() {
		const folder = fresh();
		const rig = rigIn(folder);
		fake.fault({ match: cdn, fault: { kind: 'cut', after: 400_000 }, times: 4 });
		fake.fault({ match: cdn, fault: { kind: 'status', status: 503 } });
		expect((await rig.get(orderOf('org/big'))).state).toBe('failed');
		await rig.close();
		fake.clearFaults();
		fake.resetStats();
		const path = `${blobOf(rig.root)}.modeldex.json.incomplete`;
		return { folder, root: rig.root, path, journal: JSON.parse(readFileSync(path, 'utf8')) };
	}

	it('is gone on with by another process, and by one that fetches in one go', async () => {
		const { folder, root, journal } = await holed();
		expect(journal.written.length).toBeGreaterThan(1);
		const had = bytesOf(journal.written);
		const { get } = downloadsRig({ hub, folder });
		expect(await get(orderOf('org/big'))).toMatchObject({ state: 'ready', warnings: [] });
		const fetched = sent().reduce((sum, request) => sum + request.sent, 0);
		expect(fetched - (size - had)).toBeLessThan(10_000); // the headers of the replies
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('is believed only as far as its journal says, and after a power cut as far as the disk had it', async () => {
		const { folder, root, path, journal } = await holed();
		const synced = [{ start: 1_000_000, end: 1_200_000 }];
		writeFileSync(path, JSON.stringify({ ...journal, synced }));
		writeFileSync(`${blobOf(root)}.modeldex.incomplete`, Buffer.alloc(1_200_000), { flag: 'r+' });
		const bytes = statSync(`${blobOf(root)}.modeldex.incomplete`).size;
		expect(bytes).toBeGreaterThan(1_200_000);
		const { get } = rigIn(folder, { boot: 'boot-2' });
		const done = await get(orderOf('org/big'));
		// What the disk was said to have was overwritten above: the digest finds that out, and it is fetched anew.
		expect(done.state).toBe('ready');
		expect(done.warnings).toEqual(['model.safetensors arrived damaged: it is fetched again from the beginning.']);
		expect(ranges().filter((range) => range === 'bytes=0-999999')).toHaveLength(2);
		expect(wrongFiles(root, big)).toEqual([]);
	});
});

describe('pouring', () => {
	const bytes = (count: number) => Buffer.alloc(count, 1);
	async function* broken(counts: number[]) {
		for (const count of counts) yield bytes(count);
		throw new Error('the line is dead');
	}

	it('writes small pieces together, and what came before the line broke', async () => {
		const wrote: [number, number][] = [];
		const write = async (chunks: Buffer[], sum: number) => void wrote.push([chunks.length, sum]);
		const options = { write, clock: { ticks: () => 0 }, most: () => 100, ahead: () => 1 };
		await expect(pour(broken([40, 40, 40, 10, 5]), options)).rejects.toThrow('the line is dead');
		expect(wrote).toEqual([
			[3, 120],
			[2, 15],
		]);
	});

	it('writes at once what comes slowly, and stops when nothing can be written', async () => {
		let at = 0;
		const wrote: number[] = [];
		const write = async (_: Buffer[], sum: number) => {
			wrote.push(sum);
			if (wrote.length === 3) throw new Error('the disk is full');
		};
		const options = { write, clock: { ticks: () => (at += 200) }, most: () => 100, ahead: () => 1 };
		await expect(pour(broken([1, 2, 3, 4, 5]), options)).rejects.toThrow('the disk is full');
		expect(wrote).toEqual([1, 2, 3]);
	});

	it('gathers a bounded much behind a slow write, and writes it together', async () => {
		let taken = 0;
		async function* body() {
			for (taken = 1; taken <= 40; taken += 1) yield bytes(batchBytes / 4);
		}
		const wrote: number[] = [];
		let release = () => {};
		const first = new Promise<void>((resolve) => (release = resolve));
		const write = async (_: Buffer[], sum: number) => {
			wrote.push(sum / batchBytes);
			if (wrote.length === 1) await first;
		};
		const poured = pour(body(), { write, clock: { ticks: () => 0 }, most: () => batchBytes, ahead: () => 4 });
		await vi.waitUntil(() => taken >= 20);
		await new Promise((resolve) => setImmediate(resolve));
		expect([taken, wrote]).toEqual([20, [1]]);
		release();
		await poured;
		expect(wrote.slice(0, 2)).toEqual([1, 4]);
		expect(wrote.reduce((sum, batches) => sum + batches)).toBe(10);
	});
});

describe('stretches', () => {
	it('are put together, cut, counted and turned into what is missing', () => {
		const some = [
			{ start: 40, end: 50 },
			{ start: 0, end: 10 },
			{ start: 10, end: 20 },
			{ start: 30, end: 30 },
			{ start: 45, end: 60 },
		].reduce(withSpan, []);
		expect(some).toEqual([
			{ start: 0, end: 20 },
			{ start: 40, end: 60 },
		]);
		expect([prefixOf(some), bytesOf(some), prefixOf([]), prefixOf([{ start: 1, end: 2 }])]).toEqual([20, 40, 0, 0]);
		expect(clipped(some, 50)).toEqual([
			{ start: 0, end: 20 },
			{ start: 40, end: 50 },
		]);
		expect(piecesOf(some, 75, 15)).toEqual([
			{ start: 20, end: 35 },
			{ start: 35, end: 40 },
			{ start: 60, end: 75 },
		]);
		expect(piecesOf([], 10, Infinity)).toEqual([{ start: 0, end: 10 }]);
		expect(piecesOf([{ start: 0, end: 10 }], 10, 3)).toEqual([]);
	});

	it('are as many as the missing bytes are worth', () => {
		const streams = new Streams();
		expect([1e8, 1.1e9, 2e9, 40e9].map((missing) => streams.pieceBytes(missing))).toEqual([
			null,
			1.1e9 / 16,
			2e9 / 16,
			256 * 1024 * 1024,
		]);
		expect([1, 2, 3, 4].map((held) => streams.take(held))).toEqual([true, true, true, false]);
		for (let more = 0; more < 5; more += 1) expect(streams.take(1)).toBe(true);
		expect(streams.take(1)).toBe(false);
		streams.give();
		expect(streams.take(1)).toBe(true);
	});
});
