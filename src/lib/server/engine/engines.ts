// The models that are loaded: brought in when asked for, kept while used, let go by age when others need the memory.
import { mayLoad } from '#lib/core/engine-memory.ts';
import { Failure, toFailure, type FailureCode } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { ModelKind, NamedModel } from '#lib/core/tables/named-models.ts';
import type { Clock } from '#lib/server/clock.ts';
import { Bell } from '#lib/server/engine/bell.ts';
import { ChildEngine } from '#lib/server/engine/child-engine.ts';
import { lent, type HeldModel } from '#lib/server/engine/held-model.ts';
import type { FoundEngine, OtherEngines } from '#lib/server/engine/other-engines.ts';
import type { ModelPlace } from '#lib/server/engine/model-place.ts';
import { needFailure, needOf } from '#lib/server/engine/model-need.ts';
import { tellingFailure, type KnownModelState, type LoadedModel } from '#lib/server/engine/model-states.ts';
import type { FindRuntime } from '#lib/server/engine/runtime-library.ts';
import { SpareProcess } from '#lib/server/engine/spare-process.ts';
import type { ModelPlaces } from '#lib/server/engine/places.ts';

export interface UseOptions {
	dtype?: string | null;
	/** May the name be a folder on this machine? */
	allowFolder?: boolean;
	/** A folder that holds a folder per model. */
	store?: string | null;
	/** Load even where memory seems too little. */
	force?: boolean;
	signal?: AbortSignal | undefined;
}

interface EnginesOptions {
	places: Pick<ModelPlaces, 'find'>;
	others: OtherEngines;
	clock: Clock;
	library: FindRuntime;
	folder: string;
	threads: number;
	/** Bytes that are available now. */
	availableBytes: () => number;
	/** Bytes that all loaded models may take together. */
	capBytes: number;
	/** Models that may be loaded at the same time; null for as many as fit. */
	mostModels?: number | null;
	/** Milliseconds after which an unused model is let go. */
	idleMs?: number;
	/** Keep a process in waiting for the next model while one is loaded? Not for a short command. */
	keepsSpare?: boolean;
	/** Called for every model that is here and could not be loaded, with the failure's code. */
	onLoadFailure?: (name: string, code: FailureCode) => void;
}

interface Entry {
	place: ModelPlace;
	engine: ChildEngine;
	needBytes: number;
	uses: number;
	isPinned: boolean;
	lastUse: number;
	cancelIdle: () => void;
}

/** What a process with the library takes, with room above the 115 MB measured on Linux; one is kept only where it fits. */
const spareBytes = 200 * 2 ** 20;

/** Keeper of loaded models. A model in use or pinned is never let go. */
export class Engines {
	readonly #options: EnginesOptions;
	/** By files and dtype, least recently used first. */
	readonly #entries = new Map<string, Entry>();
	/** Bytes that a model took when it was loaded before. */
	readonly #measured = new Map<string, number>();
	/** Rung when a model is used by one less. */
	readonly #bell = new Bell();
	readonly #spare: SpareProcess;
	#admission: Promise<unknown> = Promise.resolve();
	#isClosed = false;

	constructor(options: EnginesOptions) {
		this.#options = options;
		this.#spare = new SpareProcess(options);
	}

	/**
	 * A model to work with, loaded when it was not yet; it stays loaded until `release` and a while after. Throws what
	 * `ModelPlaces.find` throws, `not_enough_memory`, and what the engine throws.
	 */
	acquire(name: string, options: UseOptions): Promise<HeldModel> {
		return tellingFailure(this.#acquire(name, options), (code) => this.#options.onLoadFailure?.(name, code));
	}

	async #acquire(name: string, options: UseOptions): Promise<HeldModel> {
		const other = await this.#options.others.find(name, options.signal);
		if (other !== null) return { ...other, release: () => {} };
		const place = await this.#options.places.find(name, options);
		this.#options.library(place.runtime); // said before memory is made free for it
		const key = [place.folder, place.fileName, place.dtype].join('|');
		const entry = this.#entries.get(key) ?? this.#add(key, place);
		entry.uses += 1;
		entry.cancelIdle();
		let isHeld = true;
		const release = () => {
			if (!isHeld) return;
			isHeld = false;
			entry.uses -= 1;
			this.#rest(key, entry);
		};
		try {
			await this.#loaded(key, entry, options);
		} catch (error) {
			release();
			throw error;
		}
		return { engine: entry.engine, facts: { ...place, name: place.known?.name ?? name }, release };
	}

	/** The kind of a model. Throws what `acquire` would throw for one that cannot be found or used, without loading it. */
	async check(name: string, options: UseOptions): Promise<ModelKind> {
		const other = await this.#options.others.find(name, options.signal);
		if (other !== null) return other.facts.kind;
		const { kind, runtime } = await this.#options.places.find(name, options);
		this.#options.library(runtime);
		return kind;
	}

	/** Which of these models are here, and why the others are not. */
	known(models: readonly NamedModel[]): Promise<KnownModelState[]> {
		return Promise.all(
			models.map(async ({ name, kind, id, license, locked }) => {
				const state = { name, kind, id, license, locked };
				try {
					const { dtype, weightBytes, revision } = await this.#options.places.find(name);
					return { ...state, installed: true, problem: null, dtype, bytes: weightBytes, revision };
				} catch (error) {
					const { code, message } = toFailure(error);
					const problem = { code, message };
					return { ...state, installed: false, problem, dtype: null, bytes: null, revision: null };
				}
			}),
		);
	}

	/** Does `work` with a model and gives it back. */
	async use<T>(name: string, options: UseOptions, work: (held: HeldModel) => Promise<T>): Promise<T> {
		return lent(await this.acquire(name, options), work);
	}

	#add(key: string, place: ModelPlace): Entry {
		const { clock, library, folder, threads } = this.#options;
		const engine = new ChildEngine({ place, clock, library, folder, threads, spare: this.#spare });
		const needBytes = this.#measured.get(key) ?? needOf(place);
		const entry = { place, engine, needBytes, uses: 0, isPinned: false, lastUse: clock.ticks(), cancelIdle: () => {} };
		this.#entries.set(key, entry);
		return entry;
	}

	/** Using a model makes it the most recently used one. */
	#rest(key: string, entry: Entry): void {
		entry.lastUse = this.#options.clock.ticks();
		if (this.#entries.get(key) === entry) {
			this.#entries.delete(key);
			if (entry.engine.isLoaded || entry.uses > 0) this.#entries.set(key, entry);
		}
		this.#bell.ring();
		if (entry.uses > 0 || this.#isClosed) return;
		entry.cancelIdle = this.#options.clock.after(this.#idleMs, () => {
			if (entry.uses === 0 && !entry.isPinned) void this.#let(key, entry);
		});
	}

	async #let(key: string, entry: Entry): Promise<void> {
		entry.cancelIdle();
		if (this.#entries.get(key) === entry) this.#entries.delete(key);
		await entry.engine.unload();
		if (this.#entries.size === 0) this.#spare.dropAfter(this.#idleMs);
	}

	get #idleMs(): number {
		return this.#options.idleMs ?? 5 * 60_000;
	}

	async #loaded(key: string, entry: Entry, { force = false, signal }: UseOptions): Promise<void> {
		if (entry.engine.isLoaded) return;
		// One after the other: two loads that each see the same free memory could take it twice.
		const turn = this.#admission.then(async () => {
			if (entry.engine.isLoaded) return;
			await this.#admit(key, entry, force, signal);
			await entry.engine.load(signal);
			const { loaded } = entry.engine;
			if (loaded === null) return;
			this.#measured.set(key, loaded.rssAfter);
			entry.needBytes = loaded.rssAfter;
			this.#prepare(entry.place);
		});
		this.#admission = turn.catch(() => undefined); // whoever asked hears of it; the next in line does not
		await turn;
	}

	/** The next model that is loaded shall not wait for the library: a process starts it now, with the least priority. */
	#prepare({ runtime }: ModelPlace): void {
		const { keepsSpare = false, availableBytes, library } = this.#options;
		if (keepsSpare && !this.#isClosed && mayLoad(spareBytes, availableBytes()))
			void this.#spare.prepare(library(runtime), runtime);
	}

	/** Makes room, or throws. */
	async #admit(key: string, entry: Entry, force: boolean, signal: AbortSignal | undefined): Promise<void> {
		const { mostModels = null, capBytes, availableBytes } = this.#options;
		for (;;) {
			signal?.throwIfAborted();
			if (this.#isClosed) throw new Failure('engine_failed', 'The server is closing.');
			const others = [...this.#entries].filter(([other, { engine }]) => other !== key && engine.isLoaded);
			const used = others.reduce((sum, [, { needBytes }]) => sum + needBytes, 0);
			const isCrowded = mostModels !== null && others.length >= mostModels;
			const fits =
				mayLoad(entry.needBytes, availableBytes()) && (others.length === 0 || used + entry.needBytes <= capBytes);
			if (!isCrowded && (fits || (force && others.length === 0))) return;
			if (!mayLoad(entry.needBytes, availableBytes()) && (await this.#spare.drop())) continue;
			const oldest = others.find(([, { uses, isPinned }]) => uses === 0 && !isPinned);
			if (oldest !== undefined) await this.#let(...oldest);
			else if (others.some(([, { uses, isPinned }]) => uses > 0 && !isPinned)) await this.#bell.heard(signal);
			else if (force && !isCrowded) return;
			else throw this.#refusal(entry, isCrowded, availableBytes());
		}
	}

	#refusal({ place, needBytes }: Entry, isCrowded: boolean, available: number): Failure {
		if (isCrowded) return new Failure('engine_busy', 'As many models as may be loaded at the same time are pinned.');
		return needFailure(place, needBytes, available);
	}

	/** Number of the process that waits for the next model; null when none does. */
	get waitingPid(): number | null {
		return this.#spare.pid;
	}

	/** Every loaded model, least recently used first. */
	list(): LoadedModel[] {
		const now = this.#options.clock.ticks();
		return [...this.#entries.values()]
			.filter(({ engine }) => engine.isLoaded)
			.map(({ place, engine, uses, isPinned, lastUse }) => ({
				name: place.name,
				kind: place.kind,
				dtype: place.dtype,
				path: place.folder,
				pid: engine.pid,
				bytes: engine.loaded?.rssAfter ?? null,
				peak_bytes: engine.peakBytes === 0 ? null : engine.peakBytes,
				pinned: isPinned,
				uses,
				idle_seconds: uses > 0 ? 0 : Math.round((now - lastUse) / 1000),
			}));
	}

	/** Engines of others that answer on this machine now. */
	others(signal?: AbortSignal): Promise<FoundEngine[]> {
		return this.#options.others.look(signal);
	}

	#named(name: string): [string, Entry] {
		const found = [...this.#entries].find(([, { place, engine }]) => engine.isLoaded && place.name === name);
		if (found === undefined) throw new Failure('not_found', `The model "${quoted(name)}" is not loaded.`);
		return found;
	}

	/** Keeps a loaded model whatever others need, or no longer. Throws `not_found`. */
	pin(name: string, isPinned: boolean): void {
		const [key, entry] = this.#named(name);
		entry.isPinned = isPinned;
		if (!isPinned && entry.uses === 0) this.#rest(key, entry);
	}

	/** Ends a model's process. Throws `not_found`, or `engine_busy` while it is used. */
	async unload(name: string): Promise<void> {
		const [key, entry] = this.#named(name);
		if (entry.uses > 0) throw new Failure('engine_busy', `The model "${quoted(name)}" is at work.`);
		await this.#let(key, entry);
	}

	/** Ends every process; resolves when none is left. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await Promise.all([...this.#entries].map(([key, entry]) => this.#let(key, entry)));
		await this.#spare.drop();
		this.#bell.ring();
	}
}
