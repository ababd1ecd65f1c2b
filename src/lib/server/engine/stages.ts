// The stages of an order: in which one it begins, how long each may take, and what it is called when it fails there.
import type { FailureCode } from '#lib/core/failure.ts';
import type { Stage, WorkName } from '#lib/server/engine/messages.ts';

/** The stage in which an order begins. Nobody tells it: a message less for every text. */
export const firstStages: Readonly<Record<WorkName, Stage>> = {
	prepare: 'library',
	load: 'library',
	embed: 'tokenize',
	pair: 'tokenize',
	choose: 'template',
	generate: 'template',
};

interface StageRule {
	/** Milliseconds after which the child is ended. */
	limitMs: number;
	/** What it is called when the child is ended for that, and when it dies by itself in this stage. */
	late: FailureCode;
	died: FailureCode;
	says: string;
}

/** Limits of the stages: reading a template or a text is a matter of milliseconds unless the model's files are hostile. */
export const stageRules: Record<Stage, StageRule> = {
	library: { limitMs: 60_000, late: 'model_timeout', died: 'engine_failed', says: 'starting the inference library' },
	tokenizer: { limitMs: 30_000, late: 'tokenizer_rejected', died: 'tokenizer_rejected', says: 'reading its tokenizer' },
	weights: { limitMs: 300_000, late: 'model_timeout', died: 'model_crashed', says: 'loading its weights' },
	template: {
		limitMs: 800,
		late: 'template_rejected',
		died: 'template_rejected',
		says: 'filling in its chat template',
	},
	tokenize: {
		limitMs: 1_800,
		late: 'tokenizer_rejected',
		died: 'tokenizer_rejected',
		says: 'splitting a text into tokens',
	},
	run: { limitMs: 300_000, late: 'model_timeout', died: 'model_crashed', says: 'working on a text' },
};
