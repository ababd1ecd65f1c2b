// What a person said is right, text by text: kept in this browser under digests of the texts, never the texts themselves.
import { SvelteMap } from 'svelte/reactivity';
import { isObject } from '#lib/client/api.ts';
import type { ModelRun } from '#lib/client/classify-run.svelte.ts';
import type { LabText } from '#lib/client/classify-texts.ts';
import type { Outcome } from '#lib/core/classify-metrics.ts';

const storageKey = 'modeldex:labels';
/** Most labels that are kept; the oldest go first. */
const mostLabels = 5000;

/** Labels by text. One per page. */
export class LabelBook {
	readonly #labels = new SvelteMap<string, string>();
	#keep: Pick<Storage, 'getItem' | 'setItem'> | null = null;

	/** Reads what this browser kept, from a storage that may be forbidden. Call it in the browser. */
	restore(storage: () => Pick<Storage, 'getItem' | 'setItem'>): void {
		try {
			const keep = storage();
			const kept: unknown = JSON.parse(keep.getItem(storageKey) ?? '{}');
			this.#keep = keep;
			if (!isObject(kept)) return;
			for (const [digest, label] of Object.entries(kept)) {
				if (typeof label === 'string' && !this.#labels.has(digest)) this.#labels.set(digest, label);
			}
		} catch {
			// Storage is forbidden or holds something else: labels last as long as the page.
		}
	}

	/** The right category of a text; null when nobody said. */
	of({ digest }: Pick<LabText, 'digest'>): string | null {
		return this.#labels.get(digest) ?? null;
	}

	/** Says what is right; null takes it back. */
	set({ digest }: Pick<LabText, 'digest'>, label: string | null): void {
		this.#labels.delete(digest);
		if (label !== null) this.#labels.set(digest, label);
		this.#save();
	}

	/** Labels that came with texts; what was pressed before stays. */
	take(texts: readonly LabText[]): void {
		const labelled = texts.filter(({ digest, label }) => label !== null && !this.#labels.has(digest));
		for (const { digest, label } of labelled) if (label !== null) this.#labels.set(digest, label);
		if (labelled.length > 0) this.#save();
	}

	#save(): void {
		try {
			this.#keep?.setItem(storageKey, JSON.stringify(Object.fromEntries([...this.#labels].slice(-mostLabels))));
		} catch {
			// Storage is full: labels last as long as the page.
		}
	}
}

/** A text with the category it was said to belong in. */
export interface Judged {
	text: LabText;
	truth: string;
}

/** What a run said of the labelled texts it has answered. */
export function outcomesOf(run: ModelRun, judged: readonly Judged[]): Outcome[] {
	return judged.flatMap(({ text, truth }) => {
		const result = run.results.get(text.id);
		if (result === undefined) return [];
		const { category, confidence, scores, error } = result;
		return [
			{
				truth,
				predicted: category,
				hasFailed: error !== null,
				confidence: category === null ? null : confidence,
				scores,
			},
		];
	});
}

/** Two models over the texts that both have answered. */
export interface Pairing {
	a: ModelRun;
	b: ModelRun;
	texts: number;
	/** Ids of texts they sort differently; one that chose nothing differs from one that chose. */
	apart: string[];
}

/** Every pair of runs. */
export function pairingsOf(runs: readonly ModelRun[], texts: readonly LabText[]): Pairing[] {
	return runs.flatMap((a, at) =>
		runs.slice(at + 1).map((b) => {
			const both = texts.filter(({ id }) => a.results.has(id) && b.results.has(id));
			const apart = both.filter(({ id }) => a.results.get(id)?.category !== b.results.get(id)?.category);
			return { a, b, texts: both.length, apart: apart.map(({ id }) => id) };
		}),
	);
}
