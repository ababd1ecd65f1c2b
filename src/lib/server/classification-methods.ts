// How each kind of model judges a text: as a vector, as a pair with every category, or as a question with letters.
import { byName, logistic, softmax, type Category, type Method } from '#lib/core/classify.ts';
import { hypothesisOf, labelText } from '#lib/core/classify-labels.ts';
import { pairProbability, pairScore } from '#lib/core/classify-pairs.ts';
import {
	letterPrompt,
	namePrompt,
	nameSchema,
	optionLetters,
	readAnswer,
	shortened,
} from '#lib/core/classify-prompt.ts';
import { cosine, gather, meanVector, mostChunks, type Gathering } from '#lib/core/classify-text.ts';
import type { ModelKind } from '#lib/core/tables/named-models.ts';
import type { Engine } from '#lib/server/engine/engine.ts';
import type { ModelFacts } from '#lib/server/engine/model-place.ts';

/** What a model said of one text, before anything is decided. */
export interface Judgement {
	/** Untouched scores in the order of the categories; null where the model only named one. */
	raw: number[] | null;
	/** Probability of each category by itself, where several may apply. */
	each: number[] | null;
	/** The category it named, where it told no scores; null when what it said is none of them. */
	named: string | null;
	explanation: string | null;
	tokens: number | null;
	chunks: number;
	truncated: boolean;
	warnings: string[];
}

/** Everything but the text. */
export interface MethodOptions {
	engine: Engine;
	facts: ModelFacts;
	/** In the order of their names. */
	categories: readonly Category[];
	template: string;
	gathering: Gathering;
	/** Vectors of the categories, made once and kept for later orders with the same ones. */
	remember: (make: () => Promise<Float32Array[]>) => Promise<Float32Array[]>;
	signal: AbortSignal | undefined;
}

/** Judges one text. */
export type Judge = (text: string) => Promise<Judgement>;

const methods: Record<ModelKind, (options: MethodOptions) => Judge> = {
	embedding: embeddingJudge,
	nli: pairJudge,
	reranker: pairJudge,
	instruction: instructionJudge,
};

/** The method of a kind of model, as results tell it. */
export function methodOf(kind: ModelKind): Method {
	return kind;
}

/** The judge for a kind of model. */
export function judgeFor(options: MethodOptions): Judge {
	return methods[options.facts.kind](options);
}

const plain = { named: null, explanation: null, each: null, warnings: [] };

/** Weight of one example beside a category's description. */
function prototypeWeights(category: Category): number[] {
	return [1, ...(category.examples ?? []).map(() => 1)];
}

/** Category vectors are made once for all texts, when the first text comes. */
function embeddingJudge({ engine, facts, categories, gathering, remember, signal }: MethodOptions): Judge {
	const { prefix, pooling, maxTokens } = facts;
	const options = { prefix, pooling, maxTokens, mostChunks };
	const embed = (text: string) => engine.embed(text, options);
	const prototype = async (category: Category) => {
		const parts = await Promise.all([labelText(category), ...(category.examples ?? [])].map(embed));
		const vectors = parts.map((part) => meanVector(part.vectors, part.weights));
		return meanVector(vectors, prototypeWeights(category));
	};
	return async (text) => {
		// Others may wait for the same vectors: one who leaves does not take them along.
		const made = await remember(() => Promise.all(categories.map(prototype)));
		const { vectors, weights, tokens, truncated } = await engine.embed(text, { ...options, signal });
		const whole = meanVector(vectors, weights);
		const against = (vector: Float32Array) => made.map((one) => cosine(vector, one));
		const raw =
			gathering === 'mean'
				? against(whole)
				: made.map((one) => Math.max(...vectors.map((piece) => cosine(piece, one))));
		return { ...plain, raw, tokens, chunks: vectors.length, truncated };
	};
}

function pairJudge({ engine, facts, categories, template, gathering, signal }: MethodOptions): Judge {
	const isReranker = facts.labels === null;
	const hypotheses = categories.map((category) =>
		isReranker ? labelText(category) : hypothesisOf(template, category),
	);
	return async (text) => {
		const { maxTokens, labels } = facts;
		const { logits, tokens, truncated } = await engine.score(text, { hypotheses, maxTokens, mostChunks, signal });
		const raw = gather(
			logits.map((piece) => piece.map((outputs) => pairScore(outputs, labels))),
			gathering,
		);
		const chances = logits.map((piece) => piece.map((outputs) => pairProbability(outputs, labels)));
		const each = categories.map((_, at) => {
			const column = chances.map((piece) => piece[at] ?? 0);
			return gathering === 'max' ? Math.max(...column) : column.reduce((sum, one) => sum + one, 0) / column.length;
		});
		return { ...plain, raw, each, tokens, chunks: logits.length, truncated };
	};
}

/** Probability of "none of the letters" above which an answer is not to be trusted. */
const mostOffMass = 0.5;

function instructionJudge(options: MethodOptions): Judge {
	const { engine, facts, categories, signal } = options;
	const letters = optionLetters(categories.length);
	let tellsLetters = true;
	return async (text) => {
		const shown = shortened(text, Math.min(6000, facts.maxTokens * 2));
		// Both orders of the options: a leaning towards the first letters cancels out.
		const orders = [categories, categories.toReversed()];
		const answers: number[][] = [];
		const warnings: string[] = [];
		let tokens = 0;
		for (const order of tellsLetters ? orders : []) {
			const chosen = await engine.choose(letterPrompt(order, shown.text), {
				letters,
				maxTokens: facts.maxTokens,
				signal,
			});
			if (chosen === null) break;
			tokens += chosen.tokens;
			const scores = byName(
				order.map(({ name }) => name),
				chosen.logProbabilities,
			);
			answers.push(categories.map(({ name }) => scores[name] ?? 0));
			if (chosen.offOptionMass > mostOffMass) {
				const share = Math.round(chosen.offOptionMass * 100);
				warnings.push(`${share} % of the model's answer was none of the letters.`);
			}
		}
		if (answers.length === orders.length) {
			const raw = gather(answers, 'mean');
			return { ...plain, raw, tokens, chunks: 1, truncated: shown.truncated, warnings };
		}
		tellsLetters = false;
		return { ...(await named(options, shown.text)), truncated: shown.truncated };
	};
}

/** Asks for the name in JSON, once more when the answer is none of the names; then there is no answer. */
async function named({ engine, categories, signal }: MethodOptions, text: string): Promise<Judgement> {
	const ask = namePrompt(categories, text);
	let tokens = 0;
	for (const messages of [
		ask,
		[...ask, { role: 'user' as const, content: 'Answer with that JSON object only, with one of the names.' }],
	]) {
		const answer = await engine.complete(messages, {
			maxTokens: 256,
			temperature: 0,
			schema: nameSchema(categories),
			signal,
		});
		tokens += answer.promptTokens ?? 0;
		const read = readAnswer(answer.text, categories);
		if (read !== null) {
			return {
				...plain,
				raw: null,
				named: read.category,
				explanation: read.reason,
				tokens,
				chunks: 1,
				truncated: false,
			};
		}
	}
	return { ...plain, raw: null, tokens, chunks: 1, truncated: false };
}

/** Shares of the categories from untouched scores. */
export function sharesOf(
	names: readonly string[],
	raw: readonly number[],
	temperature: number,
): Record<string, number> {
	return byName(names, softmax(raw, temperature));
}

/** Independent probabilities from untouched scores of models that give none: how far each is above the mean of all. */
export function independent(raw: readonly number[], temperature: number): number[] {
	const mean = raw.reduce((sum, value) => sum + value, 0) / Math.max(1, raw.length);
	return raw.map((value) => logistic((value - mean) / temperature));
}
