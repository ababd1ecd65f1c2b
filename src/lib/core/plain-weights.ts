// What weights would take if they had 16 bits: said beside "unknown" where parameters are known and storage is not; never a verdict.
import { formatBytes, formatParameters } from '#lib/core/format.ts';
import type { FitFacts } from '#lib/core/model.ts';

/** What decides whether it can be said of a model. */
export interface PlainSubject {
	id: string;
	parameters_total: number | null;
	quantization_bits: number | null;
	quantization_method: string | null;
	fit: FitFacts | null;
}

/** Names of packings: whoever writes one of them into a repository's name does not have 16 bits. */
const packed =
	/quant|gptq|awq|gguf|mlx|bnb|hqq|aqlm|bitnet|exl[23]|fp[48]|[-_.](?:w\d+a\d+|int[248]|i?q\d)|\dbits?(?!\w)|\d-bit/i;

/** Bytes of one weight: nearly everything that is not quantized is published in 16 bits. */
const plainBytes = 2;

/**
 * Bytes of the weights if each had 16 bits. Null where their size is known, where the parameters are not, and where
 * something says that they are packed.
 */
export function plainWeights(subject: PlainSubject): number | null {
	const { id, parameters_total: total, quantization_bits: bits, quantization_method: method, fit } = subject;
	if (total === null || bits !== null || method !== null || (fit?.weights_bytes ?? null) !== null) return null;
	return packed.test(id) ? null : total * plainBytes;
}

/** The same as one sentence; null where it cannot be said. `source`: where the parameters are from, in words. */
export function plainSentence(subject: PlainSubject, source?: string): string | null {
	const bytes = plainWeights(subject);
	if (bytes === null || subject.parameters_total === null) return null;
	const counted = `${formatParameters(subject.parameters_total)} parameters${source === undefined ? '' : ` (${source})`}`;
	return `Unknown: nothing at hand tells how the weights are stored. If 16-bit, they are ${formatBytes(bytes)}: ${counted} × ${plainBytes} bytes.`;
}
