// Messages of discovery runs for tests, with everything a test does not care about filled in.
import type {
	DiscoveryDone,
	DiscoveryFailed,
	DiscoveryMeta,
	DiscoveryProgress,
	DiscoveryStatus,
} from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { entry } from './models.ts';

/** Progress of one model. */
export function progress(
	id: string,
	modelId: string,
	status: DiscoveryStatus,
	delta?: Partial<ModelEntry>,
	ts = 1_000,
): DiscoveryProgress {
	return { action: 'listChatModels:progress', id, modelId, status, ts, ...(delta ? { delta } : {}) };
}

/** A result. */
export function done(id: string, models: ModelEntry[], meta: Partial<DiscoveryMeta> = {}): DiscoveryDone {
	const full = { fetched: models.length, filtered: 0, errors: [], durationMs: 1_000, requests: models.length, ...meta };
	return { action: 'listChatModels:done', id, models, meta: full };
}

/** The end of a run that broke off. */
export function failed(id: string, code: string, message: string): DiscoveryFailed {
	return { action: 'listChatModels:error', id, code, message };
}

/** A read model that writes text. */
export function gen(id: string, part: Partial<ModelEntry> = {}): ModelEntry {
	const known = { architecture_family: 'Llama', model_type: 'llama', architectures: ['LlamaForCausalLM'] };
	return entry({ id, ...known, classification: 'gen', confidence: 'high', fetchStatus: 'ok', ...part });
}

/** A model that gives vectors, dropped by the pre-filter. */
export function encoder(id: string, part: Partial<ModelEntry> = {}): ModelEntry {
	const excluded_by = 'pre-filter: pipeline_tag sentence-similarity';
	return entry({
		id,
		classification: 'encoder',
		confidence: 'high',
		pipeline_tag: 'sentence-similarity',
		excluded_by,
		...part,
	});
}
