// The page's side of discovery: starts runs in the worker, folds what it says, and gives a promise, progress and cancel.
import { ApiError, type Fetch } from '#lib/client/api.ts';
import { discoveryActions, type ListRequest } from '#lib/client/discovery-action.ts';
import { isDiscoveryMessage, isLast } from '#lib/client/discovery-wire.ts';
import { WorkerShell, type Note } from '#lib/client/worker-shell.ts';
import {
	applyDiscovery,
	newDiscovery,
	type DiscoveryDone,
	type DiscoveryMessage,
	type DiscoveryParams,
	type DiscoveryState,
} from '#lib/core/discovery.ts';

interface LoadOptions {
	/** Called with every batch of messages, after they were folded into the run's state. */
	onProgress?: (batch: readonly DiscoveryMessage[]) => void;
	/** Aborting it cancels the run. */
	signal?: AbortSignal;
}

/** A run under way. */
export interface DiscoveryRun {
	readonly id: string;
	/** What is known so far; changes in place. */
	readonly state: DiscoveryState;
	/**
	 * The result, also of a cancelled run (`meta.cancelled`). Rejects with ApiError when the run could not start or broke
	 * off as a whole; `state` keeps what was found.
	 */
	readonly done: Promise<DiscoveryDone>;
	/** Ends the run early; `done` then resolves with what was found. */
	cancel(): void;
}

interface ConnectionOptions {
	/** False: the same work runs on the page itself. */
	worker: boolean;
	fetch: Fetch;
	makeWorker?: () => Worker;
}

interface Flight {
	state: DiscoveryState;
	onProgress: (batch: readonly DiscoveryMessage[]) => void;
	resolve: (done: DiscoveryDone) => void;
	reject: (error: ApiError) => void;
}

/** Where requests go: a worker, or a shell on this page. */
interface Line {
	send(note: Note): void;
	end(): void;
}

function discoveryWorker(): Worker {
	return new Worker(new URL('./discovery-worker.ts', import.meta.url), { type: 'module', name: 'discovery' });
}

/** A name no other run has. `randomUUID` would be missing on a page that came over plain HTTP from another machine. */
function newId(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The connection to the discovery worker, which is made when the first run starts and serves all of them. Thousands of
 * models never cross at once: the worker hands over changes, and the result's `models` are put together from the fold.
 */
export class DiscoveryConnection {
	#flights = new Map<string, Flight>();
	#line: Line | null = null;
	#options: Required<ConnectionOptions>;

	constructor(options: ConnectionOptions) {
		this.#options = { makeWorker: discoveryWorker, ...options };
	}

	/** Starts a run. */
	loadChatModels(params: DiscoveryParams = {}, { onProgress = () => {}, signal }: LoadOptions = {}): DiscoveryRun {
		const id = newId();
		const state = newDiscovery(id);
		const cancel = () => {
			if (this.#flights.has(id)) this.#line?.send({ action: 'cancelListChatModels', id });
		};
		const done = new Promise<DiscoveryDone>((resolve, reject) => {
			this.#flights.set(id, { state, onProgress, resolve, reject });
		});
		done.catch(() => {}).finally(() => signal?.removeEventListener('abort', cancel));
		const request: ListRequest = { action: 'listChatModels', id, params, pieces: true };
		this.#send(request);
		signal?.addEventListener('abort', cancel, { once: true });
		if (signal?.aborted) cancel();
		return { id, state, done, cancel };
	}

	/** Ends all runs and the worker, at once: what the page was still told is kept in their states. */
	close(): void {
		this.#fail(new ApiError('cancelled', 'The run ended because its page was left.'));
	}

	#send(request: ListRequest): void {
		try {
			this.#line ??= this.#options.worker ? this.#toWorker() : this.#toShell();
			this.#line.send(request);
		} catch (error) {
			this.#fail(new ApiError('worker_failed', 'The background worker of this page could not be started.', error));
		}
	}

	#toWorker(): Line {
		const worker = this.#options.makeWorker();
		const line: Line = { send: (note) => worker.postMessage(note), end: () => worker.terminate() };
		const broke = () => {
			if (this.#line === line) {
				this.#fail(new ApiError('worker_failed', 'The background worker of this page stopped. Start the run again.'));
			}
		};
		worker.addEventListener('message', (event) => this.#receive(event.data));
		worker.addEventListener('error', broke);
		worker.addEventListener('messageerror', broke);
		return line;
	}

	#toShell(): Line {
		const shell = new WorkerShell({
			actions: discoveryActions({ fetch: this.#options.fetch }),
			post: (notes) => this.#receive(notes),
		});
		return { send: (note) => shell.receive(note), end: () => shell.close() };
	}

	/** Folds a batch, run by run, and tells those who follow. */
	#receive(batch: unknown): void {
		const messages = Array.isArray(batch) ? batch.filter(isDiscoveryMessage) : [];
		for (const id of new Set(messages.map((message) => message.id))) {
			const flight = this.#flights.get(id);
			if (flight !== undefined) {
				this.#take(
					flight,
					messages.filter((message) => message.id === id),
				);
			}
		}
	}

	#take(flight: Flight, batch: DiscoveryMessage[]): void {
		const { state, onProgress, resolve, reject } = flight;
		const whole = batch.map((message) => {
			const models = () => [...state.items.values()].map(({ entry }) => entry);
			const told = message.action === 'listChatModels:done' ? { ...message, models: models() } : message;
			applyDiscovery(state, told);
			return told;
		});
		onProgress(whole);
		const last = whole.at(-1);
		if (last === undefined || !isLast(last)) return;
		this.#flights.delete(state.id);
		if (last.action === 'listChatModels:done') resolve(last);
		else reject(new ApiError(last.code ?? 'internal', last.message));
	}

	#fail(error: ApiError): void {
		this.#line?.end();
		this.#line = null;
		for (const [id, flight] of [...this.#flights]) {
			this.#take(flight, [{ action: 'listChatModels:error', id, code: error.code, message: error.message }]);
		}
	}
}
