// The discovery of this page's life: runs one at a time, keeps what earlier ones found, and shows it frame by frame.
/* eslint-disable svelte/prefer-svelte-reactivity -- these sets and maps are bookkeeping that nothing renders */
import { ApiError } from '#lib/client/api.ts';
import type { DiscoveryConnection, DiscoveryRun } from '#lib/client/discovery-connection.ts';
import {
	errorGroups,
	groupItems,
	groupOf,
	isBeyondLimit,
	type ErrorGroup,
	type GroupedItems,
} from '#lib/client/discovery-groups.ts';
import { secondsLeft, type PaceMark } from '#lib/client/discovery-pace.ts';
import {
	countDiscovery,
	discoveryDefaults,
	newDiscovery,
	type DiscoveryCounts,
	type DiscoveryItem,
	type DiscoveryMeta,
	type DiscoveryParams,
	type DiscoveryState,
	type HandedModel,
} from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';

/** `cancelled` and `done` both have a result; `failed` has a sentence, and whatever came before it. */
export type DiscoveryPhase = 'idle' | 'running' | 'cancelling' | 'cancelled' | 'done' | 'failed';

/** Everything a page shows, as of one moment. */
export interface DiscoveryView {
	readonly phase: DiscoveryPhase;
	/** Of the current run alone. */
	readonly counts: DiscoveryCounts;
	/** Configs of the current run that had to be waited for, and how many of them have come. */
	readonly reads: { readonly total: number; readonly settled: number };
	/** Of the current run and those it goes on from. */
	readonly groups: GroupedItems;
	/** Failed models by reason; empty while a run goes on. */
	readonly errors: readonly ErrorGroup[];
	readonly meta: DiscoveryMeta | null;
	readonly failure: { readonly code: string; readonly message: string } | null;
	/** Null: cannot be told (yet). */
	readonly secondsLeft: number | null;
	/** Can the listed models beyond the candidate limit be taken up? */
	readonly canContinue: boolean;
}

/** What the form asks for, without the token: that is handed over with each start and kept nowhere. */
export type DiscoveryWish = Pick<DiscoveryParams, 'listLimit' | 'maxCandidates' | 'wait'>;

interface StoreOptions {
	connection: Pick<DiscoveryConnection, 'loadChatModels' | 'close'>;
	/** Calls back before the next frame is painted. */
	nextFrame?: (work: () => void) => void;
	/** Least time between two views while a run goes on; more when a view costs more than a tenth of it. */
	viewMs?: number;
	now?: () => number;
}

const noCounts = countDiscovery(newDiscovery(''));

const nothing: DiscoveryView = {
	phase: 'idle',
	counts: noCounts,
	reads: { total: 0, settled: 0 },
	groups: groupItems([], true),
	errors: [],
	meta: null,
	failure: null,
	secondsLeft: null,
	canContinue: false,
};

/**
 * What is known of a model after another run: the news, and where they say nothing, what was known before. What was
 * settled stays so unless the other run comes to an answer; a failure is open again while it is read again.
 */
function over(before: DiscoveryItem | undefined, news: DiscoveryItem): DiscoveryItem {
	if (before === undefined) return news;
	const group = groupOf(before, true);
	const isAgain = group === 'failed' && groupOf(news, false) === 'open';
	if (group !== 'unread' && groupOf(news, true) === 'unread' && !isAgain) return before;
	const known = Object.entries(news.entry).filter(([, value]) => value !== null && value !== undefined);
	const { excluded_by: _, ...kept } = before.entry;
	return { status: news.status, entry: { ...kept, ...Object.fromEntries(known) } };
}

/** A model as a list handed in names it. */
function handed(entry: ModelEntry): HandedModel {
	const { id, pipeline_tag, tags, siblings, model_type, architectures, downloads, likes, gated } = entry;
	const counts = { ...(downloads === null ? {} : { downloads }), ...(likes === null ? {} : { likes }) };
	return { id, pipeline_tag, tags, siblings, model_type, architectures, gated, ...counts };
}

/** One discovery at a time. What it shows is put together at most once per frame, whatever arrives in between. */
export class DiscoveryStore {
	#view = $state.raw<DiscoveryView>(nothing);
	/** Are models of low confidence shown among those to chat with? */
	showLowConfidence = $state(false);
	/** What the form holds, so that it is the same on every page. */
	wish = $state.raw<Required<DiscoveryWish>>({
		listLimit: discoveryDefaults.listLimit,
		maxCandidates: discoveryDefaults.maxCandidates,
		wait: true,
	});
	#run: DiscoveryRun | null = null;
	#isCancelling = false;
	/** What the runs found that the current one goes on from. */
	#before = new Map<string, DiscoveryItem>();
	/** The latest run that listed models; its candidates go on. */
	#listed: string | null = null;
	#mark: PaceMark | null = null;
	/** Models that had to be waited for in the current run, and those that were open in the last view: not all of them do. */
	#awaited = new Set<string>();
	#open = new Set<string>();
	#isDue = false;
	#nextAt = 0;
	#options: Required<StoreOptions>;

	constructor(options: StoreOptions) {
		this.#options = { nextFrame: (work) => void requestAnimationFrame(work), viewMs: 100, now: Date.now, ...options };
	}

	/** What is shown now; replaced as a whole. */
	get view(): DiscoveryView {
		return this.#view;
	}

	get isRunning(): boolean {
		return this.#view.phase === 'running' || this.#view.phase === 'cancelling';
	}

	/** Starts anew with what the form holds. */
	discover(hfToken?: string): void {
		this.#before.clear();
		this.#start({ ...this.wish }, hfToken);
	}

	/** Takes the next candidates of the models that were listed. */
	further(hfToken?: string): void {
		if (this.#listed === null) return;
		this.#keep();
		this.#start({ ...this.wish, continueFrom: this.#listed }, hfToken);
	}

	/** Reads failed models again: these ones. */
	again(ids: readonly string[], hfToken?: string): void {
		const wanted = new Set(ids);
		const models = this.#view.groups.all.filter(({ entry }) => wanted.has(entry.id)).map(({ entry }) => handed(entry));
		if (models.length === 0) return;
		this.#keep();
		this.#start({ maxCandidates: models.length, wait: this.wish.wait, models }, hfToken);
	}

	/** Ends the run early; what was found stays. */
	cancel(): void {
		if (this.#view.phase !== 'running') return;
		this.#isCancelling = true;
		this.#run?.cancel();
		this.#show();
	}

	/** Ends everything: the page is being left. */
	close(): void {
		this.#options.connection.close();
	}

	#start(params: DiscoveryParams, hfToken: string | undefined): void {
		if (this.isRunning) return;
		const token = hfToken?.trim();
		const asked = token ? { ...params, hfToken: token } : params;
		this.#isCancelling = false;
		this.#mark = null;
		this.#awaited.clear();
		this.#open.clear();
		const run = this.#options.connection.loadChatModels(asked, { onProgress: () => this.#due() });
		this.#run = run;
		if (params.models === undefined) this.#listed = run.id;
		this.#show();
		run.done.catch((error: unknown) => {
			if (!(error instanceof ApiError)) throw error; // a run that failed says so in its state
			if (error.code !== 'not_found' || params.continueFrom === undefined) return;
			this.#listed = null; // the server has forgotten it: going on means to begin anew
			this.#show();
		});
	}

	/** Puts what the last run found with what was found before. */
	#keep(): void {
		const { all, unread } = this.#view.groups;
		for (const item of all) this.#before.set(item.entry.id, item);
		for (const { entry } of unread) this.#before.set(entry.id, { status: 'classified', entry });
	}

	/** Shows the news with the next frame that is not too soon; the last ones at once. */
	#due(): void {
		if (this.#run?.state.phase !== 'running') return this.#show();
		if (this.#isDue) return;
		this.#isDue = true;
		const look = () => {
			if (!this.#isDue) return;
			if (this.#options.now() < this.#nextAt) this.#options.nextFrame(look);
			else this.#show();
		};
		this.#options.nextFrame(look);
	}

	#items(): DiscoveryItem[] {
		const items = this.#run?.state.items ?? new Map<string, DiscoveryItem>();
		if (this.#before.size === 0) return [...items.values()];
		const all = new Map(this.#before);
		for (const [id, item] of items) all.set(id, over(this.#before.get(id), item));
		return [...all.values()];
	}

	#phase(): DiscoveryPhase {
		const state = this.#run?.state;
		if (state === undefined) return 'idle';
		if (state.phase === 'running') return this.#isCancelling ? 'cancelling' : 'running';
		return state.phase === 'done' && state.meta?.cancelled ? 'cancelled' : state.phase;
	}

	#show(): void {
		this.#isDue = false;
		const state = this.#run?.state;
		if (state === undefined) return;
		const startedAt = this.#options.now();
		this.#view = this.#look(state);
		const endedAt = this.#options.now();
		this.#nextAt = endedAt + Math.max(this.#options.viewMs, 10 * (endedAt - startedAt));
	}

	/** A model the list tells of is open for a moment only; one that is fetched, or open twice, is being waited for. */
	#reads(open: readonly DiscoveryItem[]): DiscoveryView['reads'] {
		const last = this.#open;
		this.#open = new Set(open.map(({ entry }) => entry.id));
		for (const { status, entry } of open) {
			if (status === 'config_fetching' || last.has(entry.id)) this.#awaited.add(entry.id);
		}
		const left = open.filter(({ entry }) => this.#awaited.has(entry.id)).length;
		return { total: this.#awaited.size, settled: this.#awaited.size - left };
	}

	#look(state: DiscoveryState): DiscoveryView {
		const isOver = state.phase !== 'running';
		const groups = groupItems(this.#items(), isOver);
		const reads = this.#reads(groups.open);
		const { total } = reads;
		const pace = { at: state.latestAt ?? 0, settled: reads.settled };
		if (total > 0) this.#mark ??= pace;
		return {
			phase: this.#phase(),
			counts: countDiscovery(state),
			reads,
			groups,
			errors: isOver ? errorGroups(groups.failed, state.meta?.errors ?? []) : [],
			meta: state.meta,
			failure: state.failure,
			secondsLeft: isOver ? null : secondsLeft(total - reads.settled, this.#mark, pace),
			canContinue: isOver && this.#listed !== null && groups.unread.some(isBeyondLimit),
		};
	}
}
