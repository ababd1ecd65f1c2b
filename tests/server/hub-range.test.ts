// Parts of large files from the Hub: the very bytes asked for, the token kept at home, and servers that send something else.
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { failure } from '../support/failure.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { hubRig } from '../support/hub-rig.ts';

const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, at) => at % 251));
const repos = [
	fakeRepo({
		id: 'ranges/Open',
		files: { 'model.gguf': bytes, 'huge.gguf': { seed: 3, size: 60e9, head: bytes }, 'config.json': '{"a": 1}' },
	}),
	fakeRepo({ id: 'ranges/Gated', gated: 'manual', files: { 'model.gguf': bytes } }),
];
const token = 'hf_testtoken';
const users = [{ token, name: 'ada' }];
const deadlines = { headersMs: 400, idleMs: 400, totalMs: 2000, pageMs: 2000, connectMs: 500 };
const { fake, another } = await hubRig({ repos, users, deadlines });
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const piece = (start: number, length: number, path = 'model.gguf') =>
	another({ token }).range('ranges/Open', path, { start, length });

describe('a part of a file', () => {
	it('is what was asked for, from the CDN, without the token there', async () => {
		const found = await piece(1000, 500);
		expect(found?.bytes.equals(bytes.subarray(1000, 1500))).toBe(true);
		expect(found).toMatchObject({
			size: 40_000,
			commit: repos[0]?.refs.main,
			etag: createHash('sha256').update(bytes).digest('hex'),
			movedTo: null,
		});
		expect(fake.stats.requests.map(({ origin, status }) => [origin, status])).toEqual([
			['hub', 302],
			['cdn', 206],
		]);
		expect(fake.stats.requests.map(({ headers }) => headers['range'])).toEqual(['bytes=1000-1499', 'bytes=1000-1499']);
		expect(fake.stats.tokensAtCdn).toBe(0);
	});

	it('is shorter at the end of the file, and nothing behind it', async () => {
		expect((await piece(39_990, 500))?.bytes).toHaveLength(10);
		expect(await piece(40_000, 500)).toMatchObject({ size: 40_000, bytes: Buffer.alloc(0) });
	});

	it('of 60 GB costs no more than itself', async () => {
		const found = await piece(59_999_999_990, 100, 'huge.gguf');
		expect(found).toMatchObject({ size: 60e9, bytes: expect.objectContaining({ length: 10 }) });
	});

	it('of a small file comes from the Hub itself', async () => {
		expect((await piece(2, 3, 'config.json'))?.bytes.toString()).toBe('a":');
		expect(new Set(fake.stats.requests.map(({ origin }) => origin))).toEqual(new Set(['hub']));
	});

	it('is null when there is no such file', async () => {
		expect(await piece(0, 10, 'other.gguf')).toBeNull();
	});

	it('is refused behind a gate, and for names that are none', async () => {
		const hub = another();
		expect(await failure(hub.range('ranges/Gated', 'model.gguf', { start: 0, length: 8 }))).toMatchObject({
			code: 'gated',
		});
		const asked = fake.stats.requests.length;
		expect(await failure(hub.range('../x', 'a', { start: 0, length: 8 }))).toMatchObject({ code: 'invalid_model_id' });
		const odd = hub.range('ranges/Open', 'a', { revision: '../x', start: 0, length: 8 });
		expect(await failure(odd)).toMatchObject({ code: 'invalid_revision' });
		expect(fake.stats.requests).toHaveLength(asked);
	});
});

describe('a server that does not know parts', () => {
	it('is read up to the part and no further', async () => {
		fake.fault({ match: 'xet-bridge', fault: { kind: 'whole' } });
		const found = await piece(1000, 500);
		expect(found?.bytes.equals(bytes.subarray(1000, 1500))).toBe(true);
		expect(found?.size).toBe(40_000);
	});

	it('[S30] is not read further than it says itself', async () => {
		fake.fault({ match: 'xet-bridge', fault: { kind: 'body', body: Buffer.alloc(5_000_000, 7) } });
		expect((await piece(10, 1000, 'huge.gguf'))?.bytes.equals(Buffer.alloc(1000, 7))).toBe(true);
	});
});

const lies: [string, (headers: Record<string, string>) => Record<string, string>, string][] = [
	['another place', (headers) => ({ ...headers, 'content-range': 'bytes 0-499/40000' }), 'hub_error'],
	['no place', ({ 'content-range': _gone, ...headers }) => headers, 'hub_error'],
	['a place that is none', (headers) => ({ ...headers, 'content-range': 'bytes a-b/c' }), 'hub_error'],
	['more than was asked', (headers) => ({ ...headers, 'content-range': 'bytes 1000-9999/40000' }), 'hub_error'],
	['an end behind the end', (headers) => ({ ...headers, 'content-range': 'bytes 1000-1499/1200' }), 'hub_error'],
	['another size', (headers) => ({ ...headers, 'content-range': 'bytes 1000-1499/50000' }), 'integrity_failed'],
];

describe('a reply that is not what was asked for', () => {
	it.each(lies)('with %s is a failure, after one more try', async (_name, change, code) => {
		fake.fault({ match: 'xet-bridge', fault: { kind: 'headers', change } });
		expect(await failure(piece(1000, 500))).toMatchObject({ code });
		expect(fake.stats.requests.filter(({ origin }) => origin === 'cdn')).toHaveLength(2);
	});

	it('is forgotten when the second try is right', async () => {
		fake.fault({
			match: 'xet-bridge',
			times: 1,
			fault: { kind: 'headers', change: (headers) => ({ ...headers, 'content-range': 'bytes 0-499/40000' }) },
		});
		expect((await piece(1000, 500))?.bytes).toHaveLength(500);
	});

	it('that breaks off is asked for again', async () => {
		fake.fault({ match: 'xet-bridge', times: 1, fault: { kind: 'reset', after: 100 } });
		expect((await piece(1000, 500))?.bytes).toHaveLength(500);
	});

	it('to a foreign host is not followed', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'redirect', to: 'https://evil.example/x', status: 302 } });
		expect(await failure(piece(0, 10))).toMatchObject({ code: 'redirect_blocked' });
	});

	it('that is a web page in the place of a file is a failure', async () => {
		fake.fault({
			match: '/resolve/',
			fault: { kind: 'status', status: 200, body: '<html>Sign in</html>' },
		});
		expect(await failure(piece(0, 10))).toMatchObject({ code: 'hub_error' });
	});

	it('with an expired address is a refusal', async () => {
		fake.fault({ match: 'xet-bridge', fault: { kind: 'status', status: 403, body: '<Error>AccessDenied</Error>' } });
		expect(await failure(piece(0, 10))).toMatchObject({ code: 'forbidden' });
	});
});
