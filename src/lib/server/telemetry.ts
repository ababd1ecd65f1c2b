// Counts what discoveries and runtimes do, keeps it on this machine, and tells it to whoever sits at it.
import type { DiscoveryMeta } from '#lib/core/discovery.ts';
import { bars, countOf, isSlot, quantile, slotOf } from '#lib/core/histogram.ts';
import type { Classification } from '#lib/core/model.ts';
import type { Counted, LoaderFailure, TelemetryReport, TelemetryWindow } from '#lib/core/telemetry.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { Backoff, DiscoveryWatch } from '#lib/server/discovery-watch.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';
import {
	addCounts,
	addLoaderFailure,
	always,
	countsOf,
	endRun,
	loaderFailures,
	newestRuns,
	ofDay,
	ofRun,
	pruneTelemetry,
	startRun,
	type Count,
	type CountKind,
} from '#lib/server/store/telemetry.ts';

interface TelemetryOptions {
	database: Database;
	clock: Clock;
	/** Told when counts could not be written; they are kept and tried again. */
	onError?: (error: unknown) => void;
}

/** News are gathered this long before they are written, so that a run costs a handful of writes. */
const batchMs = 1000;
const keptRuns = 20;
const keptDays = 31;
const keptLoaderFailures = 50;
/** More than these could only pile up while the database cannot be written. */
const mostUnwritten = 20;
const dayMs = 24 * 3600 * 1000;
const sinceKey = 'telemetry_since';

/** A name as it is counted: a text, which could say anything, is not kept. */
function labelOf(name: string): string {
	return /^[\w.-]{1,60}$/.test(name) ? name : 'other';
}

/** The id without what a terminal would obey, and no longer than ids get. */
function plainId(id: string): string {
	return id.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd').slice(0, 200);
}

/** Adds up by kind and name. */
class Tally {
	readonly #counts = new Map<string, Count>();

	add(kind: CountKind, name: string, count = 1): void {
		const label = labelOf(name);
		const found = this.#counts.get(`${kind} ${label}`);
		if (found === undefined) this.#counts.set(`${kind} ${label}`, { kind, name: label, count });
		else found.count += count;
	}

	get counts(): Count[] {
		return [...this.#counts.values()];
	}

	clear(): void {
		this.#counts.clear();
	}
}

/** A run as far as it is not written yet. `number` is null before its first write. */
interface RunNews {
	number: number | null;
	startedAt: string;
	tally: Tally;
	end: { meta: DiscoveryMeta; at: string } | null;
}

/** The machine's own day of a time, such as `2026-11-21`. */
function dayOf(date: Date): string {
	const two = (part: number) => String(part).padStart(2, '0');
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * The observer of every discovery. Its verbs never throw and take no time worth naming; what they tell is written about
 * once a second and at a run's end. Runs that overlap are counted in the one that ends first.
 */
export class Telemetry implements DiscoveryWatch {
	readonly #options: TelemetryOptions;
	readonly #loose = new Tally();
	readonly #failures = new Map<string, LoaderFailure>();
	#ended: RunNews[] = [];
	#current: RunNews | null = null;
	#cancel: (() => void) | null = null;

	constructor(options: TelemetryOptions) {
		this.#options = options;
	}

	/** The final answer to one read of a configuration, and the milliseconds it took. */
	fetched(status: string, ms: number): void {
		const { tally } = this.#run();
		tally.add('fetch', status);
		tally.add('duration', String(slotOf(ms)));
	}

	/** One model's class is known. */
	classified(classification: Classification): void {
		this.#run().tally.add('class', classification);
	}

	/** A pause before the next request. */
	backoff({ reason, waitMs }: Backoff): void {
		const { tally } = this.#run();
		tally.add('backoff', reason);
		tally.add('backoff_ms', reason, Math.max(0, Math.round(waitMs) || 0));
	}

	/** A run is over. */
	ended(meta: DiscoveryMeta): void {
		const run = this.#run();
		run.tally.add('run', 'ended');
		run.end = { meta, at: this.#now() };
		this.#current = null;
		this.#ended = [...this.#ended, run].slice(-mostUnwritten);
		this.#write();
	}

	/** A runtime could not load a model; the code says why. */
	loaderFailure(modelId: string, code: string): void {
		this.#loose.add('loader', code);
		const failure = { model_id: plainId(modelId), code: labelOf(code), last_at: this.#now() };
		const key = `${failure.code} ${failure.model_id}`;
		const count = (this.#failures.get(key)?.count ?? 0) + 1;
		this.#failures.delete(key);
		this.#failures.set(key, { ...failure, count });
		const [oldest] = this.#failures.keys();
		if (this.#failures.size > keptLoaderFailures && oldest !== undefined) this.#failures.delete(oldest);
		this.#schedule();
	}

	/** Everything that is kept, what was told a moment ago included. Throws `Failure('database')`. */
	report(): TelemetryReport {
		this.#write();
		const { database, clock } = this.#options;
		const runs = newestRuns(database, keptRuns);
		const [newest] = runs;
		return {
			since: readMeta(database, sinceKey),
			windows: {
				run: newest === undefined ? null : windowOf(countsOf(database, ofRun(newest.number)), 1),
				today: windowOf(countsOf(database, ofDay(dayOf(clock.date())))),
				all: windowOf(countsOf(database, always)),
			},
			runs,
			loader_failures: loaderFailures(database, keptLoaderFailures),
		};
	}

	/** Writes what is left. Nothing may be told afterwards. */
	close(): void {
		this.#write();
		this.#cancel?.();
		this.#cancel = null;
	}

	#now(): string {
		return this.#options.clock.date().toISOString();
	}

	#run(): RunNews {
		this.#schedule();
		this.#current ??= { number: null, startedAt: this.#now(), tally: new Tally(), end: null };
		return this.#current;
	}

	#schedule(): void {
		this.#cancel ??= this.#options.clock.after(batchMs, () => {
			this.#cancel = null;
			this.#write();
		});
	}

	/** Writes everything or, when the database refuses, nothing: then the next write has it all. */
	#write(): void {
		const runs = this.#current === null ? this.#ended : [...this.#ended, this.#current];
		const hasNews = this.#failures.size > 0 || runs.some(({ tally, end }) => tally.counts.length > 0 || end !== null);
		if (!hasNews) return;
		const numbers: number[] = [];
		try {
			this.#options.database.transaction(() => {
				for (const run of runs) numbers.push(this.#writeRun(run));
				this.#add(this.#loose.counts, null);
				for (const failure of this.#failures.values()) addLoaderFailure(this.#options.database, failure);
				if (this.#ended.length > 0 || this.#failures.size > 0) this.#prune();
			});
		} catch (error) {
			this.#options.onError?.(error);
			this.#schedule();
			return;
		}
		runs.forEach((run, at) => {
			run.number = numbers[at] ?? null;
			run.tally.clear();
		});
		this.#ended = [];
		this.#loose.clear();
		this.#failures.clear();
	}

	#writeRun({ number, startedAt, tally, end }: RunNews): number {
		const { database } = this.#options;
		const run = number ?? startRun(database, startedAt);
		this.#add(tally.counts, run);
		if (end !== null) {
			const { meta } = end;
			endRun(database, {
				number: run,
				ended_at: end.at,
				listed: meta.fetched,
				dropped: meta.filtered,
				errors: meta.errors.length,
				requests: meta.requests,
				duration_ms: Math.round(meta.durationMs),
				is_rate_limited: meta.rate_limited ?? false,
				is_cancelled: meta.cancelled ?? false,
			});
		}
		return run;
	}

	#add(counts: Count[], run: number | null): void {
		if (counts.length === 0) return;
		const { database, clock } = this.#options;
		if (readMeta(database, sinceKey) === null) saveMeta(database, sinceKey, this.#now());
		const periods = [always, ofDay(dayOf(clock.date())), ...(run === null ? [] : [ofRun(run)])];
		for (const period of periods) addCounts(database, period, counts);
	}

	#prune(): void {
		const { database, clock } = this.#options;
		const firstDay = dayOf(new Date(clock.date().getTime() - keptDays * dayMs));
		pruneTelemetry(database, { runs: keptRuns, firstDay, loaderFailures: keptLoaderFailures });
	}
}

/** What is counted most comes first. */
function named(counts: readonly Count[], kind: CountKind): Counted[] {
	const found = counts.filter((one) => one.kind === kind).map(({ name, count }) => ({ name, count }));
	return found.sort((a, b) => b.count - a.count || a.name.localeCompare(b.name, 'en'));
}

function windowOf(counts: readonly Count[], runs?: number): TelemetryWindow {
	const waited = new Map(named(counts, 'backoff_ms').map(({ name, count }) => [name, count]));
	const durations = named(counts, 'duration').map(({ name, count }) => [Number(name), count] as const);
	const slots = new Map(durations.filter(([slot]) => isSlot(slot)));
	return {
		runs: runs ?? named(counts, 'run').reduce((sum, { count }) => sum + count, 0),
		fetches: named(counts, 'fetch'),
		classes: named(counts, 'class'),
		backoffs: named(counts, 'backoff').map((one) => ({ ...one, waited_ms: waited.get(one.name) ?? 0 })),
		durations: {
			count: countOf(slots),
			p50_ms: quantile(slots, 0.5),
			p95_ms: quantile(slots, 0.95),
			bars: bars(slots),
		},
		loader_failures: named(counts, 'loader'),
	};
}
