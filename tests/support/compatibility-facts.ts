// What runtimes say about models as the Hub lists them.
import { checkCompatibility } from '#lib/core/compatibility.ts';
import { recordFromListing } from '#lib/core/entry.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { subjectOf } from '#lib/core/run-facts.ts';
import { runtimeProfile, withoutOwn } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';

export type Facts = Omit<ListingFacts, 'config'> & { type?: string; classes?: string[]; quantization?: object };

/** A row as the Hub lists it: type and classes in its curated config. */
export function listing({ type, classes, quantization, ...facts }: Facts) {
	const config = {
		...(type === undefined ? {} : { model_type: type }),
		...(classes === undefined ? {} : { architectures: classes }),
		...(quantization === undefined ? {} : { quantization_config: { ...quantization } }),
	};
	return recordFromListing({ ...facts, config }, 'hub', '2026-11-20');
}

export const plain = { tags: ['transformers', 'safetensors'], pipeline_tag: 'text-generation' };
export const llama: Facts = { id: 'org/llama', type: 'llama', classes: ['LlamaForCausalLM'], ...plain };

export function check(facts: Facts, runtime: RuntimeId, options: Parameters<typeof checkCompatibility>[2] = {}) {
	return checkCompatibility(subjectOf(listing(facts)), runtimeProfile(runtime, withoutOwn), options);
}
