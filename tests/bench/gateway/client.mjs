// The load, in a process of its own: takes one job after the other over the channel to its parent, and answers with figures.
import { request as httpRequest, Agent } from 'node:http';
import { Pool } from 'undici';

/** Pools by origin and number of callers: connections stay open between jobs, as those of programs do. */
const pools = new Map();

function poolFor(origin, callers) {
	const name = `${origin} ${callers}`;
	const known = pools.get(name) ?? new Pool(origin, { connections: callers, pipelining: 1, keepAliveTimeout: 30_000 });
	pools.set(name, known);
	return known;
}

const sorted = (figures) => Float64Array.from(figures).sort();
const share = (figures, part) => figures[Math.min(figures.length - 1, Math.ceil(figures.length * part) - 1)] ?? NaN;

/** One call to its end. Milliseconds to the first byte of the body and to the last. */
async function call(pool, { path, headers, body }) {
	const began = performance.now();
	const reply = await pool.request({ path, method: 'POST', headers, body });
	let first = 0;
	let last = '';
	for await (const part of reply.body) {
		if (first === 0) first = performance.now() - began;
		last = part;
	}
	const isWhole = reply.statusCode === 200 && last.length > 0;
	return { isWhole, first, ms: performance.now() - began };
}

/** So many calls by callers who each wait for their answer. */
async function load({ origin, callers, calls, ...asked }) {
	const pool = poolFor(origin, callers);
	const times = [];
	const firsts = [];
	let errors = 0;
	let left = calls;
	const began = performance.now();
	const caller = async () => {
		while (left > 0) {
			left -= 1;
			const { isWhole, first, ms } = await call(pool, asked).catch(() => ({ isWhole: false, first: NaN, ms: NaN }));
			if (!isWhole) errors += 1;
			else {
				times.push(ms);
				firsts.push(first);
			}
		}
	};
	await Promise.all(Array.from({ length: callers }, caller));
	const seconds = (performance.now() - began) / 1000;
	const all = sorted(times);
	return {
		p50: share(all, 0.5),
		p90: share(all, 0.9),
		p99: share(all, 0.99),
		rate: calls / seconds,
		first: share(sorted(firsts), 0.5),
		errors,
	};
}

/** All calls at once; how many of them were answered with which status. */
async function burst({ origin, callers, ...asked }) {
	const pool = new Pool(origin, { connections: callers, pipelining: 1 });
	const statuses = {};
	const one = async () => {
		const status = await pool
			.request({ path: asked.path, method: 'POST', headers: asked.headers, body: asked.body })
			.then(
				async (reply) => {
					await reply.body.dump();
					return reply.statusCode;
				},
				() => 0,
			);
		statuses[status] = (statuses[status] ?? 0) + 1;
	};
	await Promise.all(Array.from({ length: callers }, one));
	await pool.close();
	return { statuses };
}

/** Callers who all leave in the middle of a stream, once everybody has got something of it. Wall clock of the leaving, ms. */
async function leave({ origin, callers, path, headers, body }) {
	const agent = new Agent({ maxSockets: callers });
	const url = new URL(path, origin);
	const open = () =>
		new Promise((resolve, reject) => {
			const asked = httpRequest(url, { method: 'POST', headers, agent }, (reply) => {
				reply.once('data', () => resolve(asked));
				reply.on('error', () => undefined); // cut by ourselves
			});
			asked.on('error', reject);
			asked.end(body);
		});
	const asked = await Promise.all(Array.from({ length: callers }, open));
	const leftAt = performance.timeOrigin + performance.now();
	for (const one of asked) one.destroy();
	return { leftAt };
}

const jobs = { load, burst, leave };

process.on('message', async ({ kind, job }) => {
	try {
		process.send?.({ figures: await jobs[kind](job) });
	} catch (error) {
		process.send?.({ failure: error instanceof Error ? error.message : String(error) });
	}
});
process.on('disconnect', () => process.exit(0));
