// The specs of a model as rows for people: one table from characteristics to label, value, explanation and evidence.
import { unknownSenses } from '#lib/core/evidence.ts';
import {
	formatBits,
	formatBytes,
	formatCount,
	formatDecimalBytes,
	formatMethod,
	formatParameters,
} from '#lib/core/format.ts';
import type { Conflict, Evidence, ModelCharacteristics } from '#lib/core/model.ts';

/** One fact: `value` as people read it, `raw` as it was read, `note` a second reading (GB beside GiB), `hint` one line that explains the label. */
export interface Spec {
	field: string;
	label: string;
	value: string;
	raw: string;
	note: string | null;
	hint: string;
	/** Null when nothing says where the value came from. */
	evidence: Evidence | null;
	conflicts: Conflict[];
}

export interface SpecGroup {
	title: string;
	specs: Spec[];
}

interface Shown {
	value: string;
	raw: string;
	note?: string;
}

interface Row {
	/** Name in `evidence` and `conflicts`. */
	field: string;
	label: string;
	hint: string;
	/** Null: the model does not have this fact, so there is no row. */
	show(c: ModelCharacteristics): Shown | null;
}

type NumberField = {
	[K in keyof ModelCharacteristics]: ModelCharacteristics[K] extends number | null ? K : never;
}[keyof ModelCharacteristics];

function figure(field: NumberField, label: string, hint: string, unit = ''): Row {
	const show = (c: ModelCharacteristics) => {
		const value = c[field];
		return value === null ? null : { value: `${formatCount(value)}${unit}`, raw: String(value) };
	};
	return { field, label, hint, show };
}

function words(field: string, label: string, hint: string, read: (c: ModelCharacteristics) => string | null): Row {
	const show = (c: ModelCharacteristics) => {
		const value = read(c);
		return value === null ? null : { value, raw: value };
	};
	return { field, label, hint, show };
}

function bytes(field: NumberField, label: string, hint: string): Row {
	const show = (c: ModelCharacteristics) => {
		const value = c[field];
		if (value === null) return null;
		return { value: formatBytes(value), raw: String(value), note: formatDecimalBytes(value) };
	};
	return { field, label, hint, show };
}

function parameters(which: 'total' | 'active', label: string, hint: string): Row {
	const show = (c: ModelCharacteristics) => {
		const value = c.parameters[which];
		if (value === null) return null;
		const guess = c.parameters.source === 'name' ? ' (guessed from the name)' : '';
		return { value: `${formatParameters(value)}${guess}`, raw: String(value), note: formatCount(value) };
	};
	return { field: `parameters.${which}`, label, hint, show };
}

const kinds: Record<ModelCharacteristics['classification'], string> = {
	gen: 'Generates text',
	encoder: 'Encoder',
	unknown: 'Unknown',
	'auth-protected': 'Not readable without access',
};

const inputs: Record<NonNullable<ModelCharacteristics['multimodal_type']>, string> = {
	vision: 'Text and images',
	audio: 'Text and audio',
	'vision-audio': 'Text, images and audio',
};

function inputsOf(c: ModelCharacteristics): string {
	if (!c.is_multimodal) return c.evidence['is_multimodal']?.rule === unknownSenses ? 'Unknown' : 'Text';
	return c.multimodal_type === null ? 'Text and more' : inputs[c.multimodal_type];
}

const table: readonly { title: string; rows: readonly Row[] }[] = [
	{
		title: 'Architecture',
		rows: [
			words(
				'architecture_family',
				'Family',
				'Models of one family share their building plan.',
				(c) => c.architecture_family,
			),
			words(
				'model_type',
				'Model type',
				'The name that tells software which code builds the model.',
				(c) => c.model_type,
			),
			words(
				'architectures',
				'Classes',
				'The program classes the weights were saved from.',
				(c) => c.architectures?.join(', ') || null,
			),
			words(
				'classification',
				'Kind',
				'Whether the model writes text or only encodes it.',
				(c) => `${kinds[c.classification]} (${c.confidence} confidence)`,
			),
			words('is_multimodal', 'Takes in', 'The kinds of input the model reads.', inputsOf),
			figure('num_hidden_layers', 'Layers', 'How many blocks a token passes through.'),
			figure('hidden_size', 'Hidden size', 'Numbers that describe one token inside the model.'),
			figure('intermediate_size', 'Intermediate size', 'Width of the feed-forward part of each layer.'),
			figure('vocab_size', 'Vocabulary', 'How many different tokens the model knows.', ' tokens'),
			figure('num_experts', 'Experts', 'Feed-forward parts among which each token is routed.'),
			figure('num_experts_per_token', 'Experts per token', 'How many experts work on one token.'),
		],
	},
	{
		title: 'Context',
		rows: [
			figure('context_window', 'Context window', 'Tokens a runtime can really use at once.', ' tokens'),
			figure('max_position_embeddings', 'Positions', 'The position limit that the config states.', ' tokens'),
			figure('sliding_window', 'Sliding window', 'How far back the windowed layers look.', ' tokens'),
		],
	},
	{
		title: 'Attention',
		rows: [
			figure('num_attention_heads', 'Attention heads', 'Parallel readers of the context in each layer.'),
			figure('num_key_value_heads', 'Key-value heads', 'Fewer than attention heads means a smaller cache.'),
			figure('head_dim', 'Head size', 'Numbers per head for one token.'),
			words('use_cache', 'KV cache', 'Keeps what was read, so that each new token is cheap.', (c) =>
				c.use_cache ? 'Used' : 'Not used',
			),
		],
	},
	{
		title: 'Quantization',
		rows: [
			{
				field: 'quantization_method',
				label: 'Method',
				hint: 'How the weights were made smaller.',
				show: ({ quantization_method: m }) => (m === null ? null : { value: formatMethod(m), raw: m }),
			},
			{
				field: 'quantization_bits',
				label: 'Bits',
				hint: 'Bits kept of each weight.',
				show: ({ quantization_bits: b }) => (b === null ? null : { value: formatBits(b), raw: String(b) }),
			},
			figure('quantization_group_size', 'Group size', 'Weights that share one scale.'),
			words('dtype', 'Number type', 'The type of numbers the weights are in, or compute with.', (c) => c.dtype),
		],
	},
	{
		title: 'Parameters & memory',
		rows: [
			parameters('total', 'Parameters', 'All weights of the model, counted one by one.'),
			parameters('active', 'Active parameters', 'Weights that work on one token.'),
			bytes(
				'kv_cache_bytes_per_token',
				'Cache per token',
				'Memory each further token of context costs, with a 16-bit cache.',
			),
			bytes(
				'kv_cache_fixed_bytes',
				'Fixed cache',
				'Memory of sliding windows and recurrent state, whatever the context.',
			),
		],
	},
];

/** `parameters.total` may be evidenced as itself or by its parent, `parameters`. */
function named<T>(record: Record<string, T>, field: string): T | null {
	return record[field] ?? record[field.split('.')[0] ?? field] ?? null;
}

/** The row a conflict is told in: one about `parameters` is about their total. */
function rowOf({ field }: Conflict): string {
	return field === 'parameters' ? 'parameters.total' : field;
}

/**
 * The facts of a model in the groups Architecture, Context, Attention, Quantization and Parameters & memory. A fact
 * that is not known has no row and a group without rows is left out.
 */
export function specGroups(c: ModelCharacteristics): SpecGroup[] {
	const groups = table.map(({ title, rows }) => {
		const specs = rows.flatMap(({ field, label, hint, show }) => {
			const shown = show(c);
			if (shown === null) return [];
			const conflicts = c.conflicts.filter((conflict) => rowOf(conflict) === field);
			const { value, raw, note = null } = shown;
			return [{ field, label, hint, value, raw, note, evidence: named(c.evidence, field), conflicts }];
		});
		return { title, specs };
	});
	return groups.filter((group) => group.specs.length > 0);
}
