// How much memory a model on this machine will take, and the refusal when there is too little.
import { engineNeed, memoryFailure } from '#lib/core/engine-memory.ts';
import type { Failure } from '#lib/core/failure.ts';
import type { ModelPlace } from '#lib/server/engine/model-place.ts';

const batchTokens = 8192;
const promptTokens = 2048;
/** From the dtype that needs least to the one that needs most. */
const bySize = ['q4f16', 'q4', 'bnb4', 'q8', 'int8', 'uint8', 'fp16', 'fp32'];

/** Bytes that loading a model is expected to take. */
export function needOf(place: ModelPlace): number {
	const isCausal = place.kind === 'instruction';
	return engineNeed({
		weightBytes: place.weightBytes,
		hasExternal: place.hasExternal,
		hiddenSize: place.hiddenSize,
		vocabularySize: place.vocabularySize,
		cacheBytesPerToken: place.cacheBytesPerToken,
		batchTokens: isCausal ? Math.min(promptTokens, place.maxTokens) : batchTokens,
		allLogits: isCausal && place.runtime === 'onnx', // llama.cpp gives those of the last token alone
	});
}

/** The refusal of a model for want of memory; it names a smaller dtype of the same model where one is here. */
export function needFailure({ name, dtype, dtypes }: ModelPlace, needBytes: number, availableBytes: number): Failure {
	const smaller = dtypes.find((other) => bySize.indexOf(other) < bySize.indexOf(dtype));
	return memoryFailure(name, needBytes, availableBytes, smaller ?? null);
}
