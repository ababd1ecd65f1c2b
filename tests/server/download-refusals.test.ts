// Downloads that end before they begin: closed gates, hostile lists, a full disk, a Hub out of reach.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { another, big, config, digest, fake, fresh, gated, hub, ranges, size } from '../support/download-faults-rig.ts';
import { downloadsRig, listing, orderOf, wrongFiles } from '../support/downloads-rig.ts';

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
						'The disk is full (ENOSPC), so model.safetensors could not be written to the model cache; make room, then go on: what is here is kept.',
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
				message: 'The model cache cannot be written (its disk is read-only: EROFS), so org/big has no place.',
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
