// Lines to the Hub that break, stall or lead to nobody: what is noticed, and in what time.
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Hub } from '#lib/server/hub.ts';
import { failure } from '../support/failure.ts';
import { hubRig } from '../support/hub-rig.ts';
import { another, config, deadlines, fake, read, repos, token } from '../support/transport-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

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
		await expect.poll(() => fake.stats.open, { interval: 5 }).toBe(0);
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
