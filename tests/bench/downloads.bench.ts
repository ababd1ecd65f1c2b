// Downloads against their aims: a large file over loopback, verified and written, beside fetch and beside curl.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterAll, it } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import { openDatabase } from '#lib/server/database.ts';
import { Downloads } from '#lib/server/downloads.ts';
import { thisProcess } from '#lib/server/downloads/this-process.ts';
import { Hub } from '#lib/server/hub.ts';
import { migrate } from '#lib/server/migrations.ts';
import { median, report } from './report.ts';

const quick = Boolean(process.env.BENCH_QUICK);
const size = (quick ? 256 : 1024) * 1024 * 1024;
const rounds = quick ? 3 : 5;

/** A file system in memory with room for what is there at once, else null: a disk would be all that is measured. */
function inMemory(): string | null {
	const path = '/dev/shm';
	if (!existsSync(path)) return null;
	const { bavail, bsize } = statfsSync(path);
	return bavail * bsize > 2 * size ? path : null;
}

const memory = inMemory();
const place = memory === null ? "the machine's disk" : 'a file system in memory';
const home = mkdtempSync(join(memory ?? tmpdir(), 'modeldex-bench-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A Hub with one large file, as small as it can be, in a process of its own: it must not be what is measured. */
const program = `
const { createServer } = require('node:http');
const { createHash } = require('node:crypto');
const size = ${size};
const piece = Buffer.alloc(1024 * 1024, 7);
const hash = createHash('sha256');
for (let at = 0; at < size; at += piece.length) hash.update(piece);
const oid = hash.digest('hex');
const commit = '1'.repeat(40);
const server = createServer((request, response) => {
	if (request.url.includes('/tree/')) return response.end(JSON.stringify([
		{ type: 'file', oid: commit, size, path: 'model.gguf', lfs: { oid, size } }]));
	if (request.url.startsWith('/api/')) return response.end(JSON.stringify({ _id: '1'.repeat(24), id: 'bench/big', sha: commit }));
	response.writeHead(200, { 'content-length': size, 'x-repo-commit': commit, 'x-linked-size': String(size), 'x-linked-etag': '"' + oid + '"', etag: '"' + oid + '"' });
	let left = size;
	const more = () => {
		while (left > 0) {
			left -= piece.length;
			if (!response.write(piece)) return response.once('drain', more);
		}
		response.end();
	};
	more();
});
server.listen(0, '127.0.0.1', () => process.send({ url: 'http://127.0.0.1:' + server.address().port, oid }));
process.once('disconnect', () => process.exit());
`;

/** What a run took: seconds by the clock, and seconds of this process's own processor time. */
interface Took {
	seconds: number;
	processor: number;
}

async function took(work: () => Promise<void>): Promise<Took> {
	const processor = process.cpuUsage();
	const start = performance.now();
	await work();
	const seconds = (performance.now() - start) / 1000;
	const { user, system } = process.cpuUsage(processor);
	return { seconds, processor: (user + system) / 1e6 };
}

/** Orders the file from ours, and gives besides by how much the memory of the process grew meanwhile, in bytes. */
async function ours(url: string): Promise<Took & { grown: number }> {
	const folder = mkdtempSync(join(home, 'run-'));
	const { database } = openDatabase({ directory: folder, now: () => new Date(), prepare: migrate });
	const common = { clock: machineClock, random: Math.random };
	const hub = new Hub({ endpoint: url, token: null, offline: false, proxy: null, version: 'bench', ...common });
	const downloads = new Downloads({
		...{ hub, database, root: join(folder, 'hub'), self: thisProcess(`bench-${performance.now()}`), ...common },
		...{
			newId: () => 'bench',
			freeBytes: async () => 1e12,
			onBug: (error: unknown) => {
				throw error;
			},
		},
	});
	const idle = process.memoryUsage.rss();
	let most = idle;
	const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
	const order = { model_id: 'bench/big', revision: 'main', files: [], exclude: [], quant: null, allow_unsafe: false };
	let state = '';
	const run = await took(async () => {
		const { id } = await downloads.order(order);
		for await (const seen of downloads.follow(id, AbortSignal.timeout(300_000))) state = seen.state;
	});
	clearInterval(sampling);
	await downloads.close();
	await hub.close();
	database.close();
	rmSync(folder, { recursive: true });
	if (state !== 'ready') throw new Error(`It is ${state}.`);
	return { ...run, grown: most - idle };
}

/** What a downloader does at the least: fetch, hash in the same loop, and write when there is a file to write to. */
function fetched(url: string, oid: string, path: string | null): Promise<Took> {
	return took(async () => {
		const reply = await fetch(`${url}/bench/big/resolve/main/model.gguf`);
		const hash = createHash('sha256');
		const file = path === null ? null : createWriteStream(path, { highWaterMark: 1024 * 1024 });
		for await (const chunk of reply.body ?? []) {
			hash.update(chunk);
			if (file?.write(chunk) === false) await once(file, 'drain');
		}
		file?.end();
		if (file !== null) await finished(file);
		if (hash.digest('hex') !== oid) throw new Error('fetch brought something else.');
		if (path !== null) rmSync(path);
	});
}

async function curled(url: string): Promise<number> {
	const path = join(home, 'curl.bin');
	const start = performance.now();
	const child = spawn('curl', ['-s', '-o', path, `${url}/bench/big/resolve/main/model.gguf`]);
	const [code] = await once(child, 'close');
	const seconds = (performance.now() - start) / 1000;
	if (code !== 0 || statSync(path).size !== size) throw new Error(`curl ended with ${code}.`);
	rmSync(path);
	return seconds;
}

const rate = (seconds: number[]) => size / 1e6 / median(seconds);
const words = (seconds: number[]) => `${rate(seconds).toFixed(0)} MB/s`;
const mebibytes = `${size / 2 ** 20} MiB`;

/** One row: our rate beside a peer's, and the processor time of both where the peer runs in this process, too. */
function row(claim: { id: string; what: string; who: string; aim: number }, mine: Took[], peers: Took[]): void {
	const { id, what, who, aim } = claim;
	const clock = (runs: Took[]) => runs.map(({ seconds }) => seconds);
	const told = (runs: Took[]) => {
		const processor = median(runs.map((run) => run.processor));
		return `${words(clock(runs))}${Number.isNaN(processor) ? '' : `, ${processor.toFixed(2)} s of processor time`}`;
	};
	const value = rate(clock(mine)) / rate(clock(peers));
	const common = { id, what, ours: told(mine), peer: `${told(peers)} (${who})` };
	report({ ...common, value, aim: `≥ ${aim} × ${who}`, met: value >= aim });
}

it('fetches, writes and verifies a large file', async () => {
	const server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
	const [{ url, oid }] = await once(server, 'message');
	const hasCurl = spawnSync('curl', ['--version']).status === 0;
	const mine: (Took & { grown: number })[] = [];
	const [hashed, written, curl]: [Took[], Took[], Took[]] = [[], [], []];
	for (let round = 0; round < rounds; round += 1) {
		mine.push(await ours(url));
		written.push(await fetched(url, oid, join(home, 'fetch.bin')));
		hashed.push(await fetched(url, oid, null));
		if (hasCurl) curl.push({ seconds: await curled(url), processor: Number.NaN });
	}
	server.kill();
	const what = `${mebibytes} over loopback to ${place}: fetched, written, verified and named`;
	row({ id: 'download-write', what, who: 'fetch, hash and write in one loop', aim: 1.4 }, mine, written);
	const less = 'the same beside one that writes nothing';
	row({ id: 'download-fetch', what: less, who: 'fetch and hash in one loop', aim: 1.4 }, mine, hashed);
	const none = 'the same beside one that verifies nothing';
	if (hasCurl) row({ id: 'download-curl', what: none, who: 'curl -o', aim: 0.5 }, mine, curl);
	const most = Math.max(...mine.slice(1).map(({ grown }) => grown)) / 1e6;
	report({
		id: 'download-memory',
		what: 'memory of the process while it downloads, beyond what it had before (after a first round)',
		ours: `${most.toFixed(0)} MB`,
		peer: '',
		value: most,
		aim: '≤ 60 MB',
		met: most <= 60,
	});
});
