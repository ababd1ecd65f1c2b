// The rows of a comparison: one fact of every model each, and whether the models differ in it.
import { choiceLabel } from '#lib/components/filter-labels.ts';
import { runtimeWord, verdictWords } from '#lib/components/fit-words.ts';
import type { CompatibilityReport } from '#lib/core/compatibility.ts';
import type { Fit } from '#lib/core/fit.ts';
import {
	formatBits,
	formatBytes,
	formatCompact,
	formatCount,
	formatMethod,
	formatParameters,
} from '#lib/core/format.ts';
import { licenseLabel } from '#lib/core/license.ts';
import type { ModelCharacteristics, ModelEntry } from '#lib/core/model.ts';
import { runtimeName, type Runtimes } from '#lib/core/runtime.ts';
import { specGroups } from '#lib/core/specs.ts';

/** What is known of one model. */
export interface Compared {
	entry: ModelEntry | null;
	characteristics: ModelCharacteristics | null;
	/** The sum on the current device; null without one. */
	fit: Fit | null;
	runtimes: readonly CompatibilityReport[];
}

/** One row. `values` has one text per model, null where it is not known. */
export interface CompareRow {
	label: string;
	values: (string | null)[];
	differs: boolean;
}

export interface CompareGroup {
	title: string;
	rows: CompareRow[];
}

function row(label: string, values: (string | null)[]): CompareRow {
	return { label, values, differs: new Set(values).size > 1 };
}

function quantizationOf({ quantization_bits: bits, quantization_method: method, quantization }: ModelEntry) {
	if (bits === null && method === null) return quantization === 'fp16' ? 'none, 16-bit' : null;
	const parts = [bits === null ? null : formatBits(bits), method === null ? null : formatMethod(method)];
	return parts.filter((part) => part !== null).join(' · ');
}

type EntryFact = (entry: ModelEntry) => string | null;

const facts: readonly (readonly [label: string, fact: EntryFact])[] = [
	['Parameters', ({ parameters_total: total }) => (total === null ? null : formatParameters(total))],
	['Architecture', ({ architecture_family: family }) => (family === 'Unknown' ? null : family)],
	['Context', ({ context_window: tokens }) => (tokens === null ? null : `${formatCount(tokens)} tokens`)],
	['Quantization', quantizationOf],
	[
		'Takes in',
		({ is_multimodal: more, multimodal_type: kind }) =>
			more === null ? null : more ? (kind === null ? 'More than text' : `Text and ${kind}`) : 'Text',
	],
	['Kind', ({ classification: kind }) => (kind === 'unknown' ? null : choiceLabel('kind', kind))],
	['Licence', ({ license }) => (license === null ? null : licenseLabel(license))],
	['Access', ({ gated }) => (gated ? 'Gated' : 'No gate known')],
	['Downloads', ({ downloads }) => (downloads === null ? null : formatCompact(downloads))],
	['Likes', ({ likes }) => (likes === null ? null : formatCompact(likes))],
];

function memoryRows(compared: readonly Compared[]): CompareRow[] {
	const of = (fact: (fit: Fit) => string | null) => compared.map(({ fit }) => (fit === null ? null : fact(fit)));
	const bytes = (value: number | null) => (value === null ? null : formatBytes(value));
	return [
		row(
			'Fit',
			of(({ verdict }) => (verdict === 'unknown' ? null : verdictWords[verdict])),
		),
		row(
			'Memory needed',
			of(({ need_bytes }) => bytes(need_bytes)),
		),
		row(
			'Weights',
			of(({ terms }) => bytes(terms.find(({ name }) => name === 'Weights')?.bytes ?? null)),
		),
		row(
			'Most context that fits',
			of(({ max_context: most }) => (most === null ? null : `${formatCount(most)} tokens`)),
		),
		row(
			'Speed, estimated',
			of(({ tokens_per_second: speed }) => (speed === null ? null : `${formatCount(speed.value)} tokens/s`)),
		),
	];
}

function runtimeRows(compared: readonly Compared[], known: Runtimes): CompareRow[] {
	return known.ids.map((id) => {
		const values = compared.map(({ runtimes }) => {
			const report = runtimes.find(({ runtime }) => runtime === id);
			return report === undefined ? null : runtimeWord(report);
		});
		return row(runtimeName(id, known), values);
	});
}

function specRows(compared: readonly Compared[]): CompareRow[] {
	const read = compared.map(({ characteristics }) => {
		const specs = characteristics === null ? [] : specGroups(characteristics).flatMap((group) => group.specs);
		return new Map(specs.map((spec) => [spec.label, spec.value]));
	});
	const labels = [...new Set(read.flatMap((specs) => [...specs.keys()]))];
	return labels.map((label) =>
		row(
			label,
			read.map((specs) => specs.get(label) ?? null),
		),
	);
}

/** All rows in their groups, one for each of these runtimes. */
export function compareGroups(compared: readonly Compared[], runtimes: Runtimes): CompareGroup[] {
	const overview = facts.map(([label, fact]) => {
		return row(
			label,
			compared.map(({ entry }) => (entry === null ? null : fact(entry))),
		);
	});
	const known = new Set(overview.map(({ label }) => label));
	return [
		{ title: 'Overview', rows: overview },
		{ title: 'Memory', rows: memoryRows(compared) },
		{ title: 'Runtimes', rows: runtimeRows(compared, runtimes) },
		{ title: 'Specs', rows: specRows(compared).filter(({ label }) => !known.has(label)) },
	];
}
