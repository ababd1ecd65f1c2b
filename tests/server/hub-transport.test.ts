// Bytes between here and the Hub: redirects, tokens and sizes.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkRedirect, isInnerAddress } from '#lib/server/outbound.ts';
import { failure } from '../support/failure.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { hubRig } from '../support/hub-rig.ts';
import { another, config, fake, large, read, repos, token } from '../support/transport-rig.ts';

describe('a small file', () => {
	it('comes through the cache of small files, with the query of the redirect and the token', async () => {
		const file = await read({ token });
		const [first, second] = fake.stats.requests;
		expect(file).toMatchObject({ text: config, commit: repos[0]?.refs.main, movedTo: null });
		expect(second?.path).toMatch(/^\/api\/resolve-cache\/models\/meadow\/Open\/[0-9a-f]{40}\/config\.json\?.+&etag=/);
		expect([first?.authorization, second?.authorization]).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
		expect(first?.headers['accept-encoding']).toBe('identity');
		const digest = createHash('sha1').update(`blob ${config.length}\0${config}`).digest('hex');
		expect(file?.etag).toBe(digest);
	});

	it('is not sent again when it has not changed', async () => {
		const hub = another();
		const etag = (await hub.file('meadow/Open', 'config.json'))?.etag ?? '';
		const again = await hub.file('meadow/Open', 'config.json', { etag });
		expect(again).toMatchObject({ text: null, commit: repos[0]?.refs.main, etag });
		expect(fake.stats.requests.at(-1)?.status).toBe(304);
	});

	it('is read at a pull request, a tag or a commit', async () => {
		const sha = repos[0]?.refs.main ?? '';
		for (const revision of [sha, 'main', sha.slice(0, 10)]) {
			expect((await another().file('meadow/Open', 'config.json', { revision }))?.commit).toBe(sha);
		}
	});
});

describe('a large file', () => {
	it('comes from the CDN without the token, named by the SHA-256 of its content', async () => {
		const file = await another({ token }).file('meadow/Open', 'big/config.json');
		expect(file?.text).toBe(large);
		expect(file?.etag).toBe(createHash('sha256').update(large).digest('hex'));
		expect(fake.stats.tokensAtCdn).toBe(0);
		expect(fake.stats.requests.map(({ origin, status }) => [origin, status])).toEqual([
			['hub', 302],
			['cdn', 200],
		]);
	});

	it('is given up to a limit when that is asked for', async () => {
		const file = await another().file('meadow/Open', 'big/config.json', { limitBytes: 5000 });
		expect(file?.text).toBe(large.slice(0, 5000));
	});
});

describe('redirects', () => {
	const cases = [
		'http://169.254.169.254/latest/meta-data/',
		'http://[::1]:9/',
		'http://0.0.0.0/',
		'http://10.0.0.1/',
		'https://93.184.216.34/',
		'https://evil.example/',
		'https://huggingface.co.evil.example/',
		'https://evilhuggingface.co/',
		'http://huggingface.co@evil.example/',
		'http://user:pass@127.0.0.1/',
		'http://cdn.hf.co/',
		'https://hf.co:8443/',
		'file:///etc/passwd',
		'ftp://huggingface.co/x',
		'http://',
	];
	it.each(cases)('[S32] to %s are not followed', async (to) => {
		fake.fault({ match: '/resolve/', fault: { kind: 'redirect', to } });
		const refused = await failure(read({ token }));
		expect(refused).toMatchObject({ code: 'redirect_blocked', status: 502 });
		expect(fake.stats.requests).toHaveLength(1);
	});

	it.each([
		'http://127.0.0.1:1/',
		'http://[::ffff:127.0.0.1]/',
		'http://2130706433/',
		'http://0x7f.1/',
		'http://localhost/',
	])('of a public Hub to %s are not followed', (to) => {
		const check = () => checkRedirect(new URL(to), new URL('https://huggingface.co'));
		expect(check).toThrowError(expect.objectContaining({ code: 'redirect_blocked' }));
	});

	it('of a public Hub to its own hosts are followed', () => {
		for (const to of ['https://huggingface.co/x', 'https://us.aws.cdn.hf.co/x', 'https://cdn-lfs.huggingface.co/x']) {
			expect(checkRedirect(new URL(to), new URL('https://huggingface.co'))).toBeUndefined();
		}
	});

	it('to another port of the loopback Hub are followed without the token', async () => {
		const { fake: other } = await hubRig({ repos });
		fake.fault({
			match: '/resolve/',
			fault: { kind: 'redirect', to: `${other.url}/meadow/Open/resolve/main/config.json` },
		});
		expect((await read({ token }))?.text).toBe(config);
		expect(other.stats.requests.length).toBeGreaterThan(0);
		expect(other.stats.requests.every(({ authorization }) => authorization === null)).toBe(true);
	});

	it('in a circle end soon', async () => {
		fake.fault({ match: '/a', fault: { kind: 'redirect', to: '/b' } });
		fake.fault({ match: '/b', fault: { kind: 'redirect', to: '/a' } });
		fake.fault({ match: '/resolve/', fault: { kind: 'redirect', to: '/a' } });
		expect(await failure(read())).toMatchObject({ code: 'too_many_redirects', status: 502 });
		expect(fake.stats.requests.length).toBeLessThanOrEqual(6);
	});

	it('[S33] in a chain of 50 end after five', async () => {
		for (let i = 0; i < 50; i += 1)
			fake.fault({ match: `/hop${i}.`, fault: { kind: 'redirect', to: `/hop${i + 1}.` } });
		fake.fault({ match: '/resolve/', fault: { kind: 'redirect', to: '/hop0.' } });
		expect(await failure(read())).toMatchObject({ code: 'too_many_redirects' });
		expect(fake.stats.requests).toHaveLength(6);
	});

	it('without an address are refused', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'redirect', to: null } });
		expect(await failure(read())).toMatchObject({ code: 'too_many_redirects' });
	});
});

describe('isInnerAddress', () => {
	it.each([
		'127.0.0.1',
		'10.1.2.3',
		'172.20.0.1',
		'192.168.1.1',
		'169.254.1.1',
		'100.64.0.1',
		'0.0.0.0',
		'224.0.0.1',
		'::1',
		'::',
		'fe80::1',
		'fd00::1',
		'ff02::1',
		'::ffff:10.0.0.1',
		'::ffff:7f00:1',
		'64:ff9b::a00:1',
		'nonsense',
	])('says yes to %s', (address) => expect(isInnerAddress(address)).toBe(true));
	it.each(['93.184.216.34', '2606:4700::1', '::ffff:93.184.216.34', '172.32.0.1'])('says no to %s', (address) =>
		expect(isInnerAddress(address)).toBe(false),
	);
});

describe('sizes', () => {
	it('stops a list page beyond 25 MB and a file beyond 5 MB early', async () => {
		fake.fault({ match: 'resolve-cache', fault: { kind: 'body', body: Buffer.alloc(100_000_000, 32) } });
		expect(await failure(read())).toMatchObject({ code: 'response_too_large', status: 502 });
		fake.fault({ match: '/api/models?', fault: { kind: 'body', body: Buffer.alloc(40_000_000, 32) } });
		expect(await failure(another().list({}).next())).toMatchObject({ code: 'response_too_large' });
	});

	it.each(['gzip', 'br'] as const)('[S50] stops a %s bomb after a few decoded megabytes', async (coding) => {
		const before = process.memoryUsage().rss;
		fake.fault({ match: 'resolve-cache', fault: { kind: 'encode', codings: [coding] } });
		const bomb = fakeRepo({ id: 'meadow/Bomb', files: { 'config.json': '{}' } });
		fake.world.set([...repos, bomb]);
		const packed = Buffer.concat(Array<Buffer>(3000).fill(gzipSync(Buffer.alloc(100_000, 32))));
		if (coding === 'gzip') {
			fake.clearFaults();
			const headers = { 'content-encoding': 'gzip' };
			fake.fault({ match: 'resolve-cache', fault: { kind: 'body', body: packed, headers } });
			expect(await failure(another().file('meadow/Bomb', 'config.json'))).toMatchObject({ code: 'response_too_large' });
		} else {
			expect((await another().file('meadow/Bomb', 'config.json'))?.text).toBe('{}');
		}
		expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
		fake.world.set(repos);
	});

	it('refuses more than one content coding', async () => {
		fake.fault({
			match: 'resolve-cache',
			fault: { kind: 'encode', codings: ['gzip', 'gzip', 'gzip', 'gzip', 'gzip', 'gzip'] },
		});
		expect(await failure(read())).toMatchObject({ code: 'hub_error' });
	});

	it('reads compressed lists', async () => {
		fake.fault({ match: '/api/models?', fault: { kind: 'encode', codings: ['br'] } });
		expect((await another().list({}).next()).value?.rows).toHaveLength(1);
		expect(fake.stats.requests[0]?.headers['accept-encoding']).toBe('gzip, br');
	});
});
