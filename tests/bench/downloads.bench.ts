// Downloads against their aims: a large file over loopback, verified and on the disk, beside fetch and beside curl.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
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
const home = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A Hub with one large file, as small as it can be, in a thread of its own: it must not be what is measured. */
const program = `
const { createServer } = require('node:http');
const { createHash } = require('node:crypto');
const { parentPort, workerData: { size } } = require('node:worker_threads');
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
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ url: 'http://127.0.0.1:' + server.address().port, oid }));
`;

async function ours(url: string): Promise<{ seconds: number; rss: number }> {
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
	const start = performance.now();
	const { id } = await downloads.order(order);
	let state = '';
	for await (const seen of downloads.follow(id, AbortSignal.timeout(300_000))) state = seen.state;
	const seconds = (performance.now() - start) / 1000;
	clearInterval(sampling);
	await downloads.close();
	await hub.close();
	database.close();
	rmSync(folder, { recursive: true });
	if (state !== 'ready') throw new Error(`It is ${state}.`);
	return { seconds, rss: most - idle };
}

async function fetched(url: string, oid: string): Promise<number> {
	const start = performance.now();
	const reply = await fetch(`${url}/bench/big/resolve/main/model.gguf`);
	const hash = createHash('sha256');
	for await (const chunk of reply.body ?? []) hash.update(chunk);
	if (hash.digest('hex') !== oid) throw new Error('fetch brought something else.');
	return (performance.now() - start) / 1000;
}

async function curled(url: string): Promise<number> {
	const start = performance.now();
	const child = spawn('curl', ['-s', '-o', join(home, 'curl.bin'), `${url}/bench/big/resolve/main/model.gguf`]);
	await new Promise((resolve) => child.once('close', resolve));
	return (performance.now() - start) / 1000;
}

it('fetches, writes and verifies a large file', async () => {
	const server = new Worker(program, { eval: true, workerData: { size } });
	const { url, oid } = await new Promise<{ url: string; oid: string }>((resolve) => server.once('message', resolve));
	const hasCurl = spawnSync('curl', ['--version']).status === 0;
	const times: Record<'ours' | 'fetch' | 'curl', number[]> = { ours: [], fetch: [], curl: [] };
	const rss: number[] = [];
	for (let round = 0; round < rounds; round += 1) {
		const run = await ours(url);
		times.ours.push(run.seconds);
		rss.push(run.rss);
		times.fetch.push(await fetched(url, oid));
		if (hasCurl) times.curl.push(await curled(url));
	}
	await server.terminate();
	const rate = (seconds: number[]) => size / 1e6 / median(seconds);
	const mine = rate(times.ours);
	const words = (figure: number) => `${figure.toFixed(0)} MB/s`;
	const perFetch = mine / rate(times.fetch);
	report({
		id: 'download-fetch',
		what: `${size / 2 ** 20} MiB over loopback: fetched, written, verified and named; fetch only hashes`,
		ours: words(mine),
		peer: `${words(rate(times.fetch))} (fetch and hash in one loop)`,
		value: perFetch,
		aim: '≥ 1.4 × fetch and hash',
		met: perFetch >= 1.4,
	});
	if (hasCurl) {
		const perCurl = mine / rate(times.curl);
		report({
			id: 'download-curl',
			what: 'the same beside curl -o, which verifies nothing',
			ours: words(mine),
			peer: words(rate(times.curl)),
			value: perCurl,
			aim: '≥ 0.5 × curl',
			met: perCurl >= 0.5,
		});
	}
	const most = Math.max(...rss.slice(1)) / 1e6;
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
