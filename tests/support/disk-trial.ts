// One download after another on a disk that refuses operation 1, 2, 3 …: what must hold after each of them.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { applyDownload, newDownload, type DownloadRecord } from '#lib/core/download.ts';
import { toFailure } from '#lib/core/failure.ts';
import { machineClock } from '#lib/server/clock.ts';
import { openDatabase } from '#lib/server/database.ts';
import { BlobFetch } from '#lib/server/downloads/blob-fetch.ts';
import { Digester } from '#lib/server/downloads/digester.ts';
import { DownloadRun } from '#lib/server/downloads/run.ts';
import { Streams } from '#lib/server/downloads/streams.ts';
import { Throttle } from '#lib/server/downloads/throttle.ts';
import { FileHashes } from '#lib/server/inventory/reading.ts';
import { migrate } from '#lib/server/migrations.ts';
import { orderOf, snapshotOf, wrongFiles } from './downloads-rig.ts';
import { fakeRepo } from './fake-hub-repo.ts';
import { arm, disarm, type DiskFault } from './faulty-disk.ts';
import { hubRig } from './hub-rig.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const id = 'org/m';
const files = { 'config.json': '{"a":1}', 'model.safetensors': { seed: 9, size: 900_000, head } };
const repo = fakeRepo({ id, files });

/** Figures of a trial: how many operations a download takes, and what became of those that were refused. */
export interface Figures {
	operations: number;
	failed: number;
	survived: number;
}

export interface DiskTrial {
	run(fault: DiskFault): Promise<Figures>;
	close(): Promise<void>;
}

/** Paths below a folder that this process has open; none where the system does not tell. */
function openBelow(root: string): string[] {
	const own = '/proc/self/fd';
	if (!existsSync(own)) return [];
	const paths = readdirSync(own).map((fd) => {
		try {
			return readlinkSync(join(own, fd));
		} catch {
			return ''; // that of the listing itself
		}
	});
	return paths.filter((path) => path.startsWith(root));
}

/** Everything a trial needs, in a folder; `pieces`: the weights come over several connections. */
export async function diskTrial(folder: string, pieces: boolean): Promise<DiskTrial> {
	const { hub } = await hubRig({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
	const { database } = openDatabase({ directory: folder, now: () => new Date(), prepare: migrate });
	const digester = new Digester();
	const self = { token: 'me', pid: process.pid, host: 'here', boot: 'boot-1', isAlive: () => true };
	const common = { clock: machineClock, random: () => 0.001, hub };
	const streams = pieces ? new Streams({ large: 100_000, piece: 300_000 }) : new Streams();
	const hashes = new FileHashes({ database, date: () => machineClock.date() });
	const fetch = new BlobFetch({ ...common, self, digester, throttle: new Throttle(machineClock), streams, hashes });
	const bugs: unknown[] = [];
	const download = async (root: string, first: DownloadRecord): Promise<DownloadRecord> => {
		let record = first;
		const tools = { ...common, root, fetch, boot: self.boot, freeBytes: async () => 1e12, keepFree: 0 };
		const lease = { reserved: () => 0, alone: (_: string, signal: AbortSignal, work: Work) => work(() => {}, signal) };
		try {
			const run = new DownloadRun({ ...tools, ...lease }, record, AbortSignal.timeout(60_000));
			for await (const event of run.events()) record = applyDownload(record, event);
		} catch (error) {
			const failure = toFailure(error);
			if (failure.code === 'internal') bugs.push(error);
			const told = { code: failure.code, message: failure.message, retriable: true };
			record = applyDownload(record, { kind: 'failed', at: Date.now(), error: told });
		}
		return record;
	};
	const again = (record: DownloadRecord) => applyDownload(record, { kind: 'state', at: Date.now(), state: 'queued' });
	const fresh = () => newDownload('one', orderOf(id), Date.now());

	/** The download with its n-th operation refused, and once more on a disk that is well. */
	const one = async (fault: DiskFault, at: number): Promise<'failed' | 'survived' | 'over'> => {
		const root = join(mkdtempSync(join(folder, 'case-')), 'hub');
		mkdirSync(root);
		arm({ root, at, fault });
		const stopped = await download(root, fresh());
		const operation = disarm();
		const about = { at, fault, operation, state: stopped.state, error: stopped.error };
		expect({ ...about, bugs, wrong: wrongFiles(root, repo) }).toEqual({ ...about, bugs: [], wrong: [] });
		expect({ ...about, open: openBelow(root) }).toEqual({ ...about, open: [] });
		if (stopped.state === 'failed') {
			expect(['disk_full', 'not_writable', 'disk_error']).toContain(stopped.error?.code);
			expect(stopped.error?.message).toMatch(/config\.json|model\.safetensors|org\/m/);
			expect(stopped.error?.message).toContain(fault === 'short write' ? 'never' : fault);
		}
		const done = stopped.state === 'failed' ? await download(root, again(stopped)) : stopped;
		// A journal without its part means nothing: one that could not be taken away may stay.
		const isLeft = operation === 'unlink' ? /(?<!\.json)\.incomplete$|\.new$/ : /\.incomplete$|\.new$/;
		const left = readdirSync(root, { recursive: true }).filter((name) => isLeft.test(String(name)));
		const ends = { state: 'ready', left: [], wrong: [], here: true };
		const here = existsSync(join(snapshotOf(root, repo), 'model.safetensors'));
		expect({ ...about, state: done.state, left, wrong: wrongFiles(root, repo), here }).toEqual({ ...about, ...ends });
		rmSync(join(root, '..'), { recursive: true });
		if (operation === null) return 'over';
		return stopped.state === 'failed' ? 'failed' : 'survived';
	};

	return {
		async run(fault) {
			const figures: Figures = { operations: 0, failed: 0, survived: 0 };
			for (let at = 1; ; at += 1) {
				const end = await one(fault, at);
				if (end === 'over') return figures;
				figures.operations = at;
				figures[end] += 1;
			}
		},
		async close() {
			await digester.close();
			database.close();
		},
	};
}

type Work = (checkLease: () => void, signal: AbortSignal) => Promise<void>;
