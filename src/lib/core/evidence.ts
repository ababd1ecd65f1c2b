// Where the facts of a record came from: one entry per field, written in the order in which the fields are read.
import type { Evidence } from '#lib/core/model.ts';

type Entries = Record<string, Evidence>;

/**
 * One writer per field. Written out, because V8 turns an object that is filled under computed names into a hash table
 * from its seventeenth key on, which makes twenty entries cost twice as much; `entries[field] = entry` is what they do.
 */
const writers = {
	model_type: (to: Entries, entry: Evidence) => (to['model_type'] = entry),
	architectures: (to: Entries, entry: Evidence) => (to['architectures'] = entry),
	architecture_family: (to: Entries, entry: Evidence) => (to['architecture_family'] = entry),
	is_multimodal: (to: Entries, entry: Evidence) => (to['is_multimodal'] = entry),
	multimodal_type: (to: Entries, entry: Evidence) => (to['multimodal_type'] = entry),
	classification: (to: Entries, entry: Evidence) => (to['classification'] = entry),
	confidence: (to: Entries, entry: Evidence) => (to['confidence'] = entry),
	hidden_size: (to: Entries, entry: Evidence) => (to['hidden_size'] = entry),
	num_attention_heads: (to: Entries, entry: Evidence) => (to['num_attention_heads'] = entry),
	num_experts: (to: Entries, entry: Evidence) => (to['num_experts'] = entry),
	num_experts_per_token: (to: Entries, entry: Evidence) => (to['num_experts_per_token'] = entry),
	num_hidden_layers: (to: Entries, entry: Evidence) => (to['num_hidden_layers'] = entry),
	intermediate_size: (to: Entries, entry: Evidence) => (to['intermediate_size'] = entry),
	vocab_size: (to: Entries, entry: Evidence) => (to['vocab_size'] = entry),
	num_key_value_heads: (to: Entries, entry: Evidence) => (to['num_key_value_heads'] = entry),
	head_dim: (to: Entries, entry: Evidence) => (to['head_dim'] = entry),
	max_position_embeddings: (to: Entries, entry: Evidence) => (to['max_position_embeddings'] = entry),
	context_window: (to: Entries, entry: Evidence) => (to['context_window'] = entry),
	sliding_window: (to: Entries, entry: Evidence) => (to['sliding_window'] = entry),
	quantization_method: (to: Entries, entry: Evidence) => (to['quantization_method'] = entry),
	quantization_bits: (to: Entries, entry: Evidence) => (to['quantization_bits'] = entry),
	quantization_group_size: (to: Entries, entry: Evidence) => (to['quantization_group_size'] = entry),
	dtype: (to: Entries, entry: Evidence) => (to['dtype'] = entry),
	kv_cache_bytes_per_token: (to: Entries, entry: Evidence) => (to['kv_cache_bytes_per_token'] = entry),
	kv_cache_fixed_bytes: (to: Entries, entry: Evidence) => (to['kv_cache_fixed_bytes'] = entry),
	fit: (to: Entries, entry: Evidence) => (to['fit'] = entry),
	use_cache: (to: Entries, entry: Evidence) => (to['use_cache'] = entry),
	parameters: (to: Entries, entry: Evidence) => (to['parameters'] = entry),
};

/** The rule of `is_multimodal` where nothing tells what the model takes in: "no" is only the default then. */
export const unknownSenses = 'not known: taken as text only';

/** A field of the record that has evidence. */
export type EvidenceField = keyof typeof writers;

/** Sets the entry of a field. */
export function write(entries: Entries, field: EvidenceField, entry: Evidence): void {
	writers[field](entries, entry);
}
