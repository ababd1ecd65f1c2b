// What a hostile config.json costs the running app: time to its answer, memory, and how long everybody else waits.
import { readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, it } from 'vitest';
import { startApp, type AppServer } from '../support/app-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { median, report } from './report.ts';

interface Hostile {
	name: string;
	body: Buffer;
	coding?: 'gzip' | 'br';
}

const spaces = Buffer.alloc(100_000_000, 32);
const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(',')}}`;
/** Each says as its content type that it is JSON; the compressed ones unpack to a hundred times their size. */
const hostile: Hostile[] = [
	{ name: '100 MB of text', body: spaces },
	{ name: 'a gzip bomb of 100 MB', body: gzipSync(spaces), coding: 'gzip' },
	{ name: 'a Brotli bomb of 100 MB', body: brotliCompressSync(spaces), coding: 'br' },
	{ name: '1,000,000 keys', body: Buffer.from(keys(1_000_000)) },
	{ name: '19,000 keys', body: Buffer.from(keys(19_000)) },
	{ name: '5 MB with 410,000 keys', body: Buffer.from(keys(410_000)) },
	{ name: '5 MB in one text', body: Buffer.from(JSON.stringify({ model_type: 'x'.repeat(4_900_000) })) },
	{ name: 'nested 1,000,000 deep', body: Buffer.from(`${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}`) },
	{ name: 'nested 400,000 deep', body: Buffer.from(`${'['.repeat(400_000)}${']'.repeat(400_000)}`) },
];
const rounds = process.env.BENCH_QUICK ? 1 : 3;
const repoOf = (at: number, round: number) => `hostile/Config-${at}-${round}`;
const allRounds = Array.from({ length: rounds }, (_, round) => round);

let fake: FakeHub;
let app: AppServer;

beforeAll(async () => {
	const isSmall = ({ body, coding }: Hostile) => coding === undefined && body.length < 6_000_000;
	const repos = hostile.flatMap((one, at) =>
		allRounds.map((round) =>
			fakeRepo({ id: repoOf(at, round), files: { 'config.json': isSmall(one) ? one.body.toString() : '{}' } }),
		),
	);
	fake = await startFakeHub({ repos: [...repos, fakeRepo({ id: 'plain/Config', files: { 'config.json': '{}' } })] });
	for (const [at, { body, coding }] of hostile.entries()) {
		if (isSmall(hostile[at] ?? { name: '', body })) continue;
		const headers = coding === undefined ? undefined : { 'content-encoding': coding };
		fake.fault({
			match: new RegExp(`resolve-cache/.*${repoOf(at, 0).slice(0, -1)}.*config\\.json`),
			fault: { kind: 'body', body, headers },
		});
	}
	app = await startApp({ env: { HF_ENDPOINT: fake.url } });
});
afterAll(async () => {
	await app.stop();
	await fake.close();
});

/** A figure of the app's process in bytes (`VmRSS`: now, `VmHWM`: at most since the last reset). */
function memory(name: 'VmRSS' | 'VmHWM'): number {
	const status = readFileSync(`/proc/${app.process.pid}/status`, 'utf8');
	return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}

/** Asks the app's health again and again from a thread of its own until told to stop; then tells the longest wait (ms). */
const asking = `
	const { parentPort, workerData } = require('node:worker_threads');
	let isOver = false;
	let longest = 0;
	parentPort.once('message', () => (isOver = true));
	(async () => {
		for (let asked = 0; !isOver; asked += 1) {
			const start = performance.now();
			await (await fetch(workerData)).arrayBuffer();
			if (asked > 20) longest = Math.max(longest, performance.now() - start);
			if (asked === 20) parentPort.postMessage('warm');
		}
		parentPort.postMessage(longest);
	})();
`;

interface Cost {
	answer: unknown;
	/** ms to the answer */
	took: number;
	/** longest wait of others meanwhile, ms */
	wait: number;
}

/** Asks for a config while others ask for the app's health. */
async function costOf(id: string): Promise<Cost> {
	const others = new Worker(asking, { eval: true, workerData: `${app.url}/api/health` });
	const said = () => new Promise<unknown>((resolve) => others.once('message', resolve));
	await said();
	const start = performance.now();
	const response = await fetch(`${app.url}/api/models/config/${id}`);
	const answer: unknown = await response.json();
	const took = performance.now() - start;
	const wait = said();
	others.postMessage('over');
	return { answer, took, wait: Number(await wait) };
}

it.runIf(process.platform === 'linux')('refuses hostile configs at little cost', async () => {
	await costOf('plain/Config');
	const plain = await costOf('plain/Config');
	for (const [at, { name }] of hostile.entries()) {
		const costs: (Cost & { more: number })[] = [];
		for (const round of allRounds) {
			writeFileSync(`/proc/${app.process.pid}/clear_refs`, '5');
			const before = memory('VmRSS');
			const cost = await costOf(repoOf(at, round));
			costs.push({ ...cost, more: (memory('VmHWM') - before) / 1e6 });
		}
		const [took, wait, more] = (['took', 'wait', 'more'] as const).map((name) =>
			median(costs.map((cost) => cost[name])),
		);
		if (took === undefined || wait === undefined || more === undefined) throw new Error('Nothing was measured.');
		const said = /"(?:warnings":\["|message":")([^"]*)/.exec(JSON.stringify(costs[0]?.answer))?.[1] ?? 'read';
		report({
			id: `hostile-${at}`,
			what: `a config.json of ${name}`,
			ours: `${took.toFixed(0)} ms, ${more.toFixed(0)} MB more, others wait ${wait.toFixed(0)} ms (${said})`,
			peer: `a plain one: ${plain.took.toFixed(0)} ms, ${plain.wait.toFixed(0)} ms`,
			value: took,
			aim: '≤ 200 ms, < 50 MB, < 50 ms',
			met: took <= 200 && more < 50 && wait < 50,
		});
	}
});
