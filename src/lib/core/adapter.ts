// What an adapter's own configuration says: which model it belongs to, and what for.
import { parseConfigText } from '#lib/core/config-text.ts';
import { isRepositoryId } from '#lib/core/repository.ts';

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
