// What a machine counts of its own work, and tells only the person who sits at it.
import type { Bar } from '#lib/core/histogram.ts';

/** How often something was seen. */
export interface Counted {
	name: string;
	count: number;
}

/** Pauses before the next request: `name` is an HTTP status, `timeout` or `broken`; `waited_ms` is all of them together. */
export interface CountedBackoff extends Counted {
	waited_ms: number;
}

/** How long reads of configurations took, retries and waits included. Null figures: nothing was read. */
export interface Durations {
	count: number;
	p50_ms: number | null;
	p95_ms: number | null;
	bars: Bar[];
}

/**
 * The counts of one stretch of time. `fetches`: reads of configurations by their final answer; `classes`: models by what
 * they turned out to be; `loader_failures`: models that a runtime could not load, by code.
 */
export interface TelemetryWindow {
	runs: number;
	fetches: Counted[];
	classes: Counted[];
	backoffs: CountedBackoff[];
	durations: Durations;
	loader_failures: Counted[];
}

/** One run of a discovery. Times are ISO; figures are null while it goes on, and for good when its process was killed. */
export interface TelemetryRun {
	number: number;
	started_at: string;
	ended_at: string | null;
	listed: number | null;
	dropped: number | null;
	errors: number | null;
	requests: number | null;
	duration_ms: number | null;
	is_rate_limited: boolean;
	is_cancelled: boolean;
}

/** A model that a runtime could not load: how often, and when the last time (ISO). */
export interface LoaderFailure {
	model_id: string;
	code: string;
	count: number;
	last_at: string;
}

/**
 * Everything that is kept. `run` is the newest run, null before there was one; `today` the machine's own day; `since` the
 * ISO time of the first count of all, null before the first. `runs` and `loader_failures` hold the newest first.
 */
export interface TelemetryReport {
	since: string | null;
	windows: { run: TelemetryWindow | null; today: TelemetryWindow; all: TelemetryWindow };
	runs: TelemetryRun[];
	loader_failures: LoaderFailure[];
}

/** The windows in the order in which they are shown. */
export const telemetryWindows = [
	{ key: 'run', label: 'Last run' },
	{ key: 'today', label: 'Today' },
	{ key: 'all', label: 'All' },
] as const;

const fetchWords: Record<string, string> = {
	'200': 'read',
	'401': 'sign-in needed',
	'403': 'gated',
	'404': 'no configuration',
	'429': 'request limit',
	error: 'no answer, or a broken one',
};

const classWords: Record<string, string> = {
	gen: 'can write text',
	'auth-protected': 'locked',
};

const backoffWords: Record<string, string> = {
	'429': 'request limit',
	timeout: 'no answer in time',
	broken: 'broken connection',
};

/** What of a window is a list of names with their counts. */
export type TelemetryKind = 'fetches' | 'classes' | 'backoffs' | 'loader_failures';

const words: Record<TelemetryKind, Record<string, string>> = {
	fetches: fetchWords,
	classes: classWords,
	backoffs: backoffWords,
	loader_failures: {},
};

/** What a name means to a person; the empty text when it speaks for itself. */
export function telemetryWords(kind: TelemetryKind, name: string): string {
	return Object.hasOwn(words[kind], name) ? (words[kind][name] ?? '') : '';
}

/**
 * One row per name that any window has seen, with its count in each; null for a window that does not
 * exist, and for loader failures of a run: they are no part of one.
 */
export function telemetryRows(
	{ windows }: TelemetryReport,
	kind: TelemetryKind,
): { name: string; counts: (number | null)[] }[] {
	const shown = telemetryWindows.map(({ key }) => windows[key]);
	return windows.all[kind].map(({ name }) => ({
		name,
		counts: shown.map((window) =>
			window === null || (kind === 'loader_failures' && window === windows.run)
				? null
				: (window[kind].find((other) => other.name === name)?.count ?? 0),
		),
	}));
}
