// The header of a weight file of either kind, read from any source of bytes, and what it says in one summary.
import { z } from 'zod';
import type { ByteSource } from '#lib/core/byte-source.ts';
import { readGguf, type GgufOptions } from '#lib/core/gguf.ts';
import { ggufCount, ggufHeaderSchema, ggufSplit, ggufText, type GgufHeader } from '#lib/core/gguf-header.ts';
import { ggufStorage } from '#lib/core/gguf-storage.ts';
import type { FileSource } from '#lib/core/model.ts';
import { readSafetensors } from '#lib/core/safetensors.ts';
import { safetensorsHeaderSchema, summarizeSafetensors, type SafetensorsHeader } from '#lib/core/safetensors-header.ts';
import { activeWeights, mergeTotals, type TensorTotals, type TypeTotals } from '#lib/core/tensor-totals.ts';

/** The header of one file, as it is kept. */
export const fileHeaderSchema = z.discriminatedUnion('format', [ggufHeaderSchema, safetensorsHeaderSchema]);
export type FileHeader = z.infer<typeof fileHeaderSchema>;
export type HeaderFormat = FileHeader['format'];

/** The kind of header a file of this name has; null when it has none that is read here. */
export function headerFormat(path: string): HeaderFormat | null {
	const lower = path.toLowerCase();
	if (lower.endsWith('.gguf')) return 'gguf';
	return lower.endsWith('.safetensors') ? 'safetensors' : null;
}

/** Reads a header. Throws `invalid_gguf` or `invalid_safetensors`, and the source's own failures. */
export async function readHeader(
	source: ByteSource,
	format: HeaderFormat,
	options: Omit<GgufOptions, 'need'> = {},
): Promise<FileHeader> {
	return format === 'gguf' ? readGguf(source, options) : summarizeSafetensors(await readSafetensors(source));
}

/**
 * What the header of a file says, or the headers of all parts of a split one. Counts are weights, sizes bytes;
 * `weight_bytes` are those of the tensors alone. Null is not known. While parts are missing (`parts_read` below
 * `parts`) the counts are those of the parts that were read.
 */
export interface HeaderSummary {
	format: HeaderFormat;
	parts: number;
	parts_read: number;
	parameters: number | null;
	/** Weights that work on one token; null without routed experts. */
	active_parameters: number | null;
	expert_parameters: number | null;
	/** How the weights were counted, in a sentence. */
	basis: string;
	weight_bytes: number | null;
	bits_per_weight: number | null;
	types: TypeTotals[];
	/** The mix of types, such as `Q4_K_M`; null for safetensors. */
	quantization: string | null;
	architecture: string | null;
	name: string | null;
	context_length: number | null;
	tokenizer: string | null;
	chat_templates: { name: string; bytes: number; digest: string | null }[];
}

/** Answer of `GET /api/models/headers/{id}`. `metadata` is that of a GGUF file, null for others. */
export interface HeaderAnswer extends HeaderSummary {
	id: string;
	revision: string | null;
	source: FileSource;
	files: { path: string; size_bytes: number | null }[];
	metadata: GgufHeader['metadata'] | null;
}

function perWeight(bytes: number | null, weights: number | null): number | null {
	return bytes === null || weights === null || weights === 0 ? null : (bytes * 8) / weights;
}

function sumOrNull(values: readonly (number | null)[]): number | null {
	return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

function ofGguf(file: string, headers: readonly [GgufHeader, ...GgufHeader[]]): HeaderSummary {
	const [header] = headers;
	const totals: TensorTotals | null = headers.every(({ tensors }) => tensors !== null)
		? mergeTotals(headers.flatMap(({ tensors }) => tensors ?? []))
		: null;
	const architecture = ggufText(header, 'general.architecture');
	const all = ggufCount(header, `${architecture}.expert_count`);
	const used = ggufCount(header, `${architecture}.expert_used_count`);
	return {
		format: 'gguf',
		parts: ggufSplit(header)?.parts ?? 1,
		parts_read: headers.length,
		parameters: totals?.parameters ?? null,
		active_parameters: totals === null ? null : activeWeights(totals, all, used),
		expert_parameters: totals?.experts.parameters ?? null,
		basis: totals === null ? 'The tensors were not read.' : 'Every element of every tensor is a weight.',
		weight_bytes: totals?.bytes ?? null,
		bits_per_weight: perWeight(totals?.bytes ?? null, totals?.parameters ?? null),
		types: totals?.types ?? [],
		quantization: ggufStorage(header, totals, file)?.chosen.label ?? null,
		architecture,
		name: ggufText(header, 'general.name'),
		context_length: ggufCount(header, `${architecture}.context_length`),
		tokenizer: ggufText(header, 'tokenizer.ggml.model'),
		chat_templates: header.templates.map(({ name, bytes, digest }) => ({ name, bytes, digest })),
	};
}

function ofSafetensors(parts: number, headers: readonly [SafetensorsHeader, ...SafetensorsHeader[]]): HeaderSummary {
	const totals = mergeTotals(headers.map(({ tensors }) => tensors));
	const parameters = sumOrNull(headers.map((header) => header.parameters));
	const [{ basis }] = headers;
	return {
		format: 'safetensors',
		parts,
		parts_read: headers.length,
		parameters,
		active_parameters: null,
		expert_parameters: sumOrNull(headers.map(({ experts }) => experts)),
		basis: headers.find((header) => header.parameters === null)?.basis ?? basis,
		weight_bytes: totals.bytes,
		bits_per_weight: perWeight(totals.bytes, parameters),
		types: totals.types,
		quantization: null,
		architecture: null,
		name: null,
		context_length: null,
		tokenizer: null,
		chat_templates: [],
	};
}

/** The summary of a file's header, or of the headers of a split file's parts, the first part first. */
export function summarizeHeaders(file: string, parts: number, headers: readonly FileHeader[]): HeaderSummary | null {
	const gguf = headers.filter((header) => header.format === 'gguf');
	const [first, ...others] = gguf;
	if (first !== undefined) return { ...ofGguf(file, [first, ...others]), parts };
	const [one, ...more] = headers.filter((header) => header.format === 'safetensors');
	return one === undefined ? null : ofSafetensors(parts, [one, ...more]);
}
