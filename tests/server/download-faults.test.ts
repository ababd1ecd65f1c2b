// What can go wrong with a transfer, one fault per test: what is recovered from, and the failure of what is not.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { big, digest, fake, fresh, hub, ranges } from '../support/download-faults-rig.ts';
import { downloadsRig, listing, orderOf, snapshotOf, wrongFiles } from '../support/downloads-rig.ts';

const cdn = '/xet-bridge';
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
