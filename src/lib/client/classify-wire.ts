// What the label lab asks of the server: models that can sort texts, results as they come, and calibrations.
import { ApiError, ask, isObject, isReason, readLines, type Asked } from '#lib/client/api.ts';
import type { Category, Classification, Mode } from '#lib/core/classify.ts';

/** A model with a short name. `bytes` null while it is not here; `problem` says how to get it. */
export interface KnownClassifier {
	name: string;
	kind: string;
	id: string;
	license: string;
	/** Why it is not offered without being asked for; null when it is. */
	locked: string | null;
	installed: boolean;
	problem: { code: string; message: string } | null;
	dtype: string | null;
	bytes: number | null;
}

/** An engine that someone runs on this machine, with its models as `engine/model`. */
export interface RunningEngine {
	id: string;
	name: string;
	version: string | null;
	ready: boolean;
	models: string[];
}

/** Everything that can sort texts here. */
export interface ClassifierList {
	loaded: { name: string; kind: string }[];
	known: KnownClassifier[];
	engines: RunningEngine[];
}

/** How texts are sorted. */
export interface LabOrder {
	model: string;
	categories: readonly Category[];
	mode: Mode;
	rules_first: boolean;
	texts: readonly { id: string; text: string; path?: string }[];
}

/** What a fit to labelled texts gave; figures of those texts, before and after. */
export interface FittedCalibration {
	model: string;
	calibration: { temperature: number; texts: number };
	metrics: Record<string, number | null>;
	made_at: string;
}

function isList(value: unknown): value is ClassifierList {
	return isObject(value) && Array.isArray(value.loaded) && Array.isArray(value.known) && Array.isArray(value.engines);
}

function isClassification(value: unknown): value is Classification {
	return isObject(value) && typeof value.id === 'string' && typeof value.model === 'string' && isObject(value.scores);
}

function isFitted(value: unknown): value is FittedCalibration {
	return isObject(value) && isObject(value.calibration) && isObject(value.metrics);
}

/** A model that stands behind a tier now: what to ask for, at which address below `/v1`, and whether that is news. */
export interface PlacedModel {
	spec: string;
	candidate: string;
	operation: string;
	is_new: boolean;
}

function isPlaced(value: unknown): value is PlacedModel {
	return isObject(value) && typeof value.spec === 'string' && typeof value.operation === 'string';
}

/** Puts a model behind a tier of the registry file. Throws ApiError. */
export async function placeModel(order: { model: string; tier: string }, asked: Asked): Promise<PlacedModel> {
	const response = await ask(asked, '/api/registry/candidates', posted(order, asked.signal));
	const placed: unknown = await response.json();
	if (isPlaced(placed)) return placed;
	throw new ApiError('bad_answer', 'Modeldex sent an answer that this page cannot read. Reload the page.');
}

function posted(body: object, signal: AbortSignal | undefined): RequestInit {
	const headers = { 'content-type': 'application/json' };
	return { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null };
}

/** Models that can sort texts. Throws ApiError. */
export async function readClassifiers(asked: Asked): Promise<ClassifierList> {
	const response = await ask(asked, '/api/engines', { signal: asked.signal ?? null });
	const list: unknown = await response.json();
	if (isList(list)) return list;
	throw new ApiError('bad_answer', 'Modeldex sent a list of models that this page cannot read. Reload the page.');
}

const broken = 'Modeldex stopped in the middle. What has come is kept; the rest can be asked for again.';

/** Results, each as soon as it is there. Throws ApiError, also when fewer come than were asked for. */
export async function* classifyTexts(order: LabOrder, asked: Asked): AsyncGenerator<Classification> {
	const response = await ask(asked, '/api/classify', posted(order, asked.signal));
	let left = order.texts.length;
	try {
		for await (const line of response.body === null ? [] : readLines(response.body)) {
			if (isClassification(line)) {
				left -= 1;
				yield line;
			} else if (isObject(line) && isReason(line.error)) throw new ApiError(line.error.code, line.error.message);
		}
	} catch (error) {
		if (error instanceof ApiError || asked.signal?.aborted) throw error;
		throw new ApiError('incomplete', broken, error);
	}
	if (left > 0) throw new ApiError('incomplete', broken);
}

/** Fits a model to labelled texts; the server keeps the result for these very categories. Throws ApiError. */
export async function fitCalibration(
	order: {
		model: string;
		categories: readonly Category[];
		texts: readonly { text: string; label: string; path?: string }[];
	},
	asked: Asked,
): Promise<FittedCalibration> {
	const response = await ask(asked, '/api/calibrations', posted(order, asked.signal));
	const fitted: unknown = await response.json();
	if (isFitted(fitted)) return fitted;
	throw new ApiError('bad_answer', 'Modeldex sent a calibration that this page cannot read. Reload the page.');
}
