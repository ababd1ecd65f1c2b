// A model in a child process of ours: the socket over ONNX or GGUF files on this machine.
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import { Batcher } from '#lib/server/engine/batcher.ts';
import type * as Socket from '#lib/server/engine/engine.ts';
import type { ChosenText, EmbeddedText, GenerateWork, Loaded, PairedText, Stage } from '#lib/server/engine/messages.ts';
import { ModelProcess } from '#lib/server/engine/model-process.ts';
import type { ModelPlace } from '#lib/server/engine/model-place.ts';
import type { FindRuntime } from '#lib/server/engine/runtime-library.ts';
import type { SpareProcess } from '#lib/server/engine/spare-process.ts';
import { told } from '#lib/server/engine/told.ts';

interface ChildEngineOptions {
	place: ModelPlace;
	clock: Clock;
	library: FindRuntime;
	/** Folder in which children run. */
	folder: string;
	/** Threads of one inference. */
	threads: number;
	limits?: Partial<Record<Stage, number>>;
	/** Where a process may wait that has the library already. */
	spare?: Pick<SpareProcess, 'take'>;
}

const childKinds = { embedding: 'embedding', nli: 'pair', reranker: 'pair', instruction: 'causal' } as const;

/** Crashes within this time after which a model is not started again by itself, and the pauses between starts. */
const crashWindowMs = 5 * 60_000;
const mostCrashes = 3;

/** One model, loaded on demand. A crash fails the work at hand; the next work starts a new process. */
export class ChildEngine implements Socket.Engine {
	readonly #options: ChildEngineOptions;
	readonly #embedders = new Map<string, Batcher<EmbeddedText>>();
	readonly #scorers = new Map<string, Batcher<PairedText>>();
	#process: ModelProcess | null = null;
	#loading: Promise<Loaded> | null = null;
	#crashes: number[] = [];
	/** What loading told; null while nothing is loaded. */
	loaded: Loaded | null = null;

	constructor(options: ChildEngineOptions) {
		this.#options = options;
	}

	get modelType() {
		return this.#options.place.kind;
	}

	get modelPath(): string {
		return this.#options.place.folder;
	}

	get isLoaded(): boolean {
		return this.loaded !== null;
	}

	/** Number of the child; null when there is none. */
	get pid(): number | null {
		return this.#process?.pid ?? null;
	}

	/** Largest size of the child so far, in bytes. */
	get peakBytes(): number {
		return this.#process?.peakBytes ?? 0;
	}

	/** Starts the child and loads the model. Callers at the same time share one start; a failed one is not remembered. */
	async load(signal?: AbortSignal): Promise<void> {
		signal?.throwIfAborted();
		this.#loading ??= this.#start().catch((error: unknown) => {
			this.#loading = null;
			throw error;
		});
		await this.#loading;
		signal?.throwIfAborted();
	}

	async #start(): Promise<Loaded> {
		const { place, clock, library, threads } = this.#options;
		this.#crashes = this.#crashes.filter((at) => clock.ticks() - at < crashWindowMs);
		if (this.#crashes.length >= mostCrashes) {
			throw new Failure(
				'model_crashed',
				`${place.name} crashed ${mostCrashes} times within five minutes and is left alone for now.`,
			);
		}
		const found = library(place.runtime);
		const child = this.#begin(found);
		this.#process = child;
		const { runtime, folder, fileName, subfolder, dtype, maxTokens } = place;
		const kind = childKinds[place.kind];
		const files = { folder, kind, dtype, subfolder, fileName };
		const order = { library: found, runtime, ...files, threads, maxTokens };
		try {
			this.loaded = await child.ask('load', order);
			return this.loaded;
		} catch (error) {
			await child.end();
			throw error;
		}
	}

	#begin(library: string): ModelProcess {
		const { clock, folder, limits, spare } = this.#options;
		const waiting = limits === undefined ? spare?.take(library, (child) => this.#gone(child)) : null;
		if (waiting != null) return waiting;
		const child: ModelProcess = new ModelProcess({
			clock,
			folder,
			...(limits === undefined ? {} : { limits }),
			onEnd: () => this.#gone(child),
		});
		return child;
	}

	#gone(child: ModelProcess): void {
		if (this.#process !== child) return;
		this.#process = null;
		this.#loading = null;
		this.loaded = null;
		this.#crashes.push(this.#options.clock.ticks());
	}

	/** Ends the child; resolves when it is gone. */
	async unload(): Promise<void> {
		const child = this.#process;
		this.#process = null;
		this.#loading = null;
		this.loaded = null;
		await child?.end();
	}

	async #child(): Promise<ModelProcess> {
		if (this.loaded === null) await this.load();
		if (this.#process === null) throw new Failure('model_crashed', 'The process of the model has ended.');
		return this.#process;
	}

	#must(kinds: readonly string[], what: string): void {
		const { kind, name } = this.#options.place;
		if (!kinds.includes(kind))
			throw new Failure('unsupported_operation', `${name} is of the kind ${kind} and cannot ${what}.`);
	}

	async embed(text: string, { signal, ...work }: Socket.EmbedOptions): Promise<EmbeddedText> {
		this.#must(['embedding'], 'make vectors of texts');
		const key = JSON.stringify(work);
		const run = async (texts: readonly string[], left: AbortSignal | undefined) =>
			(await this.#child()).ask('embed', { texts, ...work }, { signal: left });
		return batcher(this.#embedders, key, run).ask(text, signal);
	}

	async score(text: string, { signal, ...work }: Socket.PairOptions): Promise<PairedText> {
		this.#must(['nli', 'reranker'], 'compare texts with descriptions');
		const key = JSON.stringify(work);
		const run = async (texts: readonly string[], left: AbortSignal | undefined) =>
			(await this.#child()).ask('pair', { texts, ...work }, { signal: left });
		return batcher(this.#scorers, key, run).ask(text, signal);
	}

	async choose(
		messages: readonly ChatMessage[],
		{ signal, ...work }: Socket.ChooseOptions,
	): Promise<ChosenText | null> {
		this.#must(['instruction'], 'answer questions');
		const [chosen] = await (await this.#child()).ask('choose', { prompts: [[...messages]], ...work }, { signal });
		return chosen ?? null;
	}

	async complete(
		prompt: string | readonly ChatMessage[],
		options: Socket.CompleteOptions = {},
	): Promise<Socket.Completion> {
		this.#must(['instruction'], 'write text');
		return (await this.#child()).ask('generate', workOf(prompt, options), { signal: options.signal });
	}

	async *write(
		prompt: string | readonly ChatMessage[],
		options: Socket.CompleteOptions = {},
	): AsyncGenerator<Socket.WrittenPiece, Socket.Completion, void> {
		this.#must(['instruction'], 'write text');
		const child = await this.#child();
		const work = { ...workOf(prompt, options), streams: true };
		return yield* told<Socket.WrittenPiece, Socket.Completion>(
			(hear, signal) => child.ask('generate', work, { signal, hear }),
			options.signal,
		);
	}

	getModelInfo(): Socket.ModelInfo {
		const { name, kind, weightBytes, folder, revision, sha256, dtype, known } = this.#options.place;
		const metadata = { version: revision, checksum: sha256, dtype, license: known?.license ?? null };
		return { name, type: kind, size: weightBytes, path: folder, loaded: this.isLoaded, metadata };
	}
}

function workOf(prompt: string | readonly ChatMessage[], options: Socket.CompleteOptions): GenerateWork {
	const { maxTokens = 256, temperature = 0, schema } = options;
	const messages = typeof prompt === 'string' ? [{ role: 'user' as const, content: prompt }] : prompt;
	return { messages, maxTokens, temperature, ...(schema === undefined ? {} : { schema }) };
}

/** Batchers that may be kept, one for each way of asking. */
const mostBatchers = 32;

function batcher<T>(
	all: Map<string, Batcher<T>>,
	key: string,
	run: (texts: readonly string[], left: AbortSignal | undefined) => Promise<T[]>,
): Batcher<T> {
	const found = all.get(key) ?? new Batcher<T>({ run });
	all.delete(key);
	all.set(key, found);
	const [oldest] = all.keys();
	if (all.size > mostBatchers && oldest !== undefined) all.delete(oldest);
	return found;
}
