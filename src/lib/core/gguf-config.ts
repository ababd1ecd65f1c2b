// The metadata of a GGUF file in the words of a config.json, with the way back from each word to the key in the file.
import { ggufLayers, ggufWindow } from '#lib/core/gguf-cache.ts';
import { ggufCount, ggufText, isGgufList, type GgufHeader } from '#lib/core/gguf-header.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import { ggufArchitectures } from '#lib/core/tables/gguf-architectures.ts';

type Metadata = Pick<GgufHeader, 'metadata'>;

/** A configuration made of a header. `keys` leads from its words to the keys of the file. */
export interface GgufConfig {
	architecture: string;
	config: JsonObject;
	keys: ReadonlyMap<string, string>;
}

/** Config word → keys below the architecture's name, in the order in which they count. */
const plainKeys: readonly (readonly [word: string, ...keys: string[]])[] = [
	['max_position_embeddings', 'context_length'],
	['hidden_size', 'embedding_length'],
	['intermediate_size', 'feed_forward_length'],
	['num_attention_heads', 'attention.head_count'],
	['num_key_value_heads', 'attention.head_count_kv'],
	['head_dim', 'attention.key_length_mla', 'attention.key_length'],
	['vocab_size', 'vocab_size'],
	['num_experts', 'expert_count'],
	['num_experts_per_tok', 'expert_used_count'],
];

/** Where the vocabulary stands; only its length is ever kept. */
export const tokensKey = 'tokenizer.ggml.tokens';

/** Models and layers without heads (recurrent ones, mere feed-forward blocks) have a 0; what others have is what counts. */
function valueOf({ metadata }: Metadata, key: string): JsonValue | undefined {
	const value = metadata[key];
	if (!isGgufList(value)) return value === 0 ? undefined : value;
	const items = value.items?.filter((item) => item !== 0);
	return items === undefined || items.length === 0 ? undefined : items;
}

/** Tokens of the vocabulary: as stated, else counted, as llama.cpp does. */
function addVocabulary(header: Metadata, put: (word: string, key: string, value: JsonValue) => void): void {
	const tokens = header.metadata[tokensKey];
	if (isGgufList(tokens)) put('vocab_size', tokensKey, tokens.count);
}

/**
 * A header as a configuration; null when it names no architecture, as nothing else has a meaning then. Rope scaling is
 * left out on purpose: the context length of a GGUF file is what its runtimes give, scaled or not.
 */
export function ggufConfig(header: Metadata): GgufConfig | null {
	const architecture = ggufText(header, 'general.architecture');
	if (architecture === null) return null;
	const row = Object.hasOwn(ggufArchitectures, architecture) ? ggufArchitectures[architecture] : undefined;
	const config: JsonObject = { model_type: row?.type ?? architecture };
	const keys = new Map([['model_type', 'general.architecture']]);
	const put = (word: string, key: string, value: JsonValue | undefined) => {
		if (value === undefined || value === null || config[word] !== undefined) return;
		config[word] = value;
		keys.set(word, key);
	};
	for (const [word, ...names] of plainKeys) {
		for (const name of names) put(word, `${architecture}.${name}`, valueOf(header, `${architecture}.${name}`));
	}
	addVocabulary(header, put);
	const layers = ggufLayers(header, architecture);
	if (layers !== null) put('num_hidden_layers', `${architecture}.block_count`, layers);
	const window = ggufWindow(header, architecture);
	if (window !== null) put('sliding_window', `${architecture}.attention.sliding_window`, window);
	return { architecture, config, keys };
}

/** A sentence when the header names a rope scaling that would stretch the context beyond what runtimes give. */
export function ropeNote(header: Metadata, architecture: string): string | null {
	const type = ggufText(header, `${architecture}.rope.scaling.type`);
	const factor = header.metadata[`${architecture}.rope.scaling.factor`];
	const context = ggufCount(header, `${architecture}.context_length`);
	if (type === null || type === 'none' || typeof factor !== 'number' || factor <= 1 || context === null) return null;
	const original = ggufCount(header, `${architecture}.rope.scaling.original_context_length`);
	const stretched = Math.round((original ?? context) * factor);
	if (stretched <= context || !Number.isSafeInteger(stretched)) return null;
	const [more, given] = [stretched, context].map((tokens) => tokens.toLocaleString('en'));
	return `The header names ${type} rope scaling up to ${more} tokens; llama.cpp gives ${given} unless it is asked for more.`;
}
