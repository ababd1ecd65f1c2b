// A loaded model in somebody's hands, and how it comes back out of them.
import type { Engine } from '#lib/server/engine/engine.ts';
import type { ModelFacts } from '#lib/server/engine/model-place.ts';

/** A model in use. Whoever has it gives it back. */
export interface HeldModel {
	engine: Engine;
	facts: ModelFacts;
	release(): void;
}

/** Does `work` with a model and gives it back, whatever comes of it. */
export async function lent<T>(held: HeldModel, work: (held: HeldModel) => Promise<T>): Promise<T> {
	try {
		return await work(held);
	} finally {
		held.release();
	}
}
