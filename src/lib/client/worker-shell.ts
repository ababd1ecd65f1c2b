// The shell around work that a page hands to its worker: it always replies, in batches, and obeys cancel.
import { ApiError, isObject } from '#lib/client/api.ts';

/** A message between page and worker: what it is about, and whose. Whatever else it carries is the action's business. */
export interface Note {
	action: string;
	id: string;
}

/** One kind of work. The last note it yields ends in `:done` or `:error`. */
export interface WorkerAction {
	/** Names of the messages that end it, the current one first. */
	cancelledBy: readonly string[];
	/** Does it; must honour the signal, and may still say how far it came. Throws ApiError, or anything. */
	run(request: Note, signal: AbortSignal): AsyncIterable<Note>;
}

interface ShellOptions {
	/** The registry: work by the name that asks for it. */
	actions: Readonly<Record<string, WorkerAction>>;
	post: (notes: Note[]) => void;
	/** A batch is posted after so many milliseconds or notes, whichever comes first. */
	gatherMs?: number;
	batchSize?: number;
	/** Work that does not end by itself so long after it was cancelled is left behind. */
	patienceMs?: number;
}

/** Notes on their way to the page, gathered so that it is not woken for each. */
class Outbox {
	#notes: Note[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	#options: Required<ShellOptions>;

	constructor(options: Required<ShellOptions>) {
		this.#options = options;
	}

	add(note: Note): void {
		this.#notes.push(note);
		if (this.#notes.length >= this.#options.batchSize) this.flush();
		else this.#timer ??= setTimeout(() => this.flush(), this.#options.gatherMs);
	}

	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const notes = this.#notes;
		this.#notes = [];
		if (notes.length > 0) this.#options.post(notes);
	}
}

function isNote(value: unknown): value is Note {
	return isObject(value) && typeof value.action === 'string' && typeof value.id === 'string';
}

function isLast({ action }: Note): boolean {
	return action.endsWith(':done') || action.endsWith(':error');
}

function failed(request: Note, error: unknown): Note & { code: string; message: string } {
	const known = error instanceof ApiError ? error : new ApiError('internal', 'Something went wrong in the background.');
	return { action: `${request.action}:error`, id: request.id, code: known.code, message: known.message };
}

/** Rejects so long after the signal was aborted. */
function impatience(signal: AbortSignal, patienceMs: number): Promise<never> {
	return new Promise((_, reject) => {
		const give = () => reject(new ApiError('cancelled', 'Cancelled.'));
		signal.addEventListener('abort', () => setTimeout(give, patienceMs), { once: true });
	});
}

/** Takes requests and answers each with batches of notes, of which exactly one is its last. */
export class WorkerShell {
	#running = new Map<string, { action: string; controller: AbortController }>();
	#options: Required<ShellOptions>;

	constructor(options: ShellOptions) {
		this.#options = { gatherMs: 50, batchSize: 50, patienceMs: 1_000, ...options };
	}

	/** Takes a message of the page: a request, or the end of one. Anything else is answered with an error. */
	receive(message: unknown): void {
		if (!isNote(message)) return this.#refuse({ action: 'unknown', id: '' }, 'This is no request.');
		const cancelled = this.#running.get(message.id);
		const { actions } = this.#options;
		if (Object.values(actions).some(({ cancelledBy }) => cancelledBy.includes(message.action))) {
			if (cancelled && actions[cancelled.action]?.cancelledBy.includes(message.action)) cancelled.controller.abort();
			return;
		}
		if (!Object.hasOwn(actions, message.action)) return this.#refuse(message, 'The worker knows no such work.');
		if (cancelled) return this.#refuse(message, 'A request with this id is under way.');
		void this.#run(message);
	}

	/** Ends everything that is under way. */
	close(): void {
		for (const { controller } of this.#running.values()) controller.abort();
	}

	#refuse(request: Note, message: string): void {
		this.#options.post([failed(request, new ApiError('bad_request', message))]);
	}

	async #run(request: Note): Promise<void> {
		const controller = new AbortController();
		this.#running.set(request.id, { action: request.action, controller });
		const outbox = new Outbox(this.#options);
		try {
			outbox.add(await this.#relay(request, controller.signal, outbox));
		} catch (error) {
			outbox.add(failed(request, error));
		}
		this.#running.delete(request.id);
		outbox.flush();
	}

	/** Passes on all notes but the last, which it returns. */
	async #relay(request: Note, signal: AbortSignal, outbox: Outbox): Promise<Note> {
		const action = this.#options.actions[request.action];
		const notes = action?.run(request, signal)[Symbol.asyncIterator]();
		const late = impatience(signal, this.#options.patienceMs);
		try {
			for (;;) {
				const next = await Promise.race([notes?.next(), late]);
				if (next === undefined || next.done) throw new ApiError('incomplete', 'The work ended without a result.');
				if (isLast(next.value)) return next.value;
				outbox.add(next.value);
			}
		} finally {
			// Not awaited: work that is stuck would keep its last word from the page.
			void notes?.return?.();
		}
	}
}
