// Renders cards in a worker thread that is ended when one takes too long, so that no card can hold up the server.
import { Worker } from 'node:worker_threads';
import type { RenderedCard } from '#lib/core/card.ts';
import type { CardPlace } from '#lib/server/card-html.ts';
import { plainCard, type CardOrder } from '#lib/server/card-rendering.ts';
import program from '#lib/server/card-worker.ts?worker-source';

/** How long one card may take. */
export interface CardPatience {
	/** The worker gives up by itself after this long, mid-layout; ordinary cards take 5 to 50 ms. */
	budgetMs: number;
	/** A worker that does not answer at all is ended after this long. */
	killMs: number;
}

const usualPatience: CardPatience = { budgetMs: 1_000, killMs: 2_000 };
/** Idle time after which the worker is let go; starting one costs about 60 ms. */
const idleMs = 30_000;
/** Memory of the worker: enough for the longest card laid out, not for a text that multiplies. */
const resourceLimits = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 32 };

/** Renders READMEs one after the other. A card that cannot be laid out within the limits comes back as plain text. */
export class CardRenderer {
	#worker: Worker | null = null;
	#idle: NodeJS.Timeout | undefined;
	#last: Promise<unknown> = Promise.resolve();
	#closed = false;
	readonly #patience: CardPatience;

	constructor(patience: CardPatience = usualPatience) {
		this.#patience = patience;
	}

	/** Renders one README; `place` says where its relative links lead. Never rejects because of the text. */
	render(text: string, place: CardPlace): Promise<RenderedCard> {
		const { budgetMs } = this.#patience;
		const turn = this.#last.then(() => this.#run({ text, place, budgetMs }));
		this.#last = turn.catch(() => undefined); // whoever asked hears of it; the next in line does not
		return turn;
	}

	/** Ends the worker for good. Cards still waiting come back as plain text. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#idle);
		await this.#end();
	}

	async #run(order: CardOrder): Promise<RenderedCard> {
		clearTimeout(this.#idle);
		const rendered = this.#closed ? null : await this.#ask(order);
		if (this.#closed) return rendered ?? plainCard(order.text);
		this.#idle = setTimeout(() => void this.#end(), idleMs);
		this.#idle.unref();
		return rendered ?? plainCard(order.text);
	}

	/** The worker's answer, or null when it took too long, ran out of memory or broke. */
	async #ask(order: CardOrder): Promise<RenderedCard | null> {
		const worker = (this.#worker ??= this.#start());
		worker.ref();
		const answer = await new Promise<RenderedCard | null>((resolve) => {
			const settle = (value: RenderedCard | null) => {
				clearTimeout(timer);
				worker.off('message', settle).off('error', broke).off('exit', broke);
				resolve(value);
			};
			const broke = () => settle(null);
			const timer = setTimeout(broke, this.#patience.killMs);
			worker.on('message', settle).on('error', broke).on('exit', broke);
			worker.postMessage(order);
		});
		worker.unref();
		if (answer === null) await this.#end();
		return answer;
	}

	#start(): Worker {
		const worker = new Worker(program, { eval: true, name: 'cards', env: {}, stdin: false, resourceLimits });
		worker.on('error', () => {}); // an ended worker may still report why; whoever waits for it has its own listener
		worker.unref();
		return worker;
	}

	async #end(): Promise<void> {
		const worker = this.#worker;
		this.#worker = null;
		await worker?.terminate();
	}
}
