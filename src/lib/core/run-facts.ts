// The few facts of a model that decide which runtimes load it, from a row or a reading, and as one short text.
import { needsRemoteCode } from '#lib/core/files.ts';
import type { ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { formatsOf, hasProjector, isAdapter, weightFormats, type WeightFormat } from '#lib/core/weight-formats.ts';

/** What decides. Null is unknown; an empty list of formats means that there are no weights. */
export interface RunFacts {
	model_type: string | null;
	architectures: readonly string[];
	formats: readonly WeightFormat[] | null;
	quantization_method: string | null;
	quantization_bits: number | null;
	/** It gives vectors or labels and writes no text. */
	isEncoder: boolean;
	/** It brings Python code of its own that its loader is asked to run. */
	hasOwnCode: boolean;
	/** It changes another model and is none itself. */
	isAdapter: boolean;
	/** Another library than transformers that it is made for; null when none is named. */
	library: string | null;
}

/** A model as the check sees it: what decides, and what only warns or advises. Contexts are tokens. */
export interface CompatibilitySubject extends RunFacts {
	id: string;
	context_window: number | null;
	is_multimodal: boolean | null;
	gated: boolean;
	/** Is there a projector for images or sound beside GGUF files? Null when the files are not known. */
	hasProjector: boolean | null;
	/** Models it says it was made from. */
	bases: readonly string[];
}

/** The part of a row that is looked at. */
export type RowFacts = Pick<
	ModelRecord,
	| 'id'
	| 'model_type'
	| 'architectures'
	| 'classification'
	| 'quantization_method'
	| 'quantization_bits'
	| 'context_window'
	| 'is_multimodal'
	| 'gated'
	| 'tags'
	| 'siblings'
>;

/** Libraries whose models no runtime here loads, as the Hub tags them. */
const otherLibraries = new Set(
	(
		'diffusers timm nemo keras keras-hub speechbrain espnet fasttext spacy flair stanza open_clip ultralytics sklearn ' +
		'stable-baselines3 ml-agents paddlepaddle paddlenlp asteroid pyannote-audio allennlp adapter-transformers'
	).split(' '),
);

const longest = 120;
const mostClasses = 4;

function short(value: string | null): string | null {
	return value === null ? null : value.slice(0, longest);
}

/** Facts of a row; the same for the same row wherever they are made. */
export function runFacts(row: RowFacts): RunFacts {
	const { model_type, architectures, quantization_method, quantization_bits, tags = [], siblings } = row;
	const named = (architectures ?? []).slice(0, mostClasses).map((name) => name.slice(0, longest));
	const isNamed = model_type !== null || named.length > 0;
	const knowsFiles = siblings !== undefined && siblings.length > 0;
	return {
		model_type: short(model_type),
		architectures: named,
		formats: formatsOf({ files: siblings, tags, method: quantization_method }),
		quantization_method: short(quantization_method),
		quantization_bits,
		isEncoder: row.classification === 'encoder',
		hasOwnCode: needsRemoteCode(tags, siblings ?? []),
		isAdapter: (knowsFiles || !isNamed) && isAdapter({ files: siblings, tags }),
		library: tags.find((tag) => otherLibraries.has(tag)) ?? null,
	};
}

/** Bases named by tags: `base_model:org/name`, or with the relation between. */
function basesOf(tags: readonly string[]): string[] {
	const named = tags.filter((tag) => tag.startsWith('base_model:')).map((tag) => tag.slice(11));
	return [...new Set(named.map((name) => name.slice(name.indexOf(':') + 1)))];
}

interface SubjectOptions {
	/** What was read of the model's own configuration; its values go before the row's. */
	characteristics?: ModelCharacteristics | null;
	/** Paths of all its files, when they were listed. */
	files?: readonly string[] | null;
}

/** What the check looks at, from a row and, where they were read, the configuration and the list of files. */
export function subjectOf(row: RowFacts, { characteristics: c, files }: SubjectOptions = {}): CompatibilitySubject {
	const known = c?.config_status === 'ok' ? c : null;
	const joined: RowFacts = {
		...row,
		...(files == null ? {} : { siblings: [...files] }),
		model_type: c?.model_type ?? row.model_type,
		architectures: c?.architectures ?? row.architectures,
		classification: c?.classification ?? row.classification,
		quantization_method: known === null ? row.quantization_method : known.quantization_method,
		quantization_bits: known === null ? row.quantization_bits : known.quantization_bits,
	};
	return {
		...runFacts(joined),
		id: row.id,
		context_window: c?.context_window ?? row.context_window,
		is_multimodal: known?.is_multimodal ?? row.is_multimodal,
		gated: row.gated !== false,
		hasProjector: hasProjector(joined.siblings),
		bases: basesOf(row.tags ?? []),
	};
}

/** A list row with its kept facts as the check sees it: without file names, which rows do not carry. */
export function rowSubject(
	facts: RunFacts,
	row: Pick<RowFacts, 'id' | 'context_window' | 'is_multimodal' | 'gated' | 'tags'>,
): CompatibilitySubject {
	const { id, context_window, is_multimodal } = row;
	const rest = { gated: row.gated !== false, hasProjector: null, bases: basesOf(row.tags ?? []) };
	return { ...facts, id, context_window, is_multimodal, ...rest };
}

/** Changes when facts are made or written in another way: texts kept until then are made anew. */
export const runFactsVersion = '1';

/** The facts as a text that is equal for equal facts: a few thousand different ones over a million models. */
export function writeRunFacts(facts: RunFacts): string {
	const { model_type, architectures, formats, quantization_method, quantization_bits, library } = facts;
	const flags = Number(facts.isEncoder) + 2 * Number(facts.hasOwnCode) + 4 * Number(facts.isAdapter);
	const codes = formats?.map((format) => weightFormats.indexOf(format)) ?? null;
	return JSON.stringify([model_type, architectures, codes, quantization_method, quantization_bits, flags, library]);
}

function isText(value: unknown): value is string {
	return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
	return typeof value === 'number';
}

/** The facts of such a text; a text that is none says nothing about any of them. */
export function readRunFacts(text: string): RunFacts {
	const parsed: unknown = text === '' ? [] : JSON.parse(text);
	const [type, classes, codes, method, bits, flags, library]: unknown[] = Array.isArray(parsed) ? parsed : [];
	const mask = isNumber(flags) ? flags : 0;
	return {
		model_type: isText(type) ? type : null,
		architectures: Array.isArray(classes) ? classes.filter(isText) : [],
		formats: Array.isArray(codes) ? codes.filter(isNumber).flatMap((code) => weightFormats[code] ?? []) : null,
		quantization_method: isText(method) ? method : null,
		quantization_bits: isNumber(bits) ? bits : null,
		isEncoder: (mask & 1) !== 0,
		hasOwnCode: (mask & 2) !== 0,
		isAdapter: (mask & 4) !== 0,
		library: isText(library) ? library : null,
	};
}
