// One model's way through the texts of the label lab: what it said, how fast, and why it stopped.
import { SvelteMap } from 'svelte/reactivity';
import { ApiError } from '#lib/client/api.ts';
import type { LabText } from '#lib/client/classify-texts.ts';
import type { LabOrder } from '#lib/client/classify-wire.ts';
import type { Classification } from '#lib/core/classify.ts';

/** `cancelled` and `failed` keep what came until then. */
export type RunState = 'waiting' | 'running' | 'done' | 'cancelled' | 'failed';

/** How long texts took, loading of the model included. */
export interface Pace {
	msPerText: number;
	texts: number;
}

interface RunOptions {
	classify: (order: LabOrder, signal: AbortSignal) => AsyncIterable<Classification>;
	/** Milliseconds of a clock that never goes back. */
	now: () => number;
}

/** Most of one request: the server takes 1,000 texts and 16 MiB, and escapes may double what is sent. */
const mostTexts = 500;
const mostCharacters = 2_000_000;

/** Texts in portions that one request may hold. */
export function portions(texts: readonly LabText[]): LabText[][] {
	const all: LabText[][] = [];
	let part: LabText[] = [];
	let characters = 0;
	for (const one of texts) {
		if (part.length > 0 && (part.length >= mostTexts || characters + one.text.length > mostCharacters)) {
			all.push(part);
			[part, characters] = [[], 0];
		}
		part.push(one);
		characters += one.text.length;
	}
	return part.length === 0 ? all : [...all, part];
}

/** What is true of every text of a run. */
export type RunSetting = Omit<LabOrder, 'texts' | 'model'>;

/** One model's run. Results are kept under the texts' ids. */
export class ModelRun {
	readonly model: string;
	/** Names the setting the results hold for. */
	readonly key: string;
	readonly #options: RunOptions;
	readonly results = new SvelteMap<string, Classification>();
	state = $state<RunState>('waiting');
	problem = $state<{ code: string; message: string } | null>(null);
	/** Texts asked about in the present or last go, and how many of them are answered. */
	asked = $state(0);
	answered = $state(0);
	#spentMs = 0;
	pace = $state.raw<Pace | null>(null);

	constructor(model: string, key: string, options: RunOptions) {
		this.model = model;
		this.key = key;
		this.#options = options;
	}

	/** Texts that this run has no answer for yet; those that failed may be asked about again. */
	open(texts: readonly LabText[]): LabText[] {
		return texts.filter(({ id }) => (this.results.get(id)?.error ?? null) !== null || !this.results.has(id));
	}

	/** Milliseconds until the present go is done, at the pace so far; null when that is unknown. */
	get leftMs(): number | null {
		return this.pace === null ? null : (this.asked - this.answered) * this.pace.msPerText;
	}

	/** Sorts the texts that are still open. Never throws: what went wrong is in `problem`. */
	async go(texts: readonly LabText[], setting: RunSetting, signal: AbortSignal): Promise<void> {
		const open = this.open(texts);
		Object.assign(this, { state: 'running', problem: null, asked: open.length, answered: 0 });
		let since = this.#options.now();
		let answers = this.pace?.texts ?? 0;
		try {
			for (const part of portions(open)) {
				const order = {
					...setting,
					model: this.model,
					texts: part.map(({ id, text, path }) => ({ id, text, ...(path === null ? {} : { path }) })),
				};
				for await (const result of this.#options.classify(order, signal)) {
					const now = this.#options.now();
					this.#spentMs += now - since;
					since = now;
					answers += 1;
					this.results.set(result.id, result);
					this.answered += 1;
					this.pace = { msPerText: this.#spentMs / answers, texts: answers };
				}
			}
			this.state = 'done';
		} catch (error) {
			if (signal.aborted) this.state = 'cancelled';
			else {
				this.state = 'failed';
				this.problem =
					error instanceof ApiError
						? { code: error.code, message: error.message }
						: { code: 'internal', message: 'Something went wrong in this page. Reload it.' };
			}
		}
	}
}
