// The registry as people see it: what pages, the command line and the API are told about it, and never a key.
import type { BreakerView } from '#lib/core/registry/breaker.ts';
import type { RolloutConfig, TierConfig } from '#lib/core/registry/config.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import type { Finding } from '#lib/core/registry/validate.ts';

/** One fault of a file. Line and column count from one; null where the fault has no place. `path` is like `tiers.fast`. */
export interface FileFault {
	file: string;
	line: number | null;
	column: number | null;
	path: string;
	message: string;
}

/** The registry as people see it. Times are ISO; null where there is none. */
export interface RegistryState {
	file: string | null;
	digest: string;
	loaded_at: string;
	/** Set while the file is broken: what was good before is in force. */
	degraded: { since: string; faults: FileFault[] } | null;
	/** True when what is in force comes from an earlier start, because the file was broken at this one. */
	is_restored: boolean;
}

/** The rollout in force. A percentage or salt that was set here takes the place of the file's; lists add up; either may switch off. */
export interface RolloutState extends RolloutConfig {
	/** Where the percentage is from. */
	source: 'file' | 'here' | 'default';
}

/** One candidate. Prices are dollars per million tokens; null is unknown. */
export interface CandidateView {
	name: string;
	/** Why it cannot be asked at all; null when it can. */
	unusable: string | null;
	breaker: BreakerView | null;
	price: { input: number; output: number; source: string } | null;
	context: number | null;
	max_output: number | null;
	is_local: boolean;
	weight: number;
}

export interface TierView {
	name: string;
	strategy: TierConfig['strategy'];
	description: string | null;
	candidates: CandidateView[];
	/** The tier as the file has it. */
	settings: Omit<TierConfig, 'providers' | 'strategy' | 'description'>;
}

export interface ProviderView {
	name: string;
	type: string;
	base_url: string | null;
	enabled: boolean;
	/** Name of the variable with its key; null where it has none. */
	key_variable: string | null;
	has_key: boolean;
	/** Names of further headers; their values stay here. */
	headers: string[];
	max_concurrent: number | null;
	breaker: BreakerView | null;
}

export interface RegistryView {
	state: RegistryState;
	name: string | null;
	default_tier: string | null;
	providers: ProviderView[];
	tiers: TierView[];
	experiments: TierView[];
	aliases: Record<string, string>;
	defaults: object;
	rollout: RolloutState;
	auto_tier: boolean;
	findings: Finding[];
}

/** Figures of one group. Milliseconds and dollars; null where nothing is known. */
export interface GroupFigures {
	name: string;
	requests: number;
	successes: number;
	failures: number;
	/** Callers that left. */
	cancelled: number;
	p50_ms: number | null;
	p95_ms: number | null;
	first_content_p50_ms: number | null;
	first_content_p95_ms: number | null;
	average_ms: number | null;
	cost_usd: number;
	/** Requests whose cost nobody knows; they are not in `cost_usd`. */
	unpriced: number;
	/** Failures by code or class. */
	codes: Record<string, number>;
	/** ISO time of the latest. */
	updated_at: string | null;
}

/** Figures of a candidate's tries. Lost lanes are told apart: they are no failures, and their times are lower bounds. */
export interface CandidateFigures extends GroupFigures {
	/** The newest failure of the window, with its class; null when there was none. */
	last_failure: { class: string | null; at: string } | null;
	lost: number;
	output_tokens_per_second_p50: number | null;
}

/** One step of a window. `cost_usd` leaves out the requests whose price nobody knows; `unpriced` counts them. */
export interface UsageStep {
	/** ISO time of its beginning. */
	from: string;
	requests: number;
	failures: number;
	cost_usd: number;
	unpriced: number;
}

/** A share of a limit that was passed. `limit` is nano-dollars or requests, as `unit` says; `at` an ISO time. */
export interface AlertView {
	scope: string;
	unit: string;
	window: string;
	share: number;
	limit: number;
	at: string;
}

export interface UsageReport {
	/** ISO time from which the figures count. */
	since: string;
	hours: number;
	total: GroupFigures;
	/** The window in equal steps, the oldest first. */
	steps: UsageStep[];
	routes: GroupFigures[];
	models: CandidateFigures[];
	providers: CandidateFigures[];
	users: GroupFigures[];
	keys: GroupFigures[];
	strategies: GroupFigures[];
	budgets: { scope: string; unit: string; window: string; from: string; spent: number; reserved: number }[];
	alerts: AlertView[];
}

/** What came of it. Milliseconds and dollars; null where nothing is known. */
export interface SimulationReport {
	spec: string;
	strategy: string | null;
	requests: number;
	succeeded: number;
	failed: number;
	/** Answers that broke off after they had begun. */
	broken_off: number;
	served: Record<string, number>;
	p50_ms: number | null;
	p95_ms: number | null;
	p99_ms: number | null;
	first_content_p50_ms: number | null;
	first_content_p95_ms: number | null;
	cost_usd: number;
	/** Part of the cost that went to tries whose answer nobody got. */
	wasted_usd: number;
	unpriced: number;
	attempts: { candidate: string; sent: number; won: number; lost: number; failed: number; skipped: number }[];
	codes: Record<string, number>;
	/** Shares of budgets that were passed, with the number of the request that did. */
	budget_alerts: { scope: string; share: number }[];
	simulated_ms: number;
	/** The first requests, whole. */
	trace: RequestRecord[];
}

/** A text of the registry file that was in force from `at` (ISO) on. */
export interface FileVersion {
	digest: string;
	at: string;
	bytes: number;
}

/** A difference between two registry files, by its place, such as `tiers.fast`. */
export interface ConfigChange {
	kind: 'added' | 'removed' | 'changed';
	path: string;
}
