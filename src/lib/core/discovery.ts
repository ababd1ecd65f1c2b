// Discovery in words: the messages of a run, as they travel over HTTP and between page and worker, and their one fold.
import type { ModelEntry } from '#lib/core/model.ts';

/** What a run does unless told otherwise. Times are milliseconds, the rest are counts. */
export const discoveryDefaults = {
	listLimit: 5000,
	maxCandidates: 250,
	concurrency: 12,
	timeoutMs: 10_000,
	retries: 3,
} as const;

/**
 * What a run may be told. `models` is a list handed in instead of the Hub's; `wait: false` returns what there is when
 * the request window is spent; `continueFrom` names an earlier run, whose next candidates are taken. `hfToken` is used
 * for this run's requests only and never kept; null asks without a token.
 */
export interface DiscoveryParams {
	maxCandidates?: number;
	concurrency?: number;
	timeoutMs?: number;
	retries?: number;
	listLimit?: number;
	hfToken?: string | null;
	models?: HandedModel[];
	wait?: boolean;
	continueFrom?: string;
}

/** One row of a list handed in: the Hub's own field names, everything but the id may be missing. */
export interface HandedModel {
	id: string;
	pipeline_tag?: string | null;
	tags?: string[];
	siblings?: (string | { rfilename: string })[];
	model_type?: string | null;
	architectures?: string[] | null;
	library_name?: string | null;
	downloads?: number;
	likes?: number;
	gated?: boolean | 'auto' | 'manual';
	[field: string]: unknown;
}

/** Starts a run. `id` is the caller's own name for it and comes back in every message. */
export interface DiscoveryRequest {
	action: 'listChatModels';
	id: string;
	params?: DiscoveryParams;
}

/** Ends a run for the caller of that id. */
export interface DiscoveryCancel {
	action: 'cancelListChatModels';
	id: string;
}

/** `auth` is an event (the config is locked), not a class: the class stays what the list fields told, if they did. */
export const discoveryStatuses = ['prefiltered', 'config_fetching', 'classified', 'auth', 'error'] as const;
export type DiscoveryStatus = (typeof discoveryStatuses)[number];

/** One model's news. `delta` holds changed fields only; `ts` is Unix time in milliseconds. */
export interface DiscoveryProgress {
	action: 'listChatModels:progress';
	id: string;
	modelId: string;
	status: DiscoveryStatus;
	delta?: Partial<ModelEntry>;
	ts: number;
}

/** One model that could not be read, or, with modelId `''`, something that concerned the whole run. */
export interface DiscoveryProblem {
	modelId: string;
	code: string;
	message: string;
}

/**
 * How a run went. `fetched`: models listed or handed in; `filtered`: those the pre-filter dropped; `requests`: what
 * was sent to the Hub, retries included; `durationMs` from start to end. `rate_limited`: the request window was spent
 * and something is missing; `cancelled`: ended early by the caller.
 */
export interface DiscoveryMeta {
	fetched: number;
	filtered: number;
	errors: DiscoveryProblem[];
	durationMs: number;
	requests: number;
	rate_limited?: boolean;
	cancelled?: boolean;
}

/** The end of a run: every model with its class, those the pre-filter dropped included (`excluded_by`). */
export interface DiscoveryDone {
	action: 'listChatModels:done';
	id: string;
	models: ModelEntry[];
	meta: DiscoveryMeta;
}

/** A run that could not start or broke off as a whole. */
export interface DiscoveryFailed {
	action: 'listChatModels:error';
	id: string;
	code?: string;
	message: string;
}

export type DiscoveryMessage = DiscoveryProgress | DiscoveryDone | DiscoveryFailed;

/** Why a model is not among the candidates: the limit, or the pre-filter with its rule. */
export const candidateLimit = 'candidate-limit';
export const prefilterPrefix = 'pre-filter: ';

/** What is known of one model while a run goes on. Replaced, never changed, when there is news. */
export interface DiscoveryItem {
	readonly status: DiscoveryStatus;
	readonly entry: ModelEntry;
}

/** Models by what is known of them; `reading` are those whose config is being fetched, `waiting` those still to be. */
export interface DiscoveryCounts {
	listed: number;
	dropped: number;
	waiting: number;
	reading: number;
	gen: number;
	encoder: number;
	unknown: number;
	auth: number;
	failed: number;
}

/** A run as its messages tell it. `meta` and `failure` are null while it goes on. */
export interface DiscoveryState {
	readonly id: string;
	phase: 'running' | 'done' | 'failed';
	readonly items: Map<string, DiscoveryItem>;
	meta: DiscoveryMeta | null;
	failure: { code: string; message: string } | null;
	/** Unix milliseconds of the first and the latest news; null before there is any. */
	startedAt: number | null;
	latestAt: number | null;
}

/** The state before the first message. */
export function newDiscovery(id: string): DiscoveryState {
	return {
		id,
		phase: 'running',
		items: new Map(),
		meta: null,
		failure: null,
		startedAt: null,
		latestAt: null,
	};
}

/** A model of which nothing is known yet but its name: what deltas start from. */
export function blankEntry(id: string): ModelEntry {
	const slash = id.indexOf('/');
	return {
		id,
		author: slash > 0 ? id.slice(0, slash) : null,
		model_type: null,
		architectures: null,
		classification: 'unknown',
		confidence: 'low',
		fetchStatus: 'none',
		architecture_family: 'Unknown',
		quantization_bits: null,
		quantization_method: null,
		quantization: 'unknown',
		context_window: null,
		parameters_total: null,
		fit: null,
		is_multimodal: null,
		multimodal_type: null,
		downloads: null,
		likes: null,
		license: null,
		gated: false,
		updated_at: null,
		local: false,
	};
}

/** The status a model ends in; one beyond the candidate limit stays as the pre-filter left it. */
function finalStatus(entry: ModelEntry): DiscoveryStatus {
	if (entry.excluded_by === candidateLimit) return 'prefiltered';
	if (entry.fetchStatus === 'error' || entry.fetchStatus === '429') return 'error';
	return entry.classification === 'auth-protected' ? 'auth' : 'classified';
}

/**
 * The one fold: takes a message into the state, in place, so that five thousand of them stay cheap; whoever shows the
 * state tells its watchers after a batch. Messages of another run, and any after the end, change nothing.
 */
export function applyDiscovery(state: DiscoveryState, message: DiscoveryMessage): void {
	if (message.id !== state.id || state.phase !== 'running') return;
	if (message.action === 'listChatModels:error') {
		state.phase = 'failed';
		state.failure = { code: message.code ?? 'internal', message: message.message };
		return;
	}
	if (message.action === 'listChatModels:done') {
		state.phase = 'done';
		state.meta = message.meta;
		state.items.clear();
		for (const entry of message.models) state.items.set(entry.id, { status: finalStatus(entry), entry });
		return;
	}
	state.startedAt ??= message.ts;
	state.latestAt = message.ts;
	const known = state.items.get(message.modelId);
	const entry = { ...(known?.entry ?? blankEntry(message.modelId)), ...message.delta, id: message.modelId };
	state.items.set(message.modelId, { status: message.status, entry });
}

/** The figures of a run for its progress line, counted anew from what is known. */
export function countDiscovery(state: DiscoveryState): DiscoveryCounts {
	const counts = { listed: 0, dropped: 0, waiting: 0, reading: 0, gen: 0, encoder: 0, unknown: 0, auth: 0, failed: 0 };
	for (const { status, entry } of state.items.values()) {
		counts.listed += 1;
		if (entry.excluded_by?.startsWith(prefilterPrefix)) counts.dropped += 1;
		if (status === 'config_fetching') counts.reading += 1;
		else if (status === 'prefiltered' && entry.excluded_by === undefined) counts.waiting += 1;
		else if (status === 'error') counts.failed += 1;
		else if (entry.classification === 'auth-protected') counts.auth += 1;
		else counts[entry.classification] += 1;
	}
	return counts;
}
