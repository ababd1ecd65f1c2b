// What an adapter's own configuration says: which model it belongs to, and what for.
import { parseConfigText } from '#lib/core/config-text.ts';
import type { Evidence, ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { isRepositoryId } from '#lib/core/repository.ts';

/** The file that says it. */
export const adapterFile = 'adapter_config.json';

/** `base` is null when the file names none, or a folder on its maker's disk; `task` as PEFT spells it, null when absent. */
export interface Adapter {
	base: string | null;
	task: string | null;
}

/** Reads an `adapter_config.json` (PEFT: `base_model_name_or_path`, `task_type`); null for text that is no such file. */
export function readAdapter(text: string): Adapter | null {
	const read = parseConfigText(text);
	if (!read.ok) return null;
	const config = read.value;
	const { base_model_name_or_path: base, task_type: task } = config;
	const isAdapter = base !== undefined || task !== undefined || config['peft_type'] !== undefined;
	if (!isAdapter) return null;
	return {
		base: typeof base === 'string' && isRepositoryId(base) ? base : null,
		task: typeof task === 'string' ? task.slice(0, 60) : null,
	};
}

/** Does an adapter for this task write text? Null when the task does not say. */
export function writesFor(task: string | null): boolean | null {
	if (task === null) return null;
	if (/^(?:CAUSAL_LM|SEQ_2_SEQ_LM)$/i.test(task)) return true;
	return /^(?:SEQ_CLS|TOKEN_CLS|QUESTION_ANS|FEATURE_EXTRACTION)$/i.test(task) ? false : null;
}

/** Facts of a base that hold for its adapters too. */
export type AdapterBase = Pick<
	ModelRecord,
	'classification' | 'confidence' | 'architecture_family' | 'is_multimodal' | 'multimodal_type' | 'context_window'
>;

/** The facts of a record or of characteristics that an adapter of the model has, too; null when it is not known what it is. */
export function baseFacts(model: AdapterBase): AdapterBase | null {
	const { classification, confidence, architecture_family, is_multimodal, multimodal_type, context_window } = model;
	if (classification !== 'gen' && classification !== 'encoder') return null;
	return { classification, confidence, architecture_family, is_multimodal, multimodal_type, context_window };
}

/** What list fields tell of an adapter, completed by its base; without one that is known, its task decides. */
export function adapted(
	told: ModelCharacteristics,
	{ base: id, task }: Adapter,
	base: AdapterBase | null,
): ModelCharacteristics {
	const writes = writesFor(task);
	if (base === null && writes === null) return told;
	const from = (path: string, rule: string): Evidence => ({ file: adapterFile, path, rule });
	const conflicts = told.conflicts.filter(({ field }) => field !== 'classification' && field !== 'architecture_family');
	if (base === null) {
		const found = from('task_type', `an adapter for ${task ?? ''}`);
		const evidence = { ...told.evidence, classification: found, confidence: { ...found, rule: 'the task alone' } };
		return { ...told, conflicts, evidence, classification: writes ? 'gen' : 'encoder', confidence: 'low' };
	}
	const found = from('base_model_name_or_path', `an adapter is what its base is: ${id ?? ''}`);
	const { is_multimodal, context_window, ...facts } = base;
	const evidence: Record<string, Evidence> = { ...told.evidence };
	for (const field of ['classification', 'confidence', 'architecture_family']) evidence[field] = found;
	if (is_multimodal !== null) evidence['is_multimodal'] = found;
	if (context_window !== null) evidence['context_window'] = found;
	return {
		...told,
		...facts,
		is_multimodal: is_multimodal ?? told.is_multimodal,
		context_window: context_window ?? told.context_window,
		evidence,
		conflicts,
	};
}
