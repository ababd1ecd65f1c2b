// The conversation of the try-out page: what was said, what is being said, and how the last answer was decided.
import { streamChat, type ChatLine } from '#lib/client/registry-chat.ts';
import { problemOf, type RegistryDesk } from '#lib/client/registry-desk.ts';
import type { Fetch } from '#lib/client/api.ts';
import type { RequestRecord, VoteProgress } from '#lib/core/registry/record.ts';

interface TalkOptions {
	fetch: Fetch;
	desk: Pick<RegistryDesk, 'record'>;
}

/** One per page; nothing of it is kept anywhere. */
export class RegistryTalk {
	readonly #options: TalkOptions;
	#asking: AbortController | null = null;
	lines = $state<ChatLine[]>([]);
	isAnswering = $state(false);
	/** Who answers, as soon as that is known. */
	model = $state<string | null>(null);
	/** How the vote stands while it is under way; null where none is told of. */
	vote = $state.raw<VoteProgress | null>(null);
	/** The record of the last answer; null until it has ended. */
	record = $state.raw<RequestRecord | null>(null);
	problem = $state<string | null>(null);

	constructor(options: TalkOptions) {
		this.#options = options;
	}

	/** Says something and reads the answer; the record comes when it has ended, also badly. */
	async say(model: string, content: string): Promise<void> {
		const asking = new AbortController();
		this.#asking = asking;
		const messages = [...this.lines.filter((line) => line.content !== ''), { role: 'user' as const, content }];
		this.lines = [...messages, { role: 'assistant', content: '' }];
		const at = this.lines.length - 1;
		Object.assign(this, { isAnswering: true, model: null, vote: null, record: null, problem: null });
		let request: string | null = null;
		try {
			const { fetch } = this.#options;
			for await (const piece of streamChat({ model, messages }, { fetch, signal: asking.signal })) {
				if (piece.type === 'head') {
					request = piece.request;
					this.model = piece.model;
				} else if (piece.type === 'vote') {
					({ request } = piece.progress);
					this.vote = piece.progress;
				} else {
					const line = this.lines[at];
					if (line !== undefined) line.content += piece.text;
				}
			}
		} catch (error) {
			this.problem = asking.signal.aborted ? null : problemOf(error);
		}
		this.isAnswering = false;
		this.vote = null;
		if (request !== null) await this.#trace(request);
	}

	async #trace(request: string): Promise<void> {
		try {
			this.record = await this.#options.desk.record(request);
			this.model ??= this.record.served;
		} catch (error) {
			this.problem ??= problemOf(error);
		}
	}

	/** Ends the answer that is under way. */
	stop(): void {
		this.#asking?.abort();
	}

	/** Forgets what was said. */
	clear(): void {
		this.stop();
		Object.assign(this, { lines: [], record: null, problem: null, model: null, vote: null });
	}
}
