// Vectors of a vote's answers by the model that its plan names: each answer is sent once, and paid like every other try.
import { isWire, listAt, numberAt, type Wire } from '#lib/core/registry/wire.ts';
import { normalized } from '#lib/core/classify-text.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';
import type { RouteRun } from '#lib/server/registry/run.ts';
import { send } from '#lib/server/registry/sequence.ts';

/** Characters of an answer that are compared: about what embedding models read. */
const mostCharacters = 20_000;

/** The vector of a row in OpenAI's shape, of length one; null when it is none. */
function vectorOf(row: unknown): Float32Array | null {
	const values = listAt(row, 'embedding').filter((value) => typeof value === 'number' && Number.isFinite(value));
	if (values.length === 0 || values.length !== listAt(row, 'embedding').length) return null;
	return normalized(Float32Array.from(values, Number));
}

async function replyOf(attempt: Attempt): Promise<Wire> {
	let reply: Wire = {};
	for await (const lot of attempt.lots()) for (const event of lot) if (event.type === 'reply') reply = event.reply;
	return reply;
}

/** One per vote. */
export class Likeness {
	readonly #run: RouteRun;
	readonly #known = new Map<string, Float32Array>();
	/** Why there are no vectors; a sentence. */
	problem = 'no model for it is named.';

	constructor(run: RouteRun) {
		this.#run = run;
	}

	/** A vector for each text, in their order; null when the model did not give them: `problem` says why. */
	async of(texts: readonly string[]): Promise<Float32Array[] | null> {
		const fresh = [...new Set(texts)].filter((text) => !this.#known.has(text));
		if (fresh.length > 0 && !(await this.#ask(fresh))) return null;
		const vectors = texts.map((text) => this.#known.get(text)).filter((vector) => vector !== undefined);
		return vectors.length === texts.length ? vectors : null;
	}

	async #ask(texts: readonly string[]): Promise<boolean> {
		const { embedding: candidate } = this.#run.plan.consensus;
		if (candidate === null) return false;
		const body = { input: texts.map((text) => text.slice(0, mostCharacters) || ' '), encoding_format: 'float' };
		const asked = { candidate, cause: 'compare', hold: 'complete', body, operation: 'embeddings' } as const;
		const sent = await send(this.#run, asked);
		if (!('attempt' in sent)) {
			const why = 'failure' in sent ? sent.failure.message : `it was passed over (${sent.leftOut.reason}).`;
			this.problem = `${candidate.name} gave no vectors: ${why}`;
			return false;
		}
		const reply = await replyOf(sent.attempt);
		this.#run.close(sent.attempt, 'lost');
		for (const [position, row] of listAt(reply, 'data').entries()) {
			const text = texts[isWire(row) ? (numberAt(row, 'index') ?? position) : position];
			const vector = vectorOf(row);
			if (text !== undefined && vector !== null) this.#known.set(text, vector);
		}
		this.problem = `${candidate.name} did not give a vector for each answer.`;
		return texts.every((text) => this.#known.has(text));
	}
}
