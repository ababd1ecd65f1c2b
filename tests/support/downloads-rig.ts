// Downloads against a fake Hub: real files in a cache of their own, a real database, real sockets.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { isAtRest, type Download, type DownloadOrder } from '#lib/core/download.ts';
import { machineClock } from '#lib/server/clock.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { Downloads } from '#lib/server/downloads.ts';
import type { Identity } from '#lib/server/downloads/owner.ts';
import type { Streams } from '#lib/server/downloads/streams.ts';
import type { FreeBytes } from '#lib/server/downloads/space.ts';
import { spaceAt } from '#lib/server/inventory/disk.ts';
import type { Hub } from '#lib/server/hub.ts';
import { migrate } from '#lib/server/migrations.ts';
import { filesOf, gitDigest, type FakeRepo } from './fake-hub-repo.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

interface RigOptions {
	hub: Hub;
	/** Folder for the data and the cache. */
	folder: string;
	/** The cache, when it is to lie elsewhere. */
	root?: string;
	freeBytes?: FreeBytes;
	keepFree?: number;
	self?: Partial<Identity>;
	streams?: Streams;
}

let made = 0;

/** An order with everything as usual. */
export function orderOf(model_id: string, more: Partial<DownloadOrder> = {}): DownloadOrder {
	return { model_id, revision: 'main', files: [], exclude: [], quant: null, allow_unsafe: false, ...more };
}

export interface DownloadsRig {
	downloads: Downloads;
	database: Database;
	root: string;
	bugs: unknown[];
	/** Orders, works on it until it rests, and gives it then. */
	get(order: DownloadOrder): Promise<Download>;
	/** Works on a download until it rests. */
	settle(id: string): Promise<Download>;
	close(): Promise<void>;
}

/** One process's downloads; several may share a folder. Ended after the test. */
export function downloadsRig(options: RigOptions): DownloadsRig {
	const { hub, folder, self = {}, keepFree = 0 } = options;
	const root = options.root ?? join(folder, 'hub');
	const { database } = openDatabase({ directory: join(folder, 'data'), now: () => new Date(), prepare: migrate });
	const token = `process-${(made += 1)}`;
	const identity = { token, pid: process.pid, host: 'here', boot: 'boot-1', isAlive: () => true, ...self };
	const bugs: unknown[] = [];
	let serial = 0;
	const downloads = new Downloads({
		...{ hub, database, root, self: identity, clock: machineClock, random: () => 0.001, keepFree, tickMs: 30 },
		...{ newId: () => `${token}-${(serial += 1)}`, onBug: (error) => bugs.push(error) },
		...(options.streams === undefined ? {} : { streams: options.streams }),
		freeBytes: options.freeBytes ?? (async (path) => (await spaceAt(path)).free_bytes),
	});
	let isClosed = false;
	const close = async () => {
		if (isClosed) return;
		isClosed = true;
		await downloads.close();
		database.close();
	};
	ends.push(close);
	const settle = async (id: string) => {
		let last = downloads.read(id);
		for await (const seen of downloads.follow(id, AbortSignal.timeout(25_000))) last = seen;
		if (!isAtRest(last.state)) throw new Error(`It is ${last.state}.`);
		return last;
	};
	const get = async (order: DownloadOrder) => settle((await downloads.order(order)).id);
	return { downloads, database, root, bugs, get, settle, close };
}

/** The folder of a repository's head commit in a cache. */
export function snapshotOf(root: string, repo: FakeRepo): string {
	return join(root, `models--${repo.id.replaceAll('/', '--')}`, 'snapshots', repo.refs.main ?? '');
}

/** Paths of a folder, all folders below it among them; nothing when it is not there. */
export function listing(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return readdirSync(folder, { recursive: true }).map(String).sort();
}

/** Every path below the model's snapshots and blobs whose content is not what its name says. The measure of all tests. */
export function wrongFiles(root: string, repo: FakeRepo): string[] {
	const wrong: string[] = [];
	const known = filesOf(repo.commits[0] ?? { sha: '', files: {} });
	const snapshot = snapshotOf(root, repo);
	for (const [path, { sha256, oid, lfs }] of known) {
		const place = join(snapshot, path);
		if (!existsSync(place)) continue;
		const bytes = readFileSync(place);
		const digest = lfs ? createHash('sha256').update(bytes).digest('hex') : gitDigest(bytes);
		if (digest !== (lfs ? sha256 : oid)) wrong.push(path);
	}
	const blobs = join(snapshot, '..', '..', 'blobs');
	for (const name of listing(blobs)) {
		if (!/^[0-9a-f]+$/.test(name)) continue;
		const bytes = readFileSync(join(blobs, name));
		const digest = name.length === 64 ? createHash('sha256').update(bytes).digest('hex') : gitDigest(bytes);
		if (digest !== name) wrong.push(name);
	}
	return wrong;
}
