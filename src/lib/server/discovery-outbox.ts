// The way from a run to one caller: news in order, at the caller's pace, in bounded memory, and one end.
import type { DiscoveryMessage } from '#lib/core/discovery.ts';
import type { News } from '#lib/server/discovery-book.ts';

/** News that wait word for word; with more than that, what waits of one model becomes one piece. */
const MOST_WORD_FOR_WORD = 10_000;

/** Taken news that are kept before the queue is moved up. */
const MOST_TAKEN = 1000;

/**
 * One caller's queue. A slow reader holds up nobody: its queue never holds much more than one piece per model, and
 * merged pieces say in the end the same as all of them would have.
 */
export class Outbox {
	readonly id: string;
	readonly #most: number;
	#queue: News[] = [];
	/** How much of the queue has been taken, and how much of it was dropped before. */
	#head = 0;
	#dropped = 0;
	/** Serial number of the latest waiting piece of each model. */
	#places = new Map<string, number>();
	#end: DiscoveryMessage | null = null;
	#wake = () => {};

	constructor(id: string, most = MOST_WORD_FOR_WORD) {
		this.id = id;
		this.#most = most;
	}

	/** Pieces that wait. */
	get size(): number {
		return this.#queue.length - this.#head;
	}

	/** Has the end been put in? */
	get isEnded(): boolean {
		return this.#end !== null;
	}

	push(news: News): void {
		if (this.#end !== null) return;
		const place = this.size < this.#most ? undefined : this.#places.get(news.modelId);
		const at = place === undefined ? -1 : place - this.#dropped;
		const waiting = at < this.#head ? undefined : this.#queue[at];
		if (waiting !== undefined) {
			this.#queue[at] = { ...news, delta: { ...waiting.delta, ...news.delta } };
		} else {
			this.#places.set(news.modelId, this.#dropped + this.#queue.length);
			this.#queue.push(news);
		}
		this.#wake();
	}

	/** Puts in the last message; later ones are dropped. `atOnce`: in place of the news that still wait. */
	end(message: DiscoveryMessage, { atOnce = false } = {}): void {
		if (this.#end !== null) return;
		this.#end = message;
		if (atOnce) {
			this.#queue = [];
			this.#head = 0;
		}
		this.#places.clear();
		this.#wake();
	}

	#next(): News | null {
		const news = this.#queue[this.#head];
		if (news === undefined) return null;
		this.#head += 1;
		if (this.#head >= MOST_TAKEN && this.#head * 2 >= this.#queue.length) {
			this.#queue = this.#queue.slice(this.#head);
			this.#dropped += this.#head;
			this.#head = 0;
		}
		return news;
	}

	/** The messages, each when it is asked for; ends after the last one. */
	async *messages(): AsyncGenerator<DiscoveryMessage> {
		for (;;) {
			const news = this.#next();
			if (news !== null) yield { action: 'listChatModels:progress', id: this.id, ...news };
			else if (this.#end !== null) return yield this.#end;
			else await new Promise<void>((resolve) => (this.#wake = resolve));
		}
	}
}
