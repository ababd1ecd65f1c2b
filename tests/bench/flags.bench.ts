// What a page pays for its flags, and a discovery for being counted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import { openDatabase } from '#lib/server/database.ts';
import { Flags } from '#lib/server/flags.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Telemetry } from '#lib/server/telemetry.ts';
import { median, report, times } from './report.ts';

const directory = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
const { database } = openDatabase({ directory, now: () => new Date(), prepare: migrate });
afterAll(() => {
	database.close();
	rmSync(directory, { recursive: true, force: true });
});

const calls = 5000;

it('asks a flag', async () => {
	const flags = new Flags({ database, environment: new Map(), date: () => new Date() });
	flags.setPercent('registry', 50, 'bench');
	for (let user = 0; user < 1000; user += 1) flags.addTestUser('registry', `test-${user}`, 'bench');
	const figures = await times(9, () => {
		for (let user = 0; user < calls; user += 1) flags.isOn('registry', `user-${user}`);
	});
	const value = (median(figures) / calls) * 1000;
	expect(value).toBeGreaterThan(0);
	report({
		id: 'flag',
		what: 'one flag for one user, read from the database each time, 1,000 test users',
		ours: `${value.toFixed(1)} µs`,
		peer: 'none',
		value,
		aim: '≤ 100 µs',
		met: value <= 100,
	});
});

it('counts a run', async () => {
	const telemetry = new Telemetry({ database, clock: machineClock });
	const figures = await times(9, () => {
		for (let at = 0; at < calls; at += 1) {
			telemetry.fetched(at % 9 === 0 ? '404' : '200', at);
			telemetry.classified(at % 2 === 0 ? 'gen' : 'encoder');
		}
		telemetry.ended({ fetched: calls, filtered: 0, errors: [], durationMs: 1, requests: calls });
	});
	telemetry.close();
	const value = median(figures);
	expect(value).toBeGreaterThan(0);
	report({
		id: 'telemetry',
		what: 'counting a run of 5,000 models with 5,000 reads, its end written to the database',
		ours: `${value.toFixed(1)} ms`,
		peer: 'none',
		value,
		aim: '≤ 25 ms',
		met: value <= 25,
	});
});
