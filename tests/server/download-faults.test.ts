// What can go wrong with a download, one fault per test: what is recovered from, and the exact failure of what is not.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadsRig, listing, orderOf, snapshotOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo, filesOf } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';

const config = '{"model_type":"llama"}';
const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const size = 6_000_000;
const big = fakeRepo({ id: 'org/big', files: { 'config.json': config, 'model.safetensors': { seed: 9, size, head } } });
const gated = fakeRepo({
	id: 'org/gated',
	gated: 'manual',
	files: { 'config.json': config, 'model.safetensors': { seed: 2, size: 40_000, head } },
});
const huge = fakeRepo({ id: 'org/huge', files: { 'model.safetensors': { seed: 1, size: 500e9 } } });
const users = [
	{ token: 'hf_accepted', name: 'ada', accepted: ['org/gated'] },
	{ token: 'hf_asked', name: 'bob', pending: ['org/gated'] },
	{ token: 'hf_refused', name: 'eve', rejected: ['org/gated'] },
	{ token: 'hf_new', name: 'new' },
	{ token: 'hf_narrow', name: 'nan', accepted: ['org/gated'], canReadGated: false },
];
const deadlines = { connectMs: 500, headersMs: 400, idleMs: 400, totalMs: 3000, pageMs: 3000 };
const quotas = { api: 1e6, resolvers: 1e6 };
const { fake, hub, another } = await hubRig({ repos: [big, gated, huge], users, deadlines, quotas, token: 'hf_new' });
const home = temporaryFolder();
const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
	fake.world.set([big, gated, huge]);
});

const digest = filesOf(big.commits[0] ?? { sha: '', files: {} }).get('model.safetensors')?.sha256 ?? '';
const cdn = '/xet-bridge';
const ranges = () =>
	fake.stats.requests.filter(({ origin }) => origin === 'cdn').map(({ headers, status }) => [headers['range'], status]);
const partOf = (root: string) => join(root, 'models--org--big/blobs', `${digest}.modeldex.incomplete`);

/** A rig whose download has stopped with so many bytes here: cut once and paused by a Hub that is gone. */
async function stopped(bytes: number) {
	const folder = fresh();
	const rig = downloadsRig({ hub, folder });
	fake.fault({ match: cdn, fault: { kind: 'cut', after: bytes }, times: 1 });
	fake.fault({ match: cdn, fault: { kind: 'status', status: 503 } });
	const failed = await rig.get(orderOf('org/big'));
	expect(failed).toMatchObject({ state: 'failed', error: { code: 'hub_unreachable', retriable: true } });
	expect(statSync(partOf(rig.root)).size).toBe(bytes);
	fake.clearFaults();
	fake.resetStats();
	return { ...rig, folder, again: () => rig.get(orderOf('org/big')) };
}

describe('a transfer', () => {
	it('that is cut at any byte goes on there and ends right', async () => {
		for (const after of [0, 1, 4095, 65_536, 5_999_999]) {
			const { get, root } = downloadsRig({ hub, folder: fresh() });
			fake.resetStats();
			fake.fault({ match: cdn, fault: { kind: 'cut', after }, times: 1 });
			expect((await get(orderOf('org/big'))).state).toBe('ready');
			expect(ranges()).toEqual([[undefined, 200], after === 0 ? [undefined, 200] : [`bytes=${after}-`, 206]]);
			expect(wrongFiles(root, big)).toEqual([]);
		}
	});

	it('that is reset or falls silent goes on where it was', async () => {
		for (const fault of [
			{ kind: 'reset', after: 500_000 },
			{ kind: 'stall', where: 'body', ms: 1500 },
		] as const) {
			const { get, root } = downloadsRig({ hub, folder: fresh() });
			fake.fault({ match: cdn, fault, times: 1 });
			expect((await get(orderOf('org/big'))).state).toBe('ready');
			expect(wrongFiles(root, big)).toEqual([]);
		}
	});

	it('goes on in another process with Range and If-Range', async () => {
		const { root, close, folder } = await stopped(2_000_000);
		await close();
		const { get } = downloadsRig({ hub, folder });
		const done = await get(orderOf('org/big'));
		expect([done.state, done.warnings]).toEqual(['ready', []]);
		expect(ranges()).toEqual([['bytes=2000000-', 206]]);
		expect(fake.stats.requests.find(({ origin }) => origin === 'cdn')?.headers['if-range']).toMatch(/^"[0-9a-f]{64}"$/);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('believes after a power cut only what had reached the disk', async () => {
		const { root, close, folder } = await stopped(2_000_000);
		await close();
		const journal = `${partOf(root).replace('.incomplete', '')}.json.incomplete`;
		writeFileSync(
			journal,
			JSON.stringify({ ...JSON.parse(readFileSync(journal, 'utf8')), synced: [{ start: 0, end: 1_000_000 }] }),
		);
		const { get } = downloadsRig({ hub, folder, self: { boot: 'boot-2' } });
		expect((await get(orderOf('org/big'))).state).toBe('ready');
		expect(ranges()).toEqual([['bytes=1000000-', 206]]);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('starts over when a Range is answered with the whole file', async () => {
		const { again, root } = await stopped(2_000_000);
		fake.fault({ match: cdn, fault: { kind: 'whole' } });
		expect(await again()).toMatchObject({
			state: 'ready',
			warnings: ['model.safetensors cannot be resumed where it comes from: it is fetched from the beginning.'],
		});
		expect(ranges()).toEqual([['bytes=2000000-', 200]]);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('starts over when the entity tag has changed', async () => {
		const { again, root } = await stopped(2_000_000);
		fake.fault({ match: cdn, fault: { kind: 'headers', change: (headers) => ({ ...headers, etag: '"another"' }) } });
		expect(await again()).toMatchObject({
			state: 'ready',
			warnings: ['model.safetensors has changed where it comes from: it is fetched from the beginning.'],
		});
		expect(ranges()).toEqual([
			['bytes=2000000-', 206],
			[undefined, 200],
		]);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('gives up on an entity tag that never holds still', async () => {
		const { again } = await stopped(2_000_000);
		let serial = 0;
		fake.fault({
			match: cdn,
			fault: { kind: 'headers', change: (headers) => ({ ...headers, etag: `"tag-${(serial += 1)}"` }) },
		});
		fake.fault({ match: cdn, fault: { kind: 'cut', after: 10 } });
		const { error } = await again();
		expect([null, 'file_changed']).toContain(error?.code ?? null);
	});

	it('refuses another content than the list of files named', async () => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		const other = `"${'0'.repeat(64)}"`;
		fake.fault({
			match: 'model.safetensors',
			fault: { kind: 'headers', change: (headers) => ({ ...headers, 'x-linked-etag': other }) },
		});
		expect((await get(orderOf('org/big'))).error).toEqual({
			code: 'file_changed',
			message:
				'The Hub names another content for model.safetensors of org/big than its list of files did; order it again to get that one.',
			retriable: false,
		});
		expect(listing(snapshotOf(root, big))).toEqual([]);
	});

	it('asks for a fresh address when the signed one has expired', async () => {
		const { again, root } = await stopped(2_000_000);
		fake.fault({
			match: cdn,
			fault: { kind: 'status', status: 403, body: '<Error>AccessDenied</Error>', type: 'application/xml' },
			times: 1,
		});
		expect(await again()).toMatchObject({ state: 'ready', warnings: [] });
		expect(ranges()).toEqual([
			['bytes=2000000-', 403],
			['bytes=2000000-', 206],
		]);
		expect(fake.count('/resolve/')).toBe(2);
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('fetches a damaged file once more, and refuses one that is damaged twice', async () => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		fake.fault({ match: cdn, fault: { kind: 'flip', at: 3_000_000 }, times: 1 });
		expect(await get(orderOf('org/big'))).toMatchObject({
			state: 'ready',
			warnings: ['model.safetensors arrived damaged: it is fetched again from the beginning.'],
		});
		expect(wrongFiles(root, big)).toEqual([]);
		const second = downloadsRig({ hub, folder: fresh() });
		fake.resetStats();
		fake.fault({ match: cdn, fault: { kind: 'flip', at: 3_000_000 } });
		const { state, error } = await second.get(orderOf('org/big'));
		expect([state, error?.code]).toEqual(['failed', 'integrity_failed']);
		expect(error?.message).toMatch(
			new RegExp(
				`^model\\.safetensors of org/big arrived damaged twice and was deleted: its SHA-256 is ${digest}, what came has [0-9a-f]{64}\\. Try again later with: modeldex model download org/big$`,
			),
		);
		expect(ranges()).toHaveLength(2);
		expect(listing(snapshotOf(second.root, big))).toEqual([]);
		expect(listing(join(second.root, 'models--org--big/blobs')).filter((name) => name.includes(digest))).toEqual([]);
		fake.clearFaults();
		expect((await second.get(orderOf('org/big'))).state).toBe('ready');
		expect(wrongFiles(second.root, big)).toEqual([]);
	});

	it('stops at the announced size, however much is sent', async () => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		fake.fault({ match: cdn, fault: { kind: 'extra', bytes: 5_000_000 } });
		const { error } = await get(orderOf('org/big'));
		expect(error).toMatchObject({
			code: 'integrity_failed',
			message: expect.stringMatching(/ more bytes than were announced came\. Try again later with: /),
		});
		expect(listing(snapshotOf(root, big))).toEqual([]);
		fake.clearFaults();
		fake.fault({ match: cdn, fault: { kind: 'body', body: Buffer.alloc(100) } });
		expect((await get(orderOf('org/big'))).error).toMatchObject({
			code: 'integrity_failed',
			message: 'The CDN has another file than the Hub named.',
		});
		fake.clearFaults();
		expect((await get(orderOf('org/big'))).state).toBe('ready');
		expect(wrongFiles(root, big)).toEqual([]);
	});

	it('is refused by another host, with the token kept at home', async () => {
		let seen = 0;
		const stranger = createServer((_, response) => {
			seen += 1;
			response.end('x');
		});
		await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
		const address = stranger.address();
		const port = typeof address === 'object' ? address?.port : 0;
		for (const to of [
			'http://169.254.169.254/x',
			'https://evil.example/x',
			`http://localhost:${port}/x`,
			'file:///etc/passwd',
		]) {
			const { get } = downloadsRig({ hub, folder: fresh() });
			fake.resetStats();
			fake.fault({ match: 'resolve/', fault: { kind: 'redirect', to, status: 302 } });
			const { error } = await get(orderOf('org/big', { files: ['model.safetensors'] }));
			expect(error).toMatchObject({
				code: 'redirect_blocked',
				message: expect.stringMatching(/^The Hub redirected to an address that is not allowed: /),
			});
			fake.clearFaults();
		}
		expect(fake.stats.tokensAtCdn).toBe(0);
		expect(seen).toBe(0);
		await new Promise((resolve) => stranger.close(resolve));
		const { get } = downloadsRig({ hub, folder: fresh() });
		fake.resetStats();
		expect((await get(orderOf('org/big'))).state).toBe('ready');
		expect(fake.stats.tokensAtCdn).toBe(0);
		expect(
			fake.stats.requests
				.filter(({ origin }) => origin === 'hub')
				.every(({ authorization }) => authorization === 'Bearer hf_new'),
		).toBe(true);
	});
});

describe('a closed gate', () => {
	it.each([
		[
			null,
			'sign_in',
			/^org\/gated is gated: accept its conditions at http.*\/org\/gated and set HF_TOKEN to a token of that account\.$/,
		],
		['hf_new', 'accept', /^org\/gated is gated: accept its conditions at http.*\/org\/gated, then try again\.$/],
		['hf_asked', 'pending', /^Your request for org\/gated is waiting for its authors at http.*\/org\/gated\.$/],
		['hf_refused', 'rejected', /^The authors of org\/gated have turned down your request for it\.$/],
		[
			'hf_narrow',
			'token',
			/^Your token may not read gated models: allow that in its settings on http.*\/settings\/tokens, for org\/gated\.$/,
		],
	])('says to %s how they stand: %s', async (token, gate, sentence) => {
		const { get, downloads, root } = downloadsRig({ hub: another({ token }), folder: fresh() });
		const plan = await downloads.plan(orderOf('org/gated'));
		expect(plan.gate).toEqual({ state: gate, message: expect.stringMatching(sentence) });
		expect(plan.total).toBe(40_000 + config.length);
		const failed = await get(orderOf('org/gated'));
		expect(failed.error).toEqual({ code: 'gated', message: expect.stringMatching(sentence), gate, retriable: true });
		expect(listing(root)).toEqual([]);
	});

	it('is open to whoever was let in', async () => {
		const { get, root } = downloadsRig({ hub: another({ token: 'hf_accepted' }), folder: fresh() });
		expect((await get(orderOf('org/gated'))).state).toBe('ready');
		expect(wrongFiles(root, gated)).toEqual([]);
	});
});

describe('a hostile list', () => {
	it.each([
		['../../pwned', 'unsafe_file_name'],
		['/etc/pwned', 'unsafe_file_name'],
		['a\\..\\pwned', 'unsafe_file_name'],
		['C:\\pwned', 'unsafe_file_name'],
		['nul.txt', 'unsafe_file_name'],
		['sub//x', 'unsafe_file_name'],
	])('with %s condemns the whole download before anything is written', async (path, code) => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		const add = (value: unknown) => [
			...(Array.isArray(value) ? value : []),
			{ type: 'file', oid: '0'.repeat(40), size: 1, path },
		];
		fake.fault({ match: '/tree/', fault: { kind: 'json', change: add } });
		const { error } = await get(orderOf('org/big'));
		expect(error).toMatchObject({
			code,
			message: expect.stringMatching(/^Nothing of org\/big was downloaded, because its list of files holds /),
		});
		expect(listing(root)).toEqual([]);
	});

	it.each(['../../pwned', '', 'A'.repeat(64), '0'.repeat(63)])('with the digest "%s" does, too', async (oid) => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		const change = (value: unknown) =>
			Array.isArray(value) ? value.map((row) => ({ ...row, ...(row.lfs ? { lfs: { ...row.lfs, oid } } : {}) })) : value;
		fake.fault({ match: '/tree/', fault: { kind: 'json', change } });
		expect((await get(orderOf('org/big'))).error?.code).toBe('invalid_digest');
		expect(listing(root)).toEqual([]);
	});
});

describe('the disk', () => {
	it('[S31] is asked for room before the first byte, with what others have spoken for', async () => {
		const { get, downloads } = downloadsRig({ hub, folder: fresh(), freeBytes: async () => 77e9, keepFree: 1024 ** 3 });
		const { error } = await get(orderOf('org/huge'));
		expect(error).toEqual({
			code: 'insufficient_storage',
			message: 'org/huge needs 526 GB on the disk of the model cache, and 77 GB are free.',
			retriable: true,
		});
		expect(ranges()).toEqual([]);
		expect((await downloads.plan(orderOf('org/huge'))).disk).toMatchObject({ free_bytes: 77e9, enough: false });
	});

	it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
		'that fills up says so, keeps the part, and is gone on with',
		async () => {
			const folder = fresh();
			const root = join(folder, 'hub');
			mkdirSync(root);
			execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', root]);
			try {
				const { get } = downloadsRig({ hub, folder, root, freeBytes: async () => 1e12 });
				const { error, bytes } = await get(orderOf('org/big'));
				expect(error).toEqual({
					code: 'disk_full',
					message:
						'The disk is full, so model.safetensors could not be written to the model cache; make room, then go on: what is here is kept.',
					retriable: true,
				});
				expect(bytes).toBeGreaterThan(1_000_000);
				expect(wrongFiles(root, big)).toEqual([]);
				execFileSync('mount', ['-o', 'remount,size=20m', root]);
				fake.resetStats();
				expect((await get(orderOf('org/big'))).state).toBe('ready');
				expect(Number(/\d+/.exec(String(ranges()[0]?.[0]))?.[0])).toBeGreaterThan(1_000_000);
				expect(wrongFiles(root, big)).toEqual([]);
			} finally {
				execFileSync('umount', [root]);
			}
		},
	);

	it.runIf(process.platform === 'linux' && process.getuid?.() === 0)('that is read-only says so at once', async () => {
		const folder = fresh();
		const root = join(folder, 'hub');
		mkdirSync(root);
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,ro', 'tmpfs', root]);
		try {
			const { get } = downloadsRig({ hub, folder, root });
			expect((await get(orderOf('org/big'))).error).toEqual({
				code: 'not_writable',
				message: 'The model cache cannot be written (its disk is read-only), so org/big has no place.',
				retriable: true,
			});
			expect(ranges()).toEqual([]);
		} finally {
			execFileSync('umount', [root]);
		}
	});

	it('is written nowhere through links that lead elsewhere', async () => {
		for (const link of ['models--org--big', 'models--org--big/blobs', 'models--org--big/snapshots']) {
			const folder = fresh();
			const outside = join(folder, 'outside');
			mkdirSync(outside);
			mkdirSync(join(folder, 'hub', link, '..'), { recursive: true });
			symlinkSync(outside, join(folder, 'hub', link));
			const { get } = downloadsRig({ hub, folder });
			expect((await get(orderOf('org/big'))).error?.code).toBe('unsafe_local_path');
			expect(readdirSync(outside).filter((name) => !['blobs', 'snapshots', 'refs'].includes(name))).toEqual([]);
		}
	});

	it('with a damaged content under its right name is put right', async () => {
		const folder = fresh();
		const { get, root } = downloadsRig({ hub, folder });
		mkdirSync(join(root, 'models--org--big/blobs'), { recursive: true });
		writeFileSync(join(root, 'models--org--big/blobs', digest), Buffer.alloc(size));
		expect(await get(orderOf('org/big'))).toMatchObject({
			state: 'ready',
			warnings: ['model.safetensors was here already, but damaged: it is fetched again.'],
		});
		expect(wrongFiles(root, big)).toEqual([]);
	});
});

describe('offline', () => {
	it('asks for nothing and says what forbids it', async () => {
		const { get } = downloadsRig({ hub: another({ offline: true }), folder: fresh() });
		expect((await get(orderOf('org/big'))).error).toEqual({
			code: 'offline',
			message: 'HF_HUB_OFFLINE is set, so nothing of org/big was downloaded.',
			retriable: true,
		});
		expect(fake.stats.requests).toEqual([]);
	});

	it('without it, a Hub that cannot be reached is a failure that can be tried again', async () => {
		const { get } = downloadsRig({ hub: another({ endpoint: 'http://127.0.0.1:9' }), folder: fresh() });
		expect((await get(orderOf('org/big'))).error).toMatchObject({ code: 'hub_unreachable', retriable: true });
	});
});
