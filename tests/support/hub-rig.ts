// A fake Hub and a real client of it, for tests that want both on one clock.
import { afterAll } from 'vitest';
import { machineClock, type Clock } from '#lib/server/clock.ts';
import { Hub } from '#lib/server/hub.ts';
import type { Deadlines } from '#lib/server/hub-transport.ts';
import { seeded } from './seeded.ts';
import { startFakeHub, type FakeHub, type FakeHubOptions } from './fake-hub.ts';

interface RigOptions extends FakeHubOptions {
	token?: string | null;
	offline?: boolean;
	clock?: Clock;
	deadlines?: Partial<Deadlines>;
	/** Another address than the fake's own. */
	endpoint?: string;
}

export interface HubRig {
	fake: FakeHub;
	hub: Hub;
	/** Another client of the same fake, with its own memory. */
	another(options?: Partial<RigOptions>): Hub;
}

/** Starts a fake Hub and a client; both are ended after the file's tests. Retries pause for almost no time. */
export async function hubRig(options: RigOptions = {}): Promise<HubRig> {
	const fake = await startFakeHub(options);
	const hubs: Hub[] = [];
	const another = (changed: Partial<RigOptions> = {}) => {
		const { token = null, offline = false, clock = machineClock, deadlines, endpoint } = { ...options, ...changed };
		const random = clock === machineClock ? () => 0.001 : seeded(5);
		const base = { endpoint: endpoint ?? fake.url, token, offline, proxy: null, version: 'test', clock, random };
		const hub = new Hub(deadlines === undefined ? base : { ...base, deadlines });
		hubs.push(hub);
		return hub;
	};
	const hub = another();
	afterAll(async () => {
		await Promise.all(hubs.map((made) => made.close()));
		await fake.close();
	});
	return { fake, hub, another };
}

/** Everything a listing gives, page by page. */
export async function collect<T>(pages: AsyncIterable<{ rows: T[] }>): Promise<T[]> {
	const all: T[] = [];
	for await (const { rows } of pages) all.push(...rows);
	return all;
}

/** Is the fake Hub idle, and was it at the last look? For leaping over waits in virtual time. */
export function idle(fake: FakeHub): () => boolean {
	let seen = -1;
	return () => {
		const isSame = fake.stats.requests.length === seen;
		seen = fake.stats.requests.length;
		return isSame && fake.stats.open === 0;
	};
}
