// How two records of one model become one: the newer list wins on popularity, better knowledge wins on characteristics.
import { mergeFit } from '#lib/core/fit-merge.ts';
import type { ModelRecord } from '#lib/core/model.ts';

type Part = Partial<ModelRecord>;

/** Fields that only mean something together, each with the test whether the group is known at all. */
const characteristicGroups: { fields: (keyof ModelRecord)[]; isKnown: (record: ModelRecord) => boolean }[] = [
	{ fields: ['model_type', 'architectures'], isKnown: (r) => r.model_type !== null || r.architectures !== null },
	{ fields: ['architecture_family'], isKnown: (r) => r.architecture_family !== 'Unknown' },
	{
		fields: ['classification', 'confidence'],
		isKnown: (r) => r.classification === 'gen' || r.classification === 'encoder',
	},
	{
		fields: ['quantization', 'quantization_bits', 'quantization_method', 'dtype'],
		isKnown: (r) => r.quantization !== 'unknown',
	},
	{ fields: ['is_multimodal', 'multimodal_type'], isKnown: (r) => r.is_multimodal !== null },
	{ fields: ['context_window'], isKnown: (r) => r.context_window !== null },
	{ fields: ['parameters_total'], isKnown: (r) => r.parameters_total !== null },
	{ fields: ['fetchStatus', 'fetchError'], isKnown: (r) => r.fetchStatus !== 'none' },
];

/** What a listing says of the day it was made; a value one of the two does not have is taken from the other. */
const listFields = [
	'name',
	'pipeline_tag',
	'tags',
	'siblings',
	'downloads',
	'likes',
	'trending',
	'license',
	'updated_at',
	'created_at',
	'revision',
] as const satisfies (keyof ModelRecord)[];

function pick(record: ModelRecord, fields: readonly (keyof ModelRecord)[]): Part {
	return Object.fromEntries(fields.map((field) => [field, record[field]]));
}

function known(record: ModelRecord, fields: readonly (keyof ModelRecord)[]): Part {
	return Object.fromEntries(
		fields.flatMap((field) => (record[field] === null || record[field] === undefined ? [] : [[field, record[field]]])),
	);
}

interface MergeOptions {
	/** The characteristics of `kept` were read from the model's own config, not from a list. */
	isLearned: boolean;
}

/**
 * The record that keeps the best of both. Popularity, licence, gate and times come from the later `as_of`, and so do
 * the characteristics where it knows them, unless the kept ones were read from the config itself.
 * Nothing known is ever replaced by unknown, and no list by a copy found on this machine (origin `local`).
 */
export function mergeRecords(kept: ModelRecord, incoming: ModelRecord, { isLearned }: MergeOptions): ModelRecord {
	const isNewer = incoming.origin !== 'local' && (kept.origin === 'local' || incoming.as_of >= kept.as_of);
	const [older, newer] = isNewer ? [kept, incoming] : [incoming, kept];
	const merged: ModelRecord = { ...older, ...newer, ...known(older, listFields), ...known(newer, listFields) };
	const [weaker, stronger] = isLearned ? [incoming, kept] : [older, newer];
	for (const { fields, isKnown } of characteristicGroups) {
		Object.assign(merged, pick(isKnown(stronger) || !isKnown(weaker) ? stronger : weaker, fields));
	}
	return { ...merged, fit: mergeFit(stronger.fit, weaker.fit), local: kept.local || incoming.local };
}
