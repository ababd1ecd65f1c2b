// Why a list does not show a model: which filters hide it, by what rule, and the models nearest to it that are shown.
import { formatBytes, formatCount, formatParameters } from '#lib/core/format.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';
import { runtimeName, type Runtimes } from '#lib/core/runtime.ts';
import { sizeClassOf, weightClassOf } from '#lib/core/size-class.ts';

/** Everything in a query that can hide a model. */
export const hidingFilters = [
	'q',
	'source',
	'family',
	'quantization',
	'modality',
	'kind',
	'author',
	'license',
	'gated',
	'size_class',
	'weight_class',
	'min_params',
	'max_params',
	'min_context',
	'runtime',
	'fits',
] as const satisfies (keyof ModelQuery)[];
export type HidingFilter = (typeof hidingFilters)[number];

type Value = string | number | boolean | null;

/** One filter that hides a model. `value` is what the model has (null: not known), `wanted` what the filter asks for. */
export interface HiddenBy {
	filter: HidingFilter;
	/** A sentence for a person. */
	rule: string;
	value: Value;
	wanted: Value | string[];
}

/** Answer of `GET /api/models/why`. `closest` is empty for a model that is shown. */
export interface Explanation {
	id: string;
	visible: boolean;
	hidden_by: HiddenBy[];
	/** Models that pass every filter: of the same base first, then of the same family, then the nearest in size. */
	closest: ModelEntry[];
}

/** The query with this filter alone; null when it asks for nothing. */
export function queryOfFilter(query: ModelQuery, filter: HidingFilter): ModelQuery | null {
	const value = query[filter];
	const isIdle = value === null || value === '' || (Array.isArray(value) && value.length === 0);
	if (isIdle || (filter === 'modality' && value === 'any') || (filter === 'source' && value === 'all')) return null;
	if (filter === 'runtime' && query.show_incompatible) return null;
	const beside = filter === 'fits' ? { context: query.context } : {};
	return { ...emptyQuery, source: 'all', ...beside, [filter]: value };
}

function modalityOf({ is_multimodal }: ModelEntry): string | null {
	if (is_multimodal === null) return null;
	return is_multimodal ? 'multimodal' : 'text';
}

function orUnknown(value: string): string | null {
	return value.toLowerCase() === 'unknown' ? null : value;
}

/** The row, and the bytes it needs and may have where the query asks for a fit (null: not known, or not asked). */
export interface HiddenRow {
	entry: ModelEntry;
	needBytes: number | null;
	haveBytes: number | null;
	/** The runtimes there are. */
	runtimes: Runtimes;
}

const valueOf: Record<Exclude<HidingFilter, 'fits'>, (entry: ModelEntry) => Value> = {
	q: ({ id }) => id,
	source: ({ local }) => (local ? 'mine' : 'hub'),
	family: ({ architecture_family }) => orUnknown(architecture_family),
	quantization: ({ quantization }) => orUnknown(quantization),
	modality: modalityOf,
	kind: ({ classification }) => classification,
	author: ({ author }) => author,
	license: ({ license }) => license,
	gated: ({ gated }) => gated !== false,
	size_class: ({ parameters_total }) => orUnknown(sizeClassOf(parameters_total)),
	weight_class: ({ fit }) => orUnknown(weightClassOf(fit?.weights_bytes ?? null)),
	min_params: ({ parameters_total }) => parameters_total,
	max_params: ({ parameters_total }) => parameters_total,
	min_context: ({ context_window }) => context_window,
	runtime: ({ architectures, model_type }) => architectures?.[0] ?? model_type,
};

const nouns: Partial<Record<HidingFilter, string>> = {
	family: 'architecture family',
	quantization: 'quantization',
	modality: 'modality',
	kind: 'kind',
	author: 'author',
	license: 'licence',
	size_class: 'size',
	weight_class: 'size of weights',
};

function choiceRule(filter: HidingFilter, value: Value, wanted: string): string {
	const noun = nouns[filter] ?? filter;
	if (value === null) return `Its ${noun} is not known; the list shows only ${wanted}.`;
	return `Its ${noun} is ${value}; the list shows only ${wanted}.`;
}

function figureRule(value: Value, bound: string, unit: string, shown: (figure: number) => string): string {
	if (typeof value !== 'number') return `How many ${unit} it has is not known; the list asks for ${bound}.`;
	return `It has ${shown(value)} ${unit}; the list asks for ${bound}.`;
}

function fitRule({ needBytes, haveBytes }: HiddenRow): string {
	if (needBytes === null) return 'How much memory it needs is not known.';
	return `It needs ${formatBytes(needBytes)}; there are ${formatBytes(haveBytes ?? 0)}.`;
}

const rules: Partial<Record<HidingFilter, (value: Value, query: ModelQuery, row: HiddenRow) => string>> = {
	q: (_, { q }) => `Its name does not have all the words of "${q}".`,
	source: (_, { source }) =>
		source === 'mine' ? 'It is not on this machine.' : 'No list has it: it is known from this machine alone.',
	gated: (value) =>
		value === true ? 'It is gated; the list shows open models only.' : 'It is open; the list shows gated models only.',
	min_params: (value, { min_params }) =>
		figureRule(value, `at least ${formatParameters(min_params ?? 0)}`, 'parameters', formatParameters),
	max_params: (value, { max_params }) =>
		figureRule(value, `at most ${formatParameters(max_params ?? 0)}`, 'parameters', formatParameters),
	min_context: (value, { min_context }) =>
		figureRule(value, `at least ${formatCount(min_context ?? 0)}`, 'tokens of context', formatCount),
	fits: (_, __, row) => fitRule(row),
	runtime: (_, { runtime }, { entry, runtimes }) => {
		const told = entry.excluded_by?.replace(/^runtime: /, '');
		return told ?? `${runtime === null ? 'The runtime' : runtimeName(runtime, runtimes)} does not load it.`;
	},
};

/** How a filter hides a model; the row's `excluded_by` tells what is against it on a runtime. */
export function hiddenBy(filter: HidingFilter, query: ModelQuery, row: HiddenRow): HiddenBy {
	const value = filter === 'fits' ? row.needBytes : valueOf[filter](row.entry);
	const wanted = query[filter];
	const rule = rules[filter];
	const choices = Array.isArray(wanted) ? wanted.join(', ') : String(wanted);
	return { filter, rule: rule?.(value, query, row) ?? choiceRule(filter, value, choices), value, wanted };
}
