// A system that gives little: few open files, a full log disk, a closed output, and what years have left behind.
import { spawn } from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newDownload } from '#lib/core/download.ts';
import { openDatabase } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { addDownload } from '#lib/server/store/downloads.ts';
import {
	cleanEnvironment,
	ensureBuilt,
	freePort,
	healthOf,
	projectFolder,
	startServer,
} from '../support/built-server.ts';
import { orderOf } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub } from '../support/fake-hub.ts';

const home = mkdtempSync(join(tmpdir(), 'modeldex-system-'));
const bin = join(projectFolder, 'bin/modeldex.js');
beforeAll(ensureBuilt);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const isLinux = process.platform === 'linux';
const report = (figures: object) => process.stdout.write(`${JSON.stringify(figures)}\n`);
const patience = { timeout: 60_000, interval: 100 };

function connect(port: number): Promise<net.Socket> {
	return new Promise((resolve) => {
		const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
		socket.on('error', () => resolve(socket)); // refused or cut off: the system's word for "later"
	});
}

describe.runIf(isLinux)('[F44] 256 open files at most', () => {
	it('are enough to answer after 400 connections at once, and to say what could not be written', async () => {
		const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
		const repo = fakeRepo({ id: 'org/m', files: { 'model.safetensors': { seed: 1, size: 2_000_000, head } } });
		const hub = await startFakeHub({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
		const port = await freePort();
		const folder = join(home, 'few');
		const env = { ...cleanEnvironment(folder), PORT: String(port), HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
		const words = ['-c', 'ulimit -n 256; exec "$0" "$@"', process.execPath, bin, 'serve'];
		const child = spawn('sh', words, { env: { ...env, HF_HUB_CACHE: join(folder, 'hub') }, stdio: 'ignore' });
		const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
		await vi.waitUntil(async () => (await healthOf(port)) === 'ok', patience);
		const order = () =>
			fetch(`http://127.0.0.1:${port}/api/downloads`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: '{"id":"org/m"}',
			});
		const states = async () => {
			const { downloads } = await (await fetch(`http://127.0.0.1:${port}/api/downloads`)).json();
			return downloads.map(({ state }: { state: string }) => state);
		};
		const sockets = await Promise.all(Array.from({ length: 400 }, () => connect(port)));
		await vi.waitUntil(() => readdirSync(`/proc/${child.pid}/fd`).length >= 250, patience);
		const crowded = readdirSync(`/proc/${child.pid}/fd`).length;
		for (const socket of sockets) socket.destroy();
		await vi.waitUntil(async () => (await healthOf(port)) === 'ok', patience);
		await order();
		await vi.waitUntil(async () => ['ready', 'failed'].includes((await states())[0]), patience);
		const end = (await states())[0];
		report({ id: 'F44', connections: 400, open_at_most: crowded, download: end });
		expect([end, child.exitCode]).toEqual(['ready', null]);
		child.kill('SIGTERM');
		expect(await ended).toBe(0);
		await hub.close();
	});
});

describe.runIf(existsSync('/dev/full'))('[F46] an output that nothing can be written to', () => {
	it.each([
		['full', () => openSync('/dev/full', 'w')],
		['closed', () => 'pipe' as const],
	])('is no reason to end: %s', async (name, output) => {
		const port = await freePort();
		const folder = join(home, `output-${name}`);
		const env = { ...cleanEnvironment(folder), PORT: String(port) };
		const child = spawn(process.execPath, [bin, 'serve'], { env, stdio: ['ignore', output(), output()] });
		child.stdout?.destroy();
		child.stderr?.destroy();
		const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
		await vi.waitUntil(async () => (await healthOf(port)) === 'ok', patience);
		for (let times = 0; times < 20; times += 1) await fetch(`http://127.0.0.1:${port}/nowhere`);
		expect(await healthOf(port)).toBe('ok');
		child.kill('SIGTERM');
		expect(await ended).toBe(0);
	});
});

describe.runIf(isLinux)('[F47] 100,000 rows and 10,000 files that are of no use', () => {
	/** Seconds of the processor that a process has taken, all its threads together. */
	const processor = (pid: number) => {
		const [user, system] = (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '').split(' ').slice(11, 13);
		return (Number(user) + Number(system)) / 100;
	};
	const started = async (folder: string) => {
		const begun = performance.now();
		const server = await startServer({ MODELDEX_HOME: folder, HF_HUB_CACHE: join(folder, 'hub') });
		const seconds = (performance.now() - begun) / 1000;
		const work = processor(server.process.pid ?? 0);
		expect(await healthOf(server.port)).toBe('ok');
		await server.stop();
		return { seconds, work };
	};

	it('make a start two seconds longer at most', async () => {
		const folder = join(home, 'old');
		await started(folder); // the catalog that the build has stocked is copied once
		const fresh = await started(folder);
		const { database } = openDatabase({ directory: folder, now: () => new Date(), prepare: migrate });
		database.transaction(() => {
			for (let at = 0; at < 50_000; at += 1) {
				database.run(
					`INSERT INTO file_digests (path, inode, size, changed, sha256, git, read_at) VALUES (?, '1', 1, 1, ?, NULL, ?)`,
					[`/gone/${at}`, 'a'.repeat(64), '2020-01-01T00:00:00Z'],
				);
				database.run('INSERT INTO download_owners (token, pid, host, beat_at) VALUES (?, 1, ?, 1)', [`t${at}`, 'gone']);
			}
			const gone = newDownload('gone', orderOf('org/m'), 0);
			addDownload(database, 'gone', { ...gone, state: 'downloading' });
			database.run(`UPDATE downloads SET owner = 't7' WHERE id = 'gone'`);
		});
		database.close();
		const blobs = join(folder, 'hub/models--org--m/blobs');
		mkdirSync(blobs, { recursive: true });
		for (let at = 0; at < 10_000; at += 1) {
			writeFileSync(join(blobs, `${String(at).padStart(64, '0')}.modeldex.incomplete`), 'x');
		}
		const old = await started(folder);
		report({ id: 'F47', fresh, old });
		expect(old.work - fresh.work).toBeLessThan(2);
	});
});
