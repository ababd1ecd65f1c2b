// Bytes between here and the Hub: redirects, tokens, sizes, broken lines, deadlines, retries and limits.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { checkRedirect, isInnerAddress } from '#lib/server/outbound.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Hub } from '#lib/server/hub.ts';
import { asReady } from '#lib/server/pool.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { hubRig, idle } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const config = JSON.stringify({ model_type: 'llama', note: 'x'.repeat(3000) });
const large = JSON.stringify({ model_type: 'llama', list: randomBytes(9000).toString('hex') });
const repos = [fakeRepo({ id: 'meadow/Open', files: { 'config.json': config, 'big/config.json': large } })];
const users = [{ token: 'hf_testtoken', name: 'ada' }];
const deadlines = { headersMs: 300, idleMs: 300, totalMs: 1500, connectMs: 500 };
const { fake, another } = await hubRig({ repos, users, deadlines });
const token = 'hf_testtoken';
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

async function failure(work: Promise<unknown>): Promise<Failure> {
	const error = await work.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	if (error instanceof Failure) return error;
	throw new Error('It did not fail, or not with a Failure', { cause: error });
}

const read = (options: { token?: string | null } = {}) => another(options).file('meadow/Open', 'config.json');

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
		const packed = gzipSync(Buffer.alloc(300_000_000, 32));
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

describe('a broken line', () => {
	it('[S28] cut after any number of bytes gives the right content or a failure, never a wrong one', async () => {
		const hub = another();
		let failures = 0;
		for (let after = 0; after <= config.length; after += 250) {
			for (const kind of ['reset', 'cut', 'short'] as const) {
				const fault = kind === 'short' ? { kind, missing: config.length - after } : { kind, after };
				const takeBack = fake.fault({ match: 'resolve-cache', fault });
				const result = await hub.file('meadow/Open', 'config.json').catch((error: unknown) => error);
				takeBack();
				if (result instanceof Failure) failures += 1;
				else expect(result).toMatchObject({ text: config });
			}
			await hub.file('meadow/Open', 'config.json').catch(() => {}); // a good one in between refills what retries cost
		}
		expect(failures).toBeGreaterThan(20);
	}, 30_000);

	it('that breaks once is not noticed', async () => {
		fake.fault({ match: 'resolve-cache', times: 1, fault: { kind: 'reset', after: 100 } });
		expect((await read())?.text).toBe(config);
	});

	it('with one flipped bit is noticed and asked again', async () => {
		fake.fault({ match: 'resolve-cache', times: 1, fault: { kind: 'flip', at: 30 } });
		expect((await read())?.text).toBe(config);
		fake.fault({ match: 'resolve-cache', fault: { kind: 'flip', at: 30 } });
		expect(await failure(read())).toMatchObject({ code: 'integrity_failed', status: 502 });
	});

	it('behind which a web page answers is no config', async () => {
		const page = { status: 200, type: 'text/html', body: '<html>Sign in to the wifi</html>' };
		fake.fault({ match: '/resolve/', fault: { kind: 'status', ...page } });
		expect(await failure(read())).toMatchObject({ code: 'hub_error' });
	});
});

describe('a slow Hub', () => {
	it('that sends no headers is given up in time', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const started = Date.now();
		const work = another().file('meadow/Open', 'config.json', { priority: 'click' });
		expect(await failure(work)).toMatchObject({ code: 'hub_timeout', status: 504 });
		expect(Date.now() - started).toBeLessThan(6000);
	});

	it('that stops in the middle is given up in time', async () => {
		fake.fault({ match: 'resolve-cache', fault: { kind: 'stall', where: 'body', ms: 60_000 } });
		const work = another().file('meadow/Open', 'config.json', { priority: 'click' });
		expect(await failure(work)).toMatchObject({ code: 'hub_timeout' });
	});

	it('that drips for ever is given up in time', async () => {
		fake.fault({ match: 'resolve-cache', fault: { kind: 'drip', bytes: 1, everyMs: 20 } });
		const work = another().file('meadow/Open', 'config.json', { priority: 'click' });
		expect(await failure(work)).toMatchObject({ code: 'hub_timeout' });
	});

	it('that is slow but steady is waited for', async () => {
		fake.fault({ match: 'resolve-cache', fault: { kind: 'drip', bytes: 400, everyMs: 100 } });
		expect((await read())?.text).toBe(config);
	});

	it('is left alone at once when the caller leaves', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const controller = new AbortController();
		const work = another().file('meadow/Open', 'config.json', { signal: controller.signal });
		await expect.poll(() => fake.stats.open).toBe(1);
		controller.abort();
		await expect(work).rejects.toMatchObject({ name: 'AbortError' });
		await expect.poll(() => fake.stats.open, { timeout: 250, interval: 10 }).toBe(0);
	});
});

describe('nobody there', () => {
	const client = (endpoint: string, clock = new VirtualClock(), proxy: string | null = null) =>
		new Hub({ endpoint, token, offline: false, proxy, version: 'test', clock, random: () => 0, deadlines });

	it('is noticed at once, remembered for a while, and tried again after it', async () => {
		const clock = new VirtualClock();
		const { fake: brief } = await hubRig({ repos });
		await brief.close();
		const hub = client(brief.url, clock);
		const started = Date.now();
		expect(hub.online).toBeNull();
		const refused = await failure(hub.file('meadow/Open', 'config.json'));
		expect(refused).toMatchObject({ code: 'hub_unreachable', status: 502 });
		expect(Date.now() - started).toBeLessThan(3000);
		expect(hub.online).toBe(false);

		const back = (await hubRig({ repos, port: Number(new URL(brief.url).port) })).fake;
		expect(await failure(hub.file('meadow/Open', 'config.json'))).toMatchObject({ code: 'hub_unreachable' });
		expect(back.stats.requests).toHaveLength(0);
		expect((await hub.file('meadow/Open', 'config.json', { probe: true }))?.text).toBe(config);
		expect(hub.online).toBe(true);
		await hub.close();
	});

	it('is a host without a name, or one that speaks no HTTP', async () => {
		const nameless = client('http://nobody.invalid');
		expect(await failure(nameless.info('meadow/Open'))).toMatchObject({ code: 'hub_unreachable' });
		await nameless.close();
		const noise = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
		await new Promise<void>((resolve) => noise.listen(0, '127.0.0.1', resolve));
		const address = noise.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		const hub = client(`http://127.0.0.1:${port}`, machineClockLike());
		expect(await failure(hub.info('meadow/Open'))).toMatchObject({ code: 'hub_unreachable' });
		await hub.close();
		noise.close();
	});

	it('goes through the proxy for an https Hub, and says when that refuses', async () => {
		const asked: string[] = [];
		const proxy = createServer((socket) => {
			socket.once('data', (data) => {
				asked.push(data.toString().split('\r\n')[0] ?? '');
				socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
			});
		});
		await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
		const address = proxy.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		const hub = client('https://hub.example', machineClockLike(), `http://127.0.0.1:${port}`);
		expect(await failure(hub.info('meadow/Open'))).toMatchObject({ code: 'hub_unreachable' });
		expect(asked[0]).toBe('CONNECT hub.example:443 HTTP/1.1');
		await hub.close();
		proxy.close();
	});
});

/** The machine's clock where real sockets set the pace and nothing is worth leaping over. */
function machineClockLike(): VirtualClock {
	return Object.assign(new VirtualClock(), { after: machineClock.after });
}

describe('retries and limits', () => {
	it.each([408, 425, 500, 502, 503, 504])('asks again after %i', async (status) => {
		fake.fault({ match: '/resolve/', times: 2, fault: { kind: 'status', status } });
		expect((await read())?.text).toBe(config);
		expect(fake.stats.requests).toHaveLength(4);
	});

	it('asks six times at most', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'status', status: 503 } });
		expect(await failure(read())).toMatchObject({ code: 'hub_unreachable', status: 502, statusCode: 503 });
		expect(fake.stats.requests).toHaveLength(6);
	});

	it('does not answer an outage with a storm', async () => {
		const hub = another();
		fake.fault({ match: '/resolve/', fault: { kind: 'status', status: 503 } });
		const work = Array.from({ length: 40 }, () => failure(hub.file('meadow/Open', 'config.json')));
		await Promise.all(work);
		expect(fake.stats.requests.length).toBeLessThanOrEqual(50);
	});

	it('waits for a new window after a 429, holds up only that bucket, and tells a click at once', async () => {
		const clock = new VirtualClock();
		const rig = await hubRig({ repos, clock, now: clock.now, quotas: { api: 20, resolvers: 3 }, windowSeconds: 60 });
		await rig.hub.file('meadow/Open', 'config.json');
		const click = rig.hub.file('meadow/Open', 'config.json', { priority: 'click' });
		expect(await failure(click)).toMatchObject({ code: 'rate_limited', status: 503 });
		expect((await rig.hub.info('meadow/Open')).facts.id).toBe('meadow/Open');
		const started = clock.ticks();
		const patient = rig.hub.file('meadow/Open', 'config.json');
		const file = await clock.during(patient, idle(rig.fake));
		expect(file?.text).toBe(config);
		expect(clock.ticks() - started).toBeGreaterThan(50_000);
		expect(rig.fake.stats.limited).toBe(0);
	});

	it.each([
		['a window', { seconds: 30 }, 30],
		['seconds', { retryAfter: '40' }, 40],
		['a date', { retryAfter: new Date(Date.UTC(2026, 10, 21, 12, 0, 50)).toUTCString() }, 45],
		['nothing', {}, 1],
		['a negative number', { retryAfter: '-7' }, 1],
		['nonsense', { rateLimit: '"api";r=;t=soon' }, 1],
	])('after a 429 with %s waits as long as that means', async (_, hints, seconds) => {
		const clock = new VirtualClock();
		const rig = await hubRig({ repos, clock, now: clock.now });
		rig.fake.fault({ match: '/api/models/', times: 1, fault: { kind: 'limited', ...hints } });
		const started = clock.ticks();
		await clock.during(rig.hub.info('meadow/Open'), idle(rig.fake));
		const waited = (clock.ticks() - started) / 1000;
		expect(waited).toBeGreaterThanOrEqual(seconds);
		expect(waited).toBeLessThanOrEqual(seconds + 8);
		expect(rig.fake.stats.requests).toHaveLength(2);
	});

	it('gives up when a 429 asks for an absurd wait', async () => {
		fake.fault({ match: '/api/models/', fault: { kind: 'limited', retryAfter: '1000000000' } });
		expect(await failure(another().info('meadow/Open'))).toMatchObject({
			code: 'rate_limited',
			retryAfterSeconds: 900,
		});
	});
});

describe('many at once', () => {
	it('reads every config of a Hub that fails three times in ten, at little more than the least cost', async () => {
		const models = fakeModels(400).filter(({ commits }) => 'config.json' in (commits[0]?.files ?? {}));
		const open = models.map((repo) => ({ ...repo, gated: false as const }));
		const clock = new VirtualClock();
		const rig = await hubRig({ repos: open, clock, now: clock.now, seed: 11, quotas: { resolvers: 100_000 } });
		const chance = 0.0689; // five faults one after another: three in ten requests are hit
		rig.fake.fault({ match: '/resolve/', chance, fault: { kind: 'limited' } });
		for (const status of [500, 502, 503, 504]) {
			rig.fake.fault({ match: '/resolve/', chance, fault: { kind: 'status', status } });
		}
		const readOne = async (id: string): Promise<boolean> => {
			for (let round = 0; round < 3; round += 1) {
				const file = await rig.hub.file(id, 'config.json').catch((error: unknown) => error);
				if (file instanceof Error) continue;
				return true;
			}
			return false;
		};
		const all = Promise.all(open.map(({ id }) => readOne(id)));
		const results = await clock.during(all, idle(rig.fake));
		expect(results.filter((good) => good)).toHaveLength(open.length);
		const resolves = rig.fake.stats.requests.filter(({ path }) => path.includes('/resolve/')).length;
		expect(resolves).toBeLessThanOrEqual(open.length * 1.55);
	}, 60_000);

	it('obeys a small window to the end: everything read, hardly a refusal, no longer than the windows need', async () => {
		const open = fakeModels(240).filter(({ commits }) => 'config.json' in (commits[0]?.files ?? {}));
		const models = open.map((repo) => ({ ...repo, gated: false as const }));
		const clock = new VirtualClock();
		const quota = 100;
		const rig = await hubRig({
			repos: models,
			clock,
			now: clock.now,
			quotas: { resolvers: quota },
			windowSeconds: 300,
		});
		const started = clock.ticks();
		const { signal } = new AbortController();
		const work = async () => {
			let good = 0;
			const files = asReady(models, { concurrency: 12, signal }, ({ id }) => rig.hub.file(id, 'config.json'));
			for await (const file of files) good += file?.text == null ? 0 : 1;
			return good;
		};
		const good = await clock.during(work(), idle(rig.fake));
		const seconds = (clock.ticks() - started) / 1000;
		expect(good).toBe(models.length);
		const needed = Math.ceil((models.length * 2) / (quota * 0.9)) - 1;
		expect(seconds).toBeLessThanOrEqual(needed * 300 + 5 + needed * 2);
		expect(rig.fake.stats.limited).toBeLessThanOrEqual(3);
	}, 60_000);
});
