// Several processes on one data folder, some of them killed: nothing that was acknowledged is lost, and work is done once.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { startApp } from '../support/app-server.ts';
import { ensureBuilt, projectFolder } from '../support/built-server.ts';
import { wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub } from '../support/fake-hub.ts';

const seconds = Number(process.env.FAULT_SECONDS ?? 10);
const home = mkdtempSync(join(tmpdir(), 'modeldex-processes-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Writer {
	name: string;
	child: ChildProcess;
	acknowledged: number;
	stderr: string;
}

describe('[F40] eight writers on one database', () => {
	it(`for ${seconds} s, one killed each second, lose nothing and never hear "busy"`, async () => {
		const directory = join(home, 'writers');
		const { database } = openDatabase({ directory, now: () => new Date(), prepare: migrate });
		const all: Writer[] = [];
		const start = () => {
			const name = `writer-${all.length}`;
			const words = [join(directory, 'modeldex.db'), name, '1000000000'];
			const child = fork(join(projectFolder, 'tests/support/writer.mjs'), words, { stdio: 'pipe' });
			const writer: Writer = { name, child, acknowledged: 0, stderr: '' };
			child.on('message', (count) => (writer.acknowledged = Number(count)));
			child.stderr?.on('data', (text: Buffer) => (writer.stderr += text.toString()));
			all.push(writer);
			return new Promise((resolve) => child.once('message', resolve));
		};
		const end = (writer: Writer) => {
			if (writer.child.exitCode !== null) return Promise.resolve(); // it fell over by itself, and said why
			const ended = new Promise((resolve) => writer.child.once('exit', resolve));
			writer.child.kill('SIGKILL');
			return ended;
		};
		await Promise.all(Array.from({ length: 8 }, start));
		for (let second = 0; second < seconds; second += 1) {
			await pause(1000);
			const [writer] = all.slice(second, second + 1);
			if (writer !== undefined) await end(writer);
			await start();
		}
		await Promise.all(all.slice(seconds).map(end));
		const lost = all.filter(({ name, acknowledged }) => {
			const [found] = database.first('SELECT count(*) FROM configs WHERE id LIKE ?', [`${name}/%`]) ?? [];
			return Number(found) < acknowledged;
		});
		const writes = all.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
		const figures = { writers: all.length, killed: seconds, writes, lost: lost.length };
		process.stdout.write(`${JSON.stringify({ id: 'F40', ...figures })}\n`);
		expect(lost).toEqual([]);
		expect(all.map(({ stderr }) => stderr).filter((text) => text !== '')).toEqual([]);
		expect(database.first('PRAGMA integrity_check')).toEqual(['ok']);
		database.close();
	});
});

describe('[F22] two servers on one data folder', () => {
	it('fetch a model once, both tell of it, and one goes on when the other is killed', async () => {
		ensureBuilt();
		const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
		const repo = fakeRepo({ id: 'org/m', files: { 'model.safetensors': { seed: 3, size: 30_000_000, head } } });
		const hub = await startFakeHub({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
		hub.fault({ match: '/xet-bridge', fault: { kind: 'drip', bytes: 100_000, everyMs: 30 } });
		const data = join(home, 'servers');
		const env = { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
		const servers = await Promise.all([startApp({ home: data, env }), startApp({ home: data, env })]);
		const order = (url: string) =>
			fetch(`${url}/api/downloads`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: '{"id":"org/m"}',
			}).then((response) => response.json());
		const state = async (url: string) => {
			const { downloads } = await (await fetch(`${url}/api/downloads`)).json();
			return downloads.map((one: { state: string; bytes: number }) => [one.state, one.bytes > 1_000_000]);
		};
		const made = await Promise.all(servers.map(({ url }) => order(url)));
		expect(new Set(made.map(({ id }) => id)).size).toBe(1);
		for (const { url } of servers) {
			await vi.waitUntil(async () => JSON.stringify(await state(url)) === '[["downloading",true]]', {
				timeout: 60_000,
				interval: 100,
			});
		}
		expect(hub.stats.requests.filter(({ origin }) => origin === 'cdn')).toHaveLength(1);
		hub.clearFaults();
		// Either may be the one at work; whoever stays ends it.
		const [first, second] = servers;
		first?.process.kill('SIGKILL');
		const killed = performance.now();
		await vi.waitUntil(async () => JSON.stringify(await state(second?.url ?? '')) === '[["ready",true]]', {
			timeout: 60_000,
			interval: 100,
		});
		const took = Math.round(performance.now() - killed);
		const connections = hub.stats.requests.filter(({ origin }) => origin === 'cdn').length;
		process.stdout.write(`${JSON.stringify({ id: 'F22', connections, takeover_ms: took })}\n`);
		expect(connections).toBeLessThanOrEqual(2);
		expect(wrongFiles(join(data, 'huggingface/hub'), repo)).toEqual([]);
		expect(await second?.stop()).toBe(0);
		await hub.close();
	});
});
