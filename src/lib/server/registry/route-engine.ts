// A tier or candidate of the registry file as an engine, for those who sort texts: each question goes the way of every request.
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { inputTokens, outputTokens } from '#lib/core/registry/price.ts';
import { sumCosts } from '#lib/core/registry/record.ts';
import { answerIn } from '#lib/core/registry/usage.ts';
import type { Completion, CompleteOptions, Engine, ModelInfo, WrittenPiece } from '#lib/server/engine/engine.ts';
import type { Engines, UseOptions } from '#lib/server/engine/engines.ts';
import { lent, type HeldModel } from '#lib/server/engine/held-model.ts';
import type { ModelFacts } from '#lib/server/engine/model-place.ts';
import type { Registry } from '#lib/server/registry/registry.ts';
import type { Router } from '#lib/server/registry/router.ts';

/** Tokens of a text and its question that are sent at most. */
const mostTokens = 4096;

interface RouteOptions {
	/** `tier:fast`, `lab/model-a`. */
	spec: string;
	router: Pick<Router, 'run'>;
	user: string | null;
}

/** Answers in words alone: how sure it is, nobody tells. */
class RouteEngine implements Engine {
	readonly modelType = 'instruction';
	readonly isLoaded = true;
	readonly #options: RouteOptions;
	#costs: (number | null)[] = [];

	constructor(options: RouteOptions) {
		this.#options = options;
	}

	get modelPath(): string {
		return this.#options.spec;
	}

	/** Nano-dollars of all questions so far; null as soon as the price of one is unknown. */
	get cost(): number | null {
		return sumCosts(this.#costs);
	}

	get facts(): ModelFacts {
		const { spec: name } = this.#options;
		const reading = { prefix: '', pooling: 'mean', maxTokens: mostTokens, temperature: 1, labels: null } as const;
		return { name, kind: 'instruction', ...reading, revision: null, dtype: null, warnings: [] };
	}

	async load(): Promise<void> {}

	async unload(): Promise<void> {}

	async embed(): Promise<never> {
		throw new Failure('unsupported_operation', 'A route is asked in words, not for vectors.');
	}

	async score(): Promise<never> {
		throw new Failure('unsupported_operation', 'A route does not compare pairs of texts.');
	}

	/** Who answers behind a route may change from one question to the next: no letters are weighed. */
	async choose(): Promise<null> {
		return null;
	}

	async complete(prompt: string | readonly ChatMessage[], options: CompleteOptions = {}): Promise<Completion> {
		const writing = this.write(prompt, options);
		for (;;) {
			const step = await writing.next();
			if (step.done === true) return step.value;
		}
	}

	async *write(
		prompt: string | readonly ChatMessage[],
		options: CompleteOptions = {},
	): AsyncGenerator<WrittenPiece, Completion, void> {
		const { maxTokens = 256, temperature = 0, signal = new AbortController().signal } = options;
		const { spec, router, user } = this.#options;
		const messages = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
		const body = { messages, max_tokens: maxTokens, temperature };
		const asked = { spec, operation: 'chat', body, user, key: null, wantsStream: false } as const;
		const { events, done } = await router.run({ ...asked, options: { tags: ['classify'] } }, signal);
		let text = '';
		for await (const event of events) {
			const piece =
				event.type === 'chunk' ? answerIn(event.chunk) : event.type === 'reply' ? answerIn(event.reply) : '';
			text += piece;
			if (piece !== '') yield { text: piece, promptTokens: null, tokens: null };
		}
		const { usage, cost } = await done;
		this.#costs.push(cost.total);
		return {
			text,
			promptTokens: usage === null ? null : inputTokens(usage),
			tokens: usage === null ? null : outputTokens(usage),
			isComplete: true,
		};
	}

	getModelInfo(): ModelInfo {
		const metadata = { version: null, checksum: null, dtype: null, license: null };
		return { name: this.modelPath, type: 'instruction', size: null, path: this.modelPath, loaded: true, metadata };
	}
}

/**
 * The spec that a person means by `--provider`, alone or with `--model` as the provider's model; null where it is the name
 * of a model of this machine, or `local`. Throws `usage` for a provider that is not there, and what planning throws for a
 * tier or experiment that is not.
 */
export function routeOf(
	{ model, provider }: { model?: string | undefined; provider?: string | undefined },
	registry: Pick<Registry, 'config' | 'plan'>,
	user: string | null,
): string | null {
	if (provider === undefined) return null;
	const { providers } = registry.config;
	if (model !== undefined) {
		if (Object.hasOwn(providers, provider)) return `${provider}/${model}`;
		if (provider === 'local') return null;
		const names = Object.keys(providers);
		const known = names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`;
		throw new Failure('usage', `The registry file has no provider "${quoted(provider)}"; ${known}.`);
	}
	if (/^(tier|user):/.test(provider)) return registry.plan(provider, { user }) && provider;
	const slash = provider.indexOf('/');
	return slash > 0 && Object.hasOwn(providers, provider.slice(0, slash)) ? provider : null;
}

interface RoutedOptions {
	engines: Pick<Engines, 'acquire' | 'list' | 'check'>;
	router: Pick<Router, 'run'>;
	/** The specs that are routes; every other name is a model of this machine. */
	specs: readonly string[];
	user: string | null;
}

/** The engines of this machine, with routes of the registry file under their specs. */
export class RoutedEngines {
	readonly #engines: RoutedOptions['engines'];
	readonly #routes: ReadonlyMap<string, RouteEngine>;

	constructor({ engines, router, specs, user }: RoutedOptions) {
		this.#engines = engines;
		this.#routes = new Map(specs.map((spec) => [spec, new RouteEngine({ spec, router, user })]));
	}

	/** A route, or a model of this machine; throws as `Engines.acquire` does. */
	async acquire(name: string, options: UseOptions): Promise<HeldModel> {
		const engine = this.#routes.get(name);
		if (engine === undefined) return this.#engines.acquire(name, options);
		return { engine, facts: engine.facts, release: () => {} };
	}

	/** Does `work` with it and gives it back. */
	async use<T>(name: string, options: UseOptions, work: (held: HeldModel) => Promise<T>): Promise<T> {
		return lent(await this.acquire(name, options), work);
	}

	/** Models of this machine that are loaded. */
	list() {
		return this.#engines.list();
	}

	/** Throws what `acquire` would throw, without loading anything. */
	async check(name: string, options: UseOptions): Promise<void> {
		if (!this.#routes.has(name)) await this.#engines.check(name, options);
	}

	/** Is one of them a route? */
	get hasRoutes(): boolean {
		return this.#routes.size > 0;
	}

	/** Nano-dollars that routes have cost so far; null where a price is unknown. */
	get cost(): number | null {
		return sumCosts([...this.#routes.values()].map(({ cost }) => cost));
	}
}
