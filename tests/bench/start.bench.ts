// From `modeldex serve` to the first 200, with 50,000 stored rows, beside a bare Node server started the same way.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, it } from 'vitest';
import { openDatabase } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { saveModels } from '#lib/server/store/models.ts';
import { startApp } from '../support/app-server.ts';
import { randomRecord } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';
import { median, report } from './report.ts';

const home = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function fill(count: number): void {
	const { database } = openDatabase({ directory: home, now: () => new Date(), prepare: migrate });
	const random = seeded(5);
	const rows = Array.from({ length: count }, (_, index) => ({
		record: randomRecord(random, index),
		isLearned: false,
		isRead: false,
	}));
	saveModels(database, rows);
	database.close();
}

async function ours(): Promise<number> {
	const start = performance.now();
	const app = await startApp({ home });
	const answer = await fetch(`${app.url}/api/health`);
	await answer.text();
	const taken = performance.now() - start;
	await app.stop();
	if (answer.status !== 200) throw new Error(`health answered ${answer.status}`);
	return taken;
}

/** A server that only says 200, started as a process. */
async function bare(): Promise<number> {
	const start = performance.now();
	const code = `const s=require('http').createServer((q,r)=>r.end('ok')).listen(0,'127.0.0.1',()=>console.log(s.address().port))`;
	const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
	const port = await new Promise<string>((resolve) => child.stdout.once('data', (d: Buffer) => resolve(String(d))));
	await (await fetch(`http://127.0.0.1:${port.trim()}/`)).text();
	const taken = performance.now() - start;
	child.kill();
	return taken;
}

it('is ready soon after a start with 50,000 rows', async () => {
	fill(50_000);
	await ours(); // takes in the snapshot once
	const rounds = process.env.BENCH_QUICK ? 3 : 7;
	const figures: number[] = [];
	const peers: number[] = [];
	for (let round = 0; round < rounds; round += 1) {
		figures.push(await ours());
		peers.push(await bare());
	}
	const value = median(figures);
	report({
		id: 'start',
		what: 'start to the first 200 with 50,000 rows stored',
		ours: `${value.toFixed(0)} ms`,
		peer: `${median(peers).toFixed(0)} ms (bare Node server)`,
		value,
		aim: '≤ 500 ms',
		met: value <= 500,
	});
});
