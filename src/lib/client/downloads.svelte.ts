// The downloads of this machine as the browser sees them: watched over the event stream, whoever works on them.
import { SvelteSet } from 'svelte/reactivity';
import { Announcer } from '#lib/client/announcer.svelte.ts';
import { ApiError, ask, isObject, type Fetch } from '#lib/client/api.ts';
import { saidOf, type Said } from '#lib/client/download-said.ts';
import { openEvents, type StreamEvent } from '#lib/client/event-stream.ts';
import { applyChange, downloadOfModel, isAtRest, type Download } from '#lib/core/download.ts';
import type { DownloadPlan } from '#lib/core/download-plan.ts';
import type { DownloadAction, DownloadLimits, OrderBody } from '#lib/core/download-order.ts';

interface StoreOptions {
	fetch: Fetch;
	/** Waits that many milliseconds, or until it is called off; tests hand in their own. */
	wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** `live`: what is shown is what is; `lost`: nobody answers, and what is shown may be old. */
export type WatchState = 'resting' | 'opening' | 'live' | 'lost';

/** Milliseconds before the first and at most before any later attempt to connect again. */
const soonMs = 1000;
const longestMs = 15_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
	});
}

function isDownload(value: unknown): value is Download {
	return isObject(value) && typeof value.id === 'string' && isObject(value.order) && Array.isArray(value.files);
}

function isPlan(value: unknown): value is DownloadPlan {
	return isObject(value) && typeof value.total === 'number' && isObject(value.gate) && Array.isArray(value.offers);
}

function isLimits(value: unknown): value is DownloadLimits {
	return isObject(value) && typeof value.parallel === 'number';
}

/** The query of a plan for an order. */
function planQuery({ id, revision, files = [], quant, allow_unsafe }: OrderBody): string {
	const pairs = [['id', id], ...files.map((file) => ['file', file])];
	if (revision !== undefined) pairs.push(['revision', revision]);
	if (quant != null) pairs.push(['quant', quant]);
	if (allow_unsafe) pairs.push(['allow_unsafe', '1']);
	return new URLSearchParams(pairs).toString();
}

/** One per page life. Its verbs throw ApiError with everything as it was. */
export class DownloadStore {
	readonly #options: Required<StoreOptions>;
	#list = $state.raw<Download[]>([]);
	#state = $state<WatchState>('resting');
	#watching: AbortController | null = null;
	/** Number of the last event; null: everything is to be told. */
	#last: string | null = null;
	/** Has the whole list been here once? Only then is an end news. */
	#isTold = $state(false);
	/** Models, in lower case, of which a download ended well since the page was opened. */
	readonly arrived = new SvelteSet<string>();
	/** Ends, for those who do not see them. */
	readonly announcer = new Announcer({ everyMs: 2000 });

	constructor({ fetch, wait = pause }: StoreOptions) {
		this.#options = { fetch, wait };
	}

	/** Every download, in the order of the queue. */
	get list(): readonly Download[] {
		return this.#list;
	}

	get state(): WatchState {
		return this.#state;
	}

	/** Has the whole list been here? */
	get isTold(): boolean {
		return this.#isTold;
	}

	/** How many are under way or wait for their turn. */
	get active(): number {
		return this.#list.filter(({ state }) => !isAtRest(state)).length;
	}

	/** What is said of a model's download beside its name; null: nothing that matters there. */
	said(id: string): Said | null {
		return saidOf(downloadOfModel(this.#list, id), this.arrived.has(id.toLowerCase()));
	}

	/** Watches until `rest`; comes back by itself when the connection breaks. */
	watch(): void {
		if (this.#watching !== null) return;
		this.#watching = new AbortController();
		void this.#keepWatching(this.#watching.signal);
	}

	/** Stops watching; what is known stays. */
	rest(): void {
		this.#watching?.abort();
		this.#watching = null;
		this.#state = 'resting';
		this.announcer.stop();
	}

	async #keepWatching(signal: AbortSignal): Promise<void> {
		for (let waitMs = soonMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestMs)) {
			if (this.#state !== 'lost') this.#state = 'opening';
			try {
				await this.#follow(signal);
				waitMs = soonMs; // the server ended it in order, for a restart perhaps
			} catch (error) {
				if (signal.aborted) return;
				// Who did not answer may come back with other data: everything is told anew.
				if (error instanceof ApiError) this.#last = null;
				this.#state = 'lost';
			}
			if (!signal.aborted) await this.#options.wait(waitMs, signal);
		}
	}

	/** Opens the stream, reads the list where everything is to be told, and applies what comes until the stream ends. */
	async #follow(signal: AbortSignal): Promise<void> {
		const { fetch } = this.#options;
		const events = await openEvents('/api/downloads/events', { fetch, signal, after: this.#last });
		// Read behind the opening, so that whatever is gone by then cannot stay in the list.
		if (this.#last === null) await this.#readList(signal);
		this.#state = 'live';
		for await (const event of events) {
			if (signal.aborted) return;
			this.#take(event);
		}
	}

	async #readList(signal: AbortSignal): Promise<void> {
		const response = await ask(this.#options, '/api/downloads', { signal });
		const body: unknown = await response.json();
		if (!isObject(body) || !Array.isArray(body.downloads)) return;
		const fresh = body.downloads.filter(isDownload);
		if (this.#isTold) fresh.forEach((download) => this.#notice(download));
		this.#list = fresh;
		this.#isTold = true;
	}

	#take({ event, id, data }: StreamEvent): void {
		const value: unknown = JSON.parse(data);
		if (event === 'download' && isDownload(value)) this.#put(value);
		else if (event === 'removed' && isObject(value) && typeof value.id === 'string') this.#drop(value.id);
		if (id !== '') this.#last = id;
	}

	#put(download: Download): void {
		this.#notice(download);
		this.#list = applyChange(this.#list, { serial: 0, id: download.id, download });
	}

	#drop(id: string): void {
		this.#list = applyChange(this.#list, { serial: 0, id, download: null });
	}

	/** Says when a download has ended, and remembers what came. */
	#notice(download: Download): void {
		const before = this.#list.find(({ id }) => id === download.id);
		const { state, model_id, error } = download;
		if (before?.state === state) return;
		if (state === 'ready') {
			this.arrived.add(model_id.toLowerCase());
			this.announcer.say(`${model_id} is downloaded and verified.`);
		} else if (state === 'failed') {
			this.announcer.say(`The download of ${model_id} failed. ${error?.message ?? ''}`);
		}
	}

	/** The copies of this model were removed. */
	forgetArrival(id: string): void {
		this.arrived.delete(id.toLowerCase());
	}

	async #send(path: string, method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', body?: object): Promise<unknown> {
		const headers = { 'content-type': 'application/json' };
		const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
		return (await ask(this.#options, path, init)).json();
	}

	/** An answer counts unless the stream has brought something newer. */
	#answered(value: unknown): Download {
		if (!isDownload(value)) throw new ApiError('bad_answer', 'Modeldex sent a download that this page cannot read.');
		const known = this.#list.find(({ id }) => id === value.id);
		if (known === undefined || known.updated_at <= value.updated_at) this.#put(value);
		return value;
	}

	/** What an order would fetch. */
	async plan(order: OrderBody, signal?: AbortSignal): Promise<DownloadPlan> {
		const init = { signal: signal ?? null };
		const response = await ask(this.#options, `/api/downloads/plan?${planQuery(order)}`, init);
		const plan: unknown = await response.json();
		if (isPlan(plan)) return plan;
		throw new ApiError('bad_answer', 'Modeldex sent a plan that this page cannot read. Reload the page.');
	}

	/** Orders a download; the same order again gives the same one. */
	async order(order: OrderBody): Promise<Download> {
		return this.#answered(await this.#send('/api/downloads', 'POST', order));
	}

	/** Pauses, resumes, retries or cancels. */
	async act(id: string, action: DownloadAction): Promise<void> {
		this.#answered(await this.#send(`/api/downloads/${encodeURIComponent(id)}/${action}`, 'POST'));
	}

	/** Moves a download before another one in the queue; to its end for null. */
	async move(id: string, before: string | null): Promise<void> {
		this.#answered(await this.#send(`/api/downloads/${encodeURIComponent(id)}`, 'PATCH', { action: 'move', before }));
	}

	/** Forgets a download and deletes its parts; whole files stay. Gives the bytes that this frees. */
	async remove(id: string): Promise<number> {
		const done = await this.#send(`/api/downloads/${encodeURIComponent(id)}`, 'DELETE');
		this.#drop(id);
		return isObject(done) && typeof done.freed_bytes === 'number' ? done.freed_bytes : 0;
	}
	/** Sets how much may happen at once; gives what was kept. */
	async limit(limits: DownloadLimits): Promise<DownloadLimits> {
		const kept = await this.#send('/api/downloads/limits', 'PUT', limits);
		if (isLimits(kept)) return kept;
		throw new ApiError('bad_answer', 'Modeldex sent limits that this page cannot read. Reload the page.');
	}
}
