// Models and devices whose fit tests ask for: real ones by name, and ones made of chosen facts.
import { normalize } from '#lib/core/characteristics.ts';
import type { FitSubject } from '#lib/core/fit.ts';
import { namedMemory, type Device } from '#lib/core/hardware.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { presets } from '#lib/core/presets.ts';
import { modelFacts } from './model-facts.ts';

export const gib = 1024 ** 3;
export const named = (gibibytes: number) => namedMemory(gibibytes * gib);

export function preset(id: string): Device {
	const found = presets.find((device) => device.id === id);
	if (found === undefined) throw new Error(`no preset ${id}`);
	return found;
}

export function subjectOf(config: Record<string, unknown>): FitSubject {
	const text = JSON.stringify({ torch_dtype: 'bfloat16', ...config });
	const read = normalize({ id: 'org/model', source: 'hub', revision: null, fetchedAt: '', config: text });
	return { facts: read.fit, context_window: read.context_window };
}

export function fact(start: string): Record<string, unknown> {
	return modelFacts.find(({ id }) => id.startsWith(start))?.config ?? {};
}

export const llama = subjectOf({ ...fact('meta-llama/Llama-3.1-8B'), max_position_embeddings: 131_072 });
export const gemma = subjectOf({ ...fact('google/gemma-3-27b-it'), torch_dtype: 'bfloat16' });

export const facts = (part: Partial<FitFacts> = {}): FitFacts => ({
	weights_bytes: 4 * gib,
	weights_band: 0,
	vision_bytes: 0,
	active_bytes: 4 * gib,
	kv_bytes_per_token: 131_072,
	kv_window_bytes_per_token: 0,
	kv_window_tokens: 0,
	kv_state_bytes: 0,
	...part,
});

export const subject = (part: Partial<FitFacts> = {}, context_window: number | null = 131_072): FitSubject => ({
	facts: facts(part),
	context_window,
});
