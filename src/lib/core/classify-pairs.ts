// What the numbers of a pair model mean: which of its outputs is entailment, and the score of a category from them.
import { logistic, softmax } from '#lib/core/classify.ts';
import { Failure } from '#lib/core/failure.ts';

/** Where an NLI model keeps what. `against` is contradiction, or "not entailment" of a model with two labels. */
export interface PairLabels {
	entailment: number;
	against: number;
}

/**
 * Finds the labels in a config's `id2label` (or `label2id`), whatever their order and case. Throws `invalid_labels` when
 * it does not name an entailment: guessing would turn every answer around.
 */
export function pairLabels(id2label: Readonly<Record<string, string>>): PairLabels {
	const rows = Object.entries(id2label).map(([id, label]) => [Number(id), label.trim().toLowerCase()] as const);
	const find = (shape: RegExp) => rows.find(([, label]) => shape.test(label))?.[0];
	const entailment = find(/^entail(ment|s|ed)?$/);
	const against = find(/^contradict(ion|s|ory)?$/) ?? find(/^(not|non)[_ -]?entail(ment|s|ed)?$/);
	if (entailment === undefined || against === undefined) {
		throw new Failure(
			'invalid_labels',
			'The model does not say which of its outputs is entailment (id2label), so its answers cannot be read.',
		);
	}
	return { entailment, against };
}

/** Score of a category from the logits of its pair: of entailment, or a reranker's single logit. */
export function pairScore(logits: readonly number[], labels: PairLabels | null): number {
	return labels === null ? (logits[0] ?? 0) : (logits[labels.entailment] ?? 0);
}

/** Probability of a category by itself, where several may apply. */
export function pairProbability(logits: readonly number[], labels: PairLabels | null): number {
	if (labels === null) return logistic(logits[0] ?? 0);
	const [, entailed = 0] = softmax([logits[labels.against] ?? 0, logits[labels.entailment] ?? 0]);
	return entailed;
}
