// kill -9 at any moment of a download: nothing wrong is ever accepted, and every next start goes on where it was.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { cleanEnvironment, ensureBuilt, projectFolder } from '../support/built-server.ts';
import { wrongFiles } from '../support/downloads-rig.ts';
import { startFakeHub } from '../support/fake-hub.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { seeded } from '../support/seeded.ts';

const kills = Number(process.env.FAULT_KILLS ?? 40);
const size = Number(process.env.FAULT_MEGABYTES ?? 200) * 1_000_000;

/** One row of the trial: files of this size, killed so often, each time within so many milliseconds of the transfer. */
interface Trial {
	id: string;
	size: number;
	kills: number;
	withinMs: number;
	/** What one kill may cost in bytes: those on their way, in the sockets, and in the buffers before the disk. */
	lostPerKill: number;
	/** The line: fast, but not so fast that the kills come too late. */
	line: { bytes: number; everyMs: number };
}

const MiB = 1024 * 1024;
const trials: Trial[] = [
	{ id: 'kills', size, kills, withinMs: 500, lostPerKill: 16 * MiB, line: { bytes: 1_000_000, everyMs: 3 } },
	// Large enough to come in pieces: up to 8 MiB are written and not in the journal, and four connections are cut.
	{
		id: 'kills-in-pieces',
		size: 1_100_000_000,
		kills: Math.max(2, Math.round(kills / 25)),
		withinMs: 2500,
		lostPerKill: 40 * MiB,
		line: { bytes: 1_000_000, everyMs: 3 },
	},
];

const home = mkdtempSync(join(tmpdir(), 'modeldex-kills-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Bytes that hardly repeat, each million of them numbered, with a plausible beginning. */
function weights(length: number): Uint8Array {
	const block = Buffer.alloc(1_000_000);
	const random = seeded(7);
	for (let at = 0; at + 4 <= block.length; at += 4) block.writeUInt32LE((random() * 2 ** 32) >>> 0, at);
	const bytes = Buffer.alloc(length, block);
	for (let at = 0; at + 4 <= length; at += block.length) bytes.writeUInt32LE(at, at);
	bytes.set(Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}'));
	return bytes;
}

it.each(trials)('[F15] $kills kills of downloads of $size bytes ($id)', async (trial) => {
	const { id, size: bytes, kills: wanted, withinMs, lostPerKill, line } = trial;
	ensureBuilt();
	const repo = fakeRepo({ id: 'org/kill', files: { 'config.json': '{}', 'model.safetensors': weights(bytes) } });
	const hub = await startFakeHub({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
	hub.fault({ match: '/xet-bridge', fault: { kind: 'drip', ...line } });
	const cache = join(home, id);
	const env = {
		...cleanEnvironment(join(home, `home-${id}`)),
		...{ HF_HUB_CACHE: cache, HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' },
	};
	const random = seeded(Number(process.env.FAULT_SEED ?? 11));
	let killed = 0;
	let completions = 0;
	let wrong = 0;
	const outputs: string[] = [];
	/** One start of the command; killed after so many milliseconds of the transfer, or left to its end. */
	const start = async (afterMs: number | null): Promise<number | null> => {
		const seen = hub.count('/xet-bridge');
		const words = [join(projectFolder, 'bin/modeldex.js'), 'model', 'download', 'org/kill'];
		const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
		let stderr = '';
		child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
		const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
		let isOver = false;
		void ended.then(() => (isOver = true));
		if (afterMs !== null) {
			while (!isOver && hub.count('/xet-bridge') === seen) await pause(2);
			await Promise.race([pause(afterMs), ended]);
			if (child.kill('SIGKILL') && !isOver) killed += 1;
		}
		const code = await ended;
		if (code !== 0 && code !== null) outputs.push(`${code}: ${stderr}`);
		return code;
	};
	/** A finished download is checked byte by byte and cleared away, so that there is something to kill again. */
	const settle = async () => {
		wrong += wrongFiles(cache, repo).length;
		completions += 1;
		rmSync(join(cache, 'models--org--kill'), { recursive: true });
	};
	while (killed < wanted) {
		const code = await start(random() * withinMs);
		// A killed process must not have left a name without its content, wherever it was.
		if (code === 0) await settle();
		else if (killed % 10 === 0) wrong += wrongFiles(cache, repo).length;
	}
	const last = await start(null);
	expect(outputs).toEqual([]);
	expect(last).toBe(0);
	await settle();
	await hub.close();
	const sent = hub.stats.requests
		.filter(({ origin }) => origin === 'cdn')
		.reduce((sum, request) => sum + request.sent, 0);
	const least = completions * bytes;
	const lost = (sent - least) / Math.max(1, killed);
	const figures = {
		kills: killed,
		completions,
		wrong,
		fetched: sent,
		least,
		share: sent / least,
		lost_per_kill: Math.round(lost),
	};
	process.stdout.write(`${JSON.stringify({ id: `download-${id}`, ...figures })}\n`);
	expect(wrong).toBe(0);
	expect(completions).toBeGreaterThan(0);
	expect(sent).toBeLessThanOrEqual(1.1 * least + killed * lostPerKill);
});
