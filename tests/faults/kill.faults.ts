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

const kills = Number(process.env.FAULT_KILLS ?? 300);
const size = Number(process.env.FAULT_MEGABYTES ?? 200) * 1_000_000;
/** What one kill may cost: bytes that were on their way, in the sockets and in the buffer before the disk. */
const lostPerKill = 16 * 1024 * 1024;
/** The line: fast, but not so fast that the kills come too late. */
const line = { bytes: 1_000_000, everyMs: 3 };

const home = mkdtempSync(join(tmpdir(), 'modeldex-kills-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Bytes that do not repeat, with a plausible beginning. */
function weights(): Uint8Array {
	const bytes = Buffer.alloc(size);
	const random = seeded(7);
	for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((random() * 2 ** 32) >>> 0, at);
	bytes.set(Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}'));
	return bytes;
}

it(`survives ${kills} kills during downloads of ${size / 1e6} MB`, async () => {
	ensureBuilt();
	const repo = fakeRepo({ id: 'org/kill', files: { 'config.json': '{}', 'model.safetensors': weights() } });
	const hub = await startFakeHub({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
	hub.fault({ match: '/xet-bridge', fault: { kind: 'drip', ...line } });
	const cache = join(home, 'hub');
	const env = {
		...cleanEnvironment(home),
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
	while (killed < kills) {
		const code = await start(random() * 500);
		// A killed process must not have left a name without its content, wherever it was.
		if (code === 0) await settle();
		else if (killed % 10 === 0) wrong += wrongFiles(cache, repo).length;
	}
	expect(await start(null)).toBe(0);
	await settle();
	await hub.close();
	const sent = hub.stats.requests
		.filter(({ origin }) => origin === 'cdn')
		.reduce((sum, request) => sum + request.sent, 0);
	const least = completions * size;
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
	process.stdout.write(`${JSON.stringify({ id: 'download-kills', ...figures })}\n`);
	expect(outputs).toEqual([]);
	expect(wrong).toBe(0);
	expect(completions).toBeGreaterThan(0);
	expect(sent).toBeLessThanOrEqual(1.1 * least + killed * lostPerKill);
});
