// Which model a repository is another packing of: the same weights, quantized or written in another format.
import type { ModelRecord } from '#lib/core/model.ts';

/** How the Hub tags a copy with other bits and the same layers; fine-tunes and adapters are tagged otherwise. */
const quantizedTag = 'base_model:quantized:';

/** The models a row says it was quantized from. */
export function quantizedFrom({ tags }: Pick<ModelRecord, 'tags'>): string[] {
	return (tags ?? []).filter((tag) => tag.startsWith(quantizedTag)).map((tag) => tag.slice(quantizedTag.length));
}

/** Words at the end of a name that say how weights are packed and nothing about the weights themselves. */
const packingWord = new RegExp(
	'[-_.](?:' +
		[
			'gguf|ggml|awq|gptq|exl[23]|mlx|hqq|aqlm|autoround|bnb|onnx|openvino|ov|unsloth|quantized|dynamic|imatrix|i1|ud|dwq|dq',
			'q[2-8](?:[_-](?:k|0|1))?(?:[_-](?:xl|[sml]))?|iq[1-4](?:[_-](?:xxs|xs|nl|s|m))?',
			'[2-8](?:\\.\\d+)?[-_]?(?:bits?|bpw)|int[248]|uint4|w[48]a(?:8|16)|n?v?fp[48]|mxfp[48]|bf16|fp16|f16|g?(?:32|64|128)g?',
		].join('|') +
		')$',
);

/** Words that leave the weights as they are; without another word they do not make a name one of a packing. */
const plainWord = /[-_.](?:bf16|fp16|f16|dynamic|unsloth|ud|g?(?:32|64|128)g?)$/;

/** The part of an id behind the owner, in lower case. */
export function plainName(id: string): string {
	return id.slice(id.indexOf('/') + 1).toLowerCase();
}

/** The name of the weights in a packing's name, in lower case: `qwen3-8b` of `Qwen3-8B-AWQ-4bit`; null for other names. */
export function nameOfWeights(id: string): string | null {
	let name = plainName(id);
	let isPacking = false;
	for (let found = packingWord.exec(name); found !== null && found.index > 2; found = packingWord.exec(name)) {
		isPacking ||= !plainWord.test(name);
		name = name.slice(0, found.index);
	}
	return isPacking ? name : null;
}

/** Changes when rows are to be marked in another way: marks kept until then are made anew. */
export const packingVersion = '1';

/** Begins a mark that rests on the name alone. */
export const guessMark = '?';

/**
 * What a row is kept under: the id its tags name, else `?` and the name of its weights, which is a guess; null for a row
 * that stands for itself.
 */
export function packingMark(record: Pick<ModelRecord, 'id' | 'tags'>): string | null {
	const base = quantizedFrom(record).find((id) => id !== record.id && id !== '');
	if (base !== undefined) return base;
	const name = nameOfWeights(record.id);
	// Names such as `fine-tuned-4bit` are everybody's: one that tells weights apart has a size or a version.
	return name === null || !/\d/.test(name) ? null : guessMark + name;
}
