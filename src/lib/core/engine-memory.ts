// Whether a model may be loaded: what it needs, what the machine has, and the sentence when that is too little.
import { Failure } from '#lib/core/failure.ts';

/** Sizes that decide how much memory a model takes. */
export interface EngineSizes {
	/** Bytes of the weights on disk. */
	weightBytes: number;
	/** Do weights lie in files beside the model? They are held twice while they are read. */
	hasExternal: boolean;
	hiddenSize: number | null;
	vocabularySize: number | null;
	/** Bytes of keys and values per token; 0 for encoders. */
	cacheBytesPerToken: number;
	/** Tokens of one run. */
	batchTokens: number;
	/** Does the model give logits over its vocabulary for every token of a prompt? */
	allLogits: boolean;
}

const runtimeBytes = 180 * 2 ** 20;
const reserveBytes = 512 * 2 ** 20;
const safety = 1.15;

/** Bytes that a process with this model needs. */
export function engineNeed(sizes: EngineSizes): number {
	const { weightBytes, hasExternal, hiddenSize, vocabularySize, cacheBytesPerToken, batchTokens, allLogits } = sizes;
	const weights = weightBytes * (hasExternal ? 1.25 : 1.1);
	const activations = batchTokens * (hiddenSize ?? 1024) * 24;
	const logits = allLogits ? batchTokens * (vocabularySize ?? 0) * 4 : 0;
	return Math.round(weights + activations + logits + cacheBytesPerToken * batchTokens + runtimeBytes);
}

/** May so much be loaded into so much free memory? A part of it is left to everything else. */
export function mayLoad(needBytes: number, availableBytes: number): boolean {
	return needBytes * safety <= availableBytes - reserveBytes;
}

const mebibytes = (bytes: number) => Math.max(0, Math.round(bytes / 2 ** 20)).toLocaleString('en');

/** The refusal, with both numbers and what helps. `smaller` is a dtype of the same model that needs less; null for none. */
export function memoryFailure(
	name: string,
	needBytes: number,
	availableBytes: number,
	smaller: string | null,
): Failure {
	const need = mebibytes(needBytes * safety);
	const available = mebibytes(availableBytes - reserveBytes);
	const advice = smaller === null ? 'close other programs or choose a smaller model' : `its ${smaller} files need less`;
	return new Failure(
		'not_enough_memory',
		`Loading ${name} needs ${need} MiB and ${available} MiB are available: ${advice}.`,
	);
}
