// Telemetry: what runs tell is added up by run, day and in all, kept without names or texts, and pruned.
import { describe, expect, it, vi } from 'vitest';
import type { DiscoveryMeta } from '#lib/core/discovery.ts';
import { Failure } from '#lib/core/failure.ts';
import { telemetryRows } from '#lib/core/telemetry.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Telemetry } from '#lib/server/telemetry.ts';
import { temporaryFolder } from '../support/folder.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const folder = temporaryFolder();
const dayMs = 24 * 3600 * 1000;
let made = 0;

function open(directory = `${folder}/${made++}`): Database {
	return openDatabase({ directory, now: () => new Date(), prepare: migrate }).database;
}

function rig(directory?: string) {
	const database = open(directory);
	const clock = new VirtualClock();
	return { database, clock, telemetry: new Telemetry({ database, clock }) };
}

const meta = (changed: Partial<DiscoveryMeta> = {}): DiscoveryMeta => ({
	fetched: 10,
	filtered: 4,
	errors: [],
	durationMs: 1234.5,
	requests: 7,
	...changed,
});

function tellRun(telemetry: Telemetry): void {
	for (const [status, ms] of [
		['200', 100],
		['200', 110],
		['404', 20],
		['429', 4000],
	] as const) {
		telemetry.fetched(status, ms);
	}
	for (const kind of ['gen', 'gen', 'encoder', 'unknown', 'auth-protected'] as const) telemetry.classified(kind);
	telemetry.backoff({ reason: '429', waitMs: 1500.4 });
	telemetry.backoff({ reason: '429', waitMs: 500 });
}

describe('Telemetry', () => {
	it('is empty before the first count', () => {
		const { telemetry } = rig();
		const { since, windows, runs, loader_failures } = telemetry.report();
		expect([since, windows.run, runs, loader_failures]).toEqual([null, null, [], []]);
		expect(windows.all).toEqual({
			runs: 0,
			fetches: [],
			classes: [],
			backoffs: [],
			durations: { count: 0, p50_ms: null, p95_ms: null, bars: [] },
			loader_failures: [],
		});
	});

	it('adds up what a run tells, while it goes on and when it has ended', () => {
		const { telemetry } = rig();
		tellRun(telemetry);
		const during = telemetry.report();
		expect(during.runs).toMatchObject([{ ended_at: null, listed: null, duration_ms: null }]);
		telemetry.fetched('200', 105);
		telemetry.ended(meta({ errors: [{ modelId: 'a/b', code: 'hub_error', message: 'no' }], rate_limited: true }));
		const { windows, runs, since } = telemetry.report();
		expect(since).toMatch(/^2026-11-21T12:00:/);
		expect(windows.run).toMatchObject({
			fetches: [
				{ name: '200', count: 3 },
				{ name: '404', count: 1 },
				{ name: '429', count: 1 },
			],
			classes: [
				{ name: 'gen', count: 2 },
				{ name: 'auth-protected', count: 1 },
				{ name: 'encoder', count: 1 },
				{ name: 'unknown', count: 1 },
			],
			backoffs: [{ name: '429', count: 2, waited_ms: 2000 }],
		});
		expect(windows.run?.durations.count).toBe(5);
		expect(windows.run?.durations.p50_ms).toBeGreaterThan(90);
		expect(windows.run?.durations.p50_ms).toBeLessThan(120);
		expect(windows.run?.durations.p95_ms).toBeGreaterThan(3500);
		expect(windows.all).toEqual(windows.run);
		expect(windows.today).toEqual(windows.run);
		expect(runs).toMatchObject([
			{ listed: 10, dropped: 4, errors: 1, requests: 7, duration_ms: 1235, is_rate_limited: true, is_cancelled: false },
		]);
	});

	it('tells the run from the day and the day from all', async () => {
		const { telemetry, clock } = rig();
		tellRun(telemetry);
		telemetry.ended(meta());
		await clock.leap(dayMs);
		telemetry.fetched('200', 10);
		telemetry.ended(meta());
		telemetry.fetched('403', 10);
		telemetry.ended(meta({ cancelled: true }));
		const report = telemetry.report();
		expect(telemetryRows(report, 'fetches')).toEqual([
			{ name: '200', counts: [0, 1, 3] },
			{ name: '403', counts: [1, 1, 1] },
			{ name: '404', counts: [0, 0, 1] },
			{ name: '429', counts: [0, 0, 1] },
		]);
		expect([report.windows.run?.runs, report.windows.today.runs, report.windows.all.runs]).toEqual([1, 2, 3]);
		expect(report.runs.map(({ is_cancelled }) => is_cancelled)).toEqual([true, false, false]);
	});

	it('counts a run that read nothing', () => {
		const { telemetry } = rig();
		telemetry.ended(meta({ requests: 0 }));
		expect(telemetry.report()).toMatchObject({ runs: [{ requests: 0 }], windows: { all: { runs: 1, fetches: [] } } });
	});

	it('writes about once a second, and what is left when it closes', async () => {
		const { telemetry, clock, database } = rig();
		const count = () => database.first('SELECT sum(count) FROM telemetry')?.[0];
		const writes = vi.spyOn(database, 'transaction');
		for (let index = 0; index < 500; index += 1) telemetry.classified('gen');
		expect(writes).not.toHaveBeenCalled();
		await clock.leap(1000);
		expect(writes).toHaveBeenCalledTimes(1);
		expect(count()).toBe(1500); // the run, the day, all
		telemetry.classified('gen');
		telemetry.close();
		expect(count()).toBe(1503);
		expect(clock.waiting).toBe(0);
	});

	it('adds to what another process has written', () => {
		const directory = `${folder}/shared`;
		const [one, two] = [rig(directory), rig(directory)];
		tellRun(one.telemetry);
		two.telemetry.fetched('200', 5);
		one.telemetry.ended(meta());
		two.telemetry.ended(meta({ fetched: 99 }));
		const report = one.telemetry.report();
		expect(report.windows.all.fetches[0]).toEqual({ name: '200', count: 3 });
		expect(report.runs.map(({ listed }) => listed)).toEqual([99, 10]);
		expect(report.windows.run?.fetches).toEqual([{ name: '200', count: 1 }]);
	});

	it('never throws at those who tell it something, and loses nothing while the database refuses', async () => {
		const database = open();
		const clock = new VirtualClock();
		const onError = vi.fn();
		const telemetry = new Telemetry({ database, clock, onError });
		const refuse = vi.spyOn(database, 'transaction').mockImplementation(() => {
			throw new Failure('database', 'The disk is full.');
		});
		tellRun(telemetry);
		telemetry.ended(meta());
		telemetry.loaderFailure('org/model', 'engine_crashed');
		await clock.leap(3000);
		expect(onError.mock.calls.length).toBeGreaterThan(1);
		refuse.mockRestore();
		await clock.leap(1000);
		expect(database.first("SELECT count(*) FROM telemetry WHERE period = 'all'")?.[0]).toBeGreaterThan(0);
		const { windows, runs, loader_failures } = telemetry.report();
		expect(windows.all).toMatchObject({ runs: 1, fetches: [{ name: '200', count: 2 }, {}, {}] });
		expect(runs).toMatchObject([{ listed: 10 }]);
		expect(loader_failures).toMatchObject([{ model_id: 'org/model', count: 1 }]);
	});

	it('counts models that a runtime could not load, and remembers the latest', () => {
		const { telemetry } = rig();
		telemetry.loaderFailure('org/a', 'out_of_memory');
		telemetry.loaderFailure('org/a', 'out_of_memory');
		telemetry.loaderFailure('org/b', 'engine_crashed');
		expect(telemetry.report()).toMatchObject({
			windows: {
				all: {
					loader_failures: [
						{ name: 'out_of_memory', count: 2 },
						{ name: 'engine_crashed', count: 1 },
					],
				},
			},
		});
		for (let index = 0; index < 200; index += 1) telemetry.loaderFailure(`org/m${index}`, 'engine_crashed');
		const { loader_failures, windows } = telemetry.report();
		expect(loader_failures.length).toBeLessThanOrEqual(50);
		expect(loader_failures.map(({ model_id }) => model_id)).toContain('org/m199');
		expect(windows.all.loader_failures[0]).toEqual({ name: 'engine_crashed', count: 201 });
	});

	it('keeps no text that somebody could have written', () => {
		const { telemetry, database } = rig();
		telemetry.fetched('my secret prompt', 5);
		telemetry.backoff({ reason: 'Bearer hf_abcdef', waitMs: NaN });
		telemetry.loaderFailure(`org/x\u0000\u001b[2J${'y'.repeat(500)}`, 'said: "hello there"');
		telemetry.ended(meta({ errors: [{ modelId: 'org/private', code: 'gated', message: 'a text' }] }));
		const tables = ['telemetry', 'telemetry_runs', 'loader_failures'];
		const all = JSON.stringify(tables.map((table) => database.all(`SELECT * FROM ${table}`)));
		expect(all).not.toMatch(/secret|Bearer|hello|private|a text|\\u001b/);
		expect(telemetry.report().windows.all.fetches).toEqual([{ name: 'other', count: 1 }]);
	});

	it('forgets old runs and old days, never the total', async () => {
		const { telemetry, clock, database } = rig();
		for (let day = 0; day < 40; day += 1) {
			telemetry.fetched('200', 5);
			telemetry.ended(meta());
			await clock.leap(dayMs);
		}
		telemetry.ended(meta());
		const periods = database.all('SELECT DISTINCT period FROM telemetry').map(([period]) => String(period));
		expect(periods.filter((period) => period.startsWith('day:')).length).toBeLessThanOrEqual(33);
		expect(periods.filter((period) => period.startsWith('run:')).length).toBe(20);
		const { runs, windows } = telemetry.report();
		expect(runs).toHaveLength(20);
		expect(windows.all).toMatchObject({ runs: 41, fetches: [{ name: '200', count: 40 }] });
	});
});
