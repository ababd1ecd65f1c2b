// Calibrations: labelled texts put to a model, fitted, kept under what they hold for, and told with what they changed.
import {
	fitCalibration,
	mapped,
	negativeLogLikelihood,
	type CalibrationMethod,
	type LabelledScores,
} from '#lib/core/classify-calibration.ts';
import { labelSet } from '#lib/core/classify-labels.ts';
import { calibrationError, type Outcome } from '#lib/core/classify-metrics.ts';
import { softmax } from '#lib/core/classify.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { calibrationKey, isRules, type Classifier, type ClassifyOptions } from '#lib/server/classifier.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { Engines } from '#lib/server/engine/engines.ts';
import {
	allCalibrations,
	deleteCalibrations,
	saveCalibration,
	type KeptCalibration,
} from '#lib/server/store/calibrations.ts';

/** A text whose category is known. */
export interface LabelledText {
	text: string;
	label: string;
	path?: string | undefined;
}

export interface CalibrateOptions extends Omit<ClassifyOptions, 'mode' | 'threshold' | 'multi' | 'rules_first'> {
	/** `temperature` when left out. */
	method?: CalibrationMethod | undefined;
	/** How often a choice above a category's threshold shall be right; 0.9 when left out. */
	precision?: number | undefined;
}

/** Least labelled texts of one category: fewer say nothing. */
const leastPerCategory = 3;

interface CalibrationsOptions {
	engines: Pick<Engines, 'use'>;
	classifier: Pick<Classifier, 'classify'>;
	database: Database;
	clock: Clock;
}

/** Keeper of calibrations. */
export class Calibrations {
	readonly #options: CalibrationsOptions;

	constructor(options: CalibrationsOptions) {
		this.#options = options;
	}

	/** Every kept calibration, newest first. */
	list(): KeptCalibration[] {
		return allCalibrations(this.#options.database);
	}

	/** Forgets those of a model. Throws `not_found` when there is none. */
	forget(model: string): number {
		const count = deleteCalibrations(this.#options.database, model);
		if (count === 0) throw new Failure('not_found', `There is no calibration of "${quoted(model)}".`);
		return count;
	}

	/**
	 * Fits a model to labelled texts and keeps the result. Throws `invalid_body` for labels that are no category, for
	 * categories with too few texts, and for models that tell no scores.
	 */
	async fit(texts: readonly LabelledText[], options: CalibrateOptions): Promise<KeptCalibration> {
		const { engines, database, clock } = this.#options;
		const {
			method = 'temperature',
			precision = 0.9,
			model,
			dtype = null,
			allowFolder,
			store = null,
			force,
			signal,
		} = options;
		if (isRules(model)) throw new Failure('unsupported_operation', 'Rules have no scores to calibrate.');
		const categories = labelSet(options.categories).map(({ name }) => name);
		check(texts, categories);
		const use = { dtype, allowFolder: allowFolder === true, store, force: force === true, signal };
		return engines.use(model, use, async ({ facts }) => {
			const rows = await this.#scores(texts, options, categories);
			const calibration = fitCalibration(rows, { categories, method, fallback: facts.temperature, precision });
			const kept: KeptCalibration = {
				...calibrationKey(facts, options),
				method,
				calibration,
				metrics: {
					...figures('before', rows, categories, { temperature: facts.temperature, map: { kind: 'identity' } }),
					...figures('after', rows, categories, calibration),
				},
				made_at: clock.date().toISOString(),
			};
			saveCalibration(database, kept);
			return kept;
		});
	}

	async #scores(
		texts: readonly LabelledText[],
		options: CalibrateOptions,
		categories: readonly string[],
	): Promise<LabelledScores[]> {
		const items = texts.map(({ text, path }, at) => ({ id: String(at), text, path }));
		const rows: LabelledScores[] = [];
		for await (const { id, raw, error } of this.#options.classifier.classify(items, {
			...options,
			mode: 'best-guess',
		})) {
			if (error !== null && error.code !== 'invalid_output') throw new Failure('engine_failed', error.message);
			if (Object.keys(raw).length === 0) continue; // an empty text, or a model that only named a category
			const truth = categories.indexOf(texts[Number(id)]?.label ?? '');
			rows.push({ raw: categories.map((name) => raw[name] ?? 0), truth });
		}
		if (rows.length < categories.length * leastPerCategory) {
			throw new Failure('invalid_body', 'The model told too few scores about these texts to calibrate it.');
		}
		return rows;
	}
}

function check(texts: readonly LabelledText[], categories: readonly string[]): void {
	const stray = texts.find(({ label }) => !categories.includes(label));
	if (stray !== undefined)
		throw new Failure('invalid_body', `The label "${quoted(stray.label)}" is none of the categories.`);
	const poor = categories.find((name) => texts.filter(({ label }) => label === name).length < leastPerCategory);
	if (poor !== undefined) {
		throw new Failure(
			'invalid_body',
			`The category "${quoted(poor)}" has fewer than ${leastPerCategory} labelled texts.`,
		);
	}
}

type Fitted = Pick<KeptCalibration['calibration'], 'temperature' | 'map'>;

/** Loss and calibration error over the labelled texts themselves. */
function figures(
	when: string,
	rows: readonly LabelledScores[],
	categories: readonly string[],
	{ temperature, map }: Fitted,
): Record<string, number | null> {
	const outcomes = rows.map(({ raw, truth }): Outcome => {
		const shares = softmax(raw, temperature);
		const best = shares.indexOf(Math.max(...shares));
		return {
			truth: categories[truth] ?? '',
			predicted: categories[best] ?? '',
			confidence: mapped(map, shares[best] ?? 0),
		};
	});
	return { [`nll_${when}`]: negativeLogLikelihood(rows, temperature), [`ece_${when}`]: calibrationError(outcomes) };
}
