// Text classification: categories, what a classification says, and the step from scores to a choice or an abstention.

/** One category to sort texts into. */
export interface Category {
	name: string;
	/** What belongs in it, as part of a sentence: "test code that checks other code". */
	description?: string | undefined;
	/** Texts that belong in it; embedding models average them into the category's vector. */
	examples?: readonly string[] | undefined;
	/** Confidence below which this category is not chosen; overrides calibrated and default thresholds. */
	threshold?: number | undefined;
}

/** One text to classify. `path` is where it came from, relative to what was asked for. */
export interface TextItem {
	id: string;
	text: string;
	path?: string | undefined;
}

/** How sure a choice must be. */
export const modes = ['high-confidence', 'medium', 'best-guess'] as const;
export type Mode = (typeof modes)[number];

/** What made the scores. `none`: no model was asked. */
export type Method = 'embedding' | 'nli' | 'reranker' | 'instruction' | 'rules' | 'cascade' | 'none';

/** Why no category was chosen. */
export type Abstention = 'confidence' | 'margin' | 'empty' | 'binary' | 'no_rule' | 'invalid_output' | 'failed';

/** What is known of one text. */
export interface Classification {
	id: string;
	/** The category chosen; null when none was sure enough or something failed. */
	category: string | null;
	/** The model's own first choice, whether it was sure enough or not; null when it made none. */
	choice: string | null;
	/** Every category at or above its threshold; only where several may apply. */
	labels?: string[];
	/** Probability of `choice`: calibrated, or the share among the categories; null where the model gives none. */
	confidence: number | null;
	/** Difference between the first and the second share; null where there are no shares. */
	margin: number | null;
	/** Share per category: they sum to 1, or are independent where several may apply. Empty where there are none. */
	scores: Record<string, number>;
	/** Untouched cosine, logit or log-probability per category. */
	raw: Record<string, number>;
	method: Method;
	model: string;
	/** Commit of the model's files; null when they have none. */
	revision: string | null;
	dtype: string | null;
	/** Was the confidence fitted to labelled texts of these very categories? */
	calibrated: boolean;
	/** Was some of the text not looked at? */
	truncated: boolean;
	chunks: number;
	/** Tokens the model read, null where it does not count them. */
	tokens: number | null;
	/** Milliseconds from asking the model to its answer. */
	ms: number;
	abstained: Abstention | null;
	/** The model's own words for its choice: an explanation, no evidence. */
	explanation: string | null;
	error: { code: string; message: string } | null;
	warnings: string[];
}

/** The probabilities proportional to exp(x / temperature); an empty list for none. */
export function softmax(values: readonly number[], temperature = 1): number[] {
	const top = Math.max(...values);
	const powers = values.map((value) => Math.exp((value - top) / temperature));
	const sum = powers.reduce((total, power) => total + power, 0);
	return powers.map((power) => power / sum);
}

/** 1 / (1 + e^-x). */
export function logistic(value: number): number {
	return value >= 0 ? 1 / (1 + Math.exp(-value)) : Math.exp(value) / (1 + Math.exp(value));
}

/** Default thresholds of a mode: of the confidence and of the margin. Like Magika, calibrated ones count in full only in the strictest. */
const defaults: Record<Mode, { confidence: number; margin: number; most: number }> = {
	'high-confidence': { confidence: 0.8, margin: 0.2, most: 1 },
	medium: { confidence: 0.5, margin: 0.05, most: 0.5 },
	'best-guess': { confidence: 0, margin: 0, most: 0 },
};

/** What decides between a choice and an abstention. */
export interface Bar {
	mode: Mode;
	/** Confidence wanted for every category; null for the mode's own. */
	threshold: number | null;
	/** Fitted thresholds by category. */
	fitted: Readonly<Record<string, number>>;
}

/** The confidence that a category needs. A category's own threshold counts in every mode. */
export function thresholdOf(category: Category, bar: Bar): number {
	if (category.threshold !== undefined) return category.threshold;
	if (bar.threshold !== null) return bar.threshold;
	const { confidence, most } = defaults[bar.mode];
	const fitted = bar.fitted[category.name];
	return fitted === undefined ? confidence : Math.min(fitted, most);
}

/** A decision over shares. */
export interface Decision {
	category: string | null;
	choice: string | null;
	confidence: number | null;
	margin: number | null;
	abstained: Abstention | null;
}

/**
 * Chooses among categories by their shares; `confidence` turns the first share into a calibrated probability. Ties go to
 * the name that sorts first, so that the order of the categories changes nothing.
 */
export function decide(
	categories: readonly Category[],
	scores: Readonly<Record<string, number>>,
	bar: Bar,
	confidence: (share: number) => number = (share) => share,
): Decision {
	const ranked = categories
		.map((category) => ({ category, share: scores[category.name] ?? 0 }))
		.sort((a, b) => b.share - a.share || (a.category.name < b.category.name ? -1 : 1));
	const [first, second] = ranked;
	if (first === undefined) return { category: null, choice: null, confidence: null, margin: null, abstained: 'failed' };
	const sure = confidence(first.share);
	const margin = first.share - (second?.share ?? 0);
	const name = first.category.name;
	const isExplicit = first.category.threshold !== undefined || bar.threshold !== null;
	const wanted = isExplicit ? 0 : defaults[bar.mode].margin;
	const abstained = sure < thresholdOf(first.category, bar) ? 'confidence' : margin < wanted ? 'margin' : null;
	return { category: abstained === null ? name : null, choice: name, confidence: sure, margin, abstained };
}

/** A classification that says nothing yet; everything known is put over it. */
export function blankClassification(id: string, model: string, method: Method): Classification {
	return {
		id,
		category: null,
		choice: null,
		confidence: null,
		margin: null,
		scores: {},
		raw: {},
		method,
		model,
		revision: null,
		dtype: null,
		calibrated: false,
		truncated: false,
		chunks: 0,
		tokens: null,
		ms: 0,
		abstained: null,
		explanation: null,
		error: null,
		warnings: [],
	};
}

/** Values by category name, in the order of the names, so that equal answers look equal. */
export function byName(names: readonly string[], values: readonly number[]): Record<string, number> {
	const pairs = names.map((name, at) => [name, values[at] ?? 0] as const);
	return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}
