// Engines that people run on this machine themselves (Ollama, LM Studio, llama.cpp, vLLM): found by asking, never started.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { Engine } from '#lib/server/engine/engine.ts';
import type { ModelFacts } from '#lib/server/engine/model-place.ts';
import { HttpEngine } from '#lib/server/engine/http-engine.ts';

/** One kind of engine: where it listens unless told otherwise, and what it answers that no other one does. */
export interface OtherEngine {
	/** First part of a model's name: `ollama/llama3.2`. */
	id: string;
	name: string;
	address: string;
	/** Path that only this engine knows, null when its list of models is all there is to ask. */
	proof: string | null;
}

/** The kinds, with the ports their documentation gives. */
export const otherEngines: readonly OtherEngine[] = [
	{ id: 'ollama', name: 'Ollama', address: 'http://127.0.0.1:11434', proof: '/api/version' },
	{ id: 'lmstudio', name: 'LM Studio', address: 'http://127.0.0.1:1234', proof: null },
	{ id: 'llamacpp', name: 'llama.cpp server', address: 'http://127.0.0.1:8080', proof: '/props' },
	{ id: 'vllm', name: 'vLLM', address: 'http://127.0.0.1:8000', proof: '/version' },
];

/** An engine that answered. `models` are names as `classify --model` takes them. */
export interface FoundEngine {
	id: string;
	name: string;
	address: string;
	/** null where the engine does not tell. */
	version: string | null;
	/** False while it is still loading its model. */
	ready: boolean;
	models: string[];
}

const modelsSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })).nullish() });
const proofSchema = z.looseObject({ version: z.string().optional(), build_info: z.string().optional() });

const probeMs = 1_000;

interface OtherEnginesOptions {
	fetch: typeof globalThis.fetch;
	engines?: readonly OtherEngine[];
}

/** Asks the machine's other engines. */
export class OtherEngines {
	readonly #fetch: typeof globalThis.fetch;
	readonly #engines: readonly OtherEngine[];

	constructor({ fetch, engines = otherEngines }: OtherEnginesOptions) {
		this.#fetch = fetch;
		this.#engines = engines;
	}

	/** JSON of a path, `loading` for 503, null for anything else or nobody. */
	async #ask<T>(address: string, schema: z.ZodType<T>, signal: AbortSignal | undefined): Promise<T | 'loading' | null> {
		const limit = AbortSignal.timeout(probeMs);
		try {
			const reply = await this.#fetch(address, {
				signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
				redirect: 'error',
			});
			if (reply.status === 503) {
				await reply.body?.cancel();
				return 'loading';
			}
			const parsed = reply.ok ? schema.safeParse(await reply.json()) : null;
			if (!reply.ok) await reply.body?.cancel();
			return parsed?.success ? parsed.data : null;
		} catch {
			signal?.throwIfAborted();
			return null; // nobody there, or somebody else: as good as not there
		}
	}

	async #probe(
		{ id, name, address, proof }: OtherEngine,
		signal: AbortSignal | undefined,
	): Promise<FoundEngine | null> {
		const shown = proof === null ? {} : await this.#ask(`${address}${proof}`, proofSchema, signal);
		if (shown === null) return null;
		if (shown === 'loading') return { id, name, address, version: null, ready: false, models: [] };
		const list = await this.#ask(`${address}/v1/models`, modelsSchema, signal);
		if (list === null) return null;
		const models = list === 'loading' ? [] : (list.data ?? []).map((model) => `${id}/${model.id}`);
		return { id, name, address, version: shown.version ?? shown.build_info ?? null, ready: list !== 'loading', models };
	}

	/** Every engine that answers, within a second. */
	async look(signal?: AbortSignal): Promise<FoundEngine[]> {
		const found = await Promise.all(this.#engines.map((engine) => this.#probe(engine, signal)));
		return found.filter((engine) => engine !== null);
	}

	/**
	 * The engine and facts of a model named `<engine>/<model>`; null when the name does not begin with an engine's. Throws
	 * `engine_missing` when that engine does not answer or does not have the model.
	 */
	async find(name: string, signal?: AbortSignal): Promise<{ engine: Engine; facts: ModelFacts } | null> {
		const kind = this.#engines.find(({ id }) => name.startsWith(`${id}/`));
		if (kind === undefined) return null;
		const found = await this.#probe(kind, signal);
		if (found === null || !found.ready) {
			const state = found === null ? 'does not answer' : 'is still loading its model';
			throw new Failure('engine_missing', `${kind.name} ${state} at ${kind.address}.`);
		}
		if (!found.models.includes(name)) {
			throw new Failure(
				'model_not_installed',
				`${kind.name} has no model "${quoted(name.slice(kind.id.length + 1))}".`,
			);
		}
		const engine = new HttpEngine({
			name,
			model: name.slice(kind.id.length + 1),
			address: kind.address,
			fetch: this.#fetch,
		});
		return { engine, facts: engine.facts };
	}
}
