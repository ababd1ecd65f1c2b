// The socket that every way of running a model fits: this process's own children, and engines that already run here.
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import type { Pooling } from '#lib/core/pooling.ts';
import type { ModelKind } from '#lib/core/tables/named-models.ts';
import type { ChosenText, EmbeddedText, PairedText } from '#lib/server/engine/messages.ts';

/** What a model is and where it lies. */
export interface ModelInfo {
	name: string;
	type: ModelKind;
	/** Bytes of the files that are loaded; null for a model of another engine that does not tell. */
	size: number | null;
	/** Folder on this machine, or the address of the engine that has it. */
	path: string;
	loaded: boolean;
	metadata: {
		/** ISO time; left out where nobody noted it. */
		downloadedAt?: string;
		/** Commit of the files; null when they have none. */
		version: string | null;
		/** SHA-256 of the weights; null when it is not known without reading them. */
		checksum: string | null;
		dtype: string | null;
		license: string | null;
	};
}

/** How texts become vectors. */
export interface EmbedOptions {
	prefix: string;
	pooling: Pooling;
	maxTokens: number;
	mostChunks: number;
	signal?: AbortSignal | undefined;
}

export interface PairOptions {
	hypotheses: readonly string[];
	maxTokens: number;
	mostChunks: number;
	signal?: AbortSignal | undefined;
}

export interface ChooseOptions {
	letters: readonly string[];
	maxTokens: number;
	signal?: AbortSignal | undefined;
}

export interface CompleteOptions {
	/** 256 when left out. */
	maxTokens?: number;
	/** 0 when left out: always the likeliest. */
	temperature?: number;
	/** JSON schema that the answer shall meet, for engines that can hold a model to one. */
	schema?: object;
	signal?: AbortSignal | undefined;
}

/** An answer in words. */
export interface Completion {
	text: string;
	promptTokens: number | null;
	tokens: number | null;
	/** Did the model end by itself? */
	isComplete: boolean;
}

/** A piece of an answer while it is written. Counts are of everything so far; null where the engine does not tell. */
export interface WrittenPiece {
	text: string;
	promptTokens: number | null;
	tokens: number | null;
}

/**
 * One model that can be used. Every verb loads what is needed first. An engine that cannot do something throws
 * `unsupported_operation`; `model_crashed`, `model_timeout` and `not_enough_memory` tell what went wrong in the engine.
 */
export interface Engine {
	readonly modelType: ModelKind;
	/** Folder or address; see `ModelInfo.path`. */
	readonly modelPath: string;
	readonly isLoaded: boolean;
	load(signal?: AbortSignal): Promise<void>;
	unload(): Promise<void>;
	embed(text: string, options: EmbedOptions): Promise<EmbeddedText>;
	/** Logits of a text with every hypothesis (NLI and rerankers). */
	score(text: string, options: PairOptions): Promise<PairedText>;
	/** Log-probabilities of letters as the next token of a conversation; null where the engine does not tell them. */
	choose(messages: readonly ChatMessage[], options: ChooseOptions): Promise<ChosenText | null>;
	complete(prompt: string | readonly ChatMessage[], options?: CompleteOptions): Promise<Completion>;
	/**
	 * The same piece by piece as the model writes it; the pieces put together are the text of the completion. A reader who
	 * leaves stops the model, and so does the signal, whose reason is thrown at once.
	 */
	write(
		prompt: string | readonly ChatMessage[],
		options?: CompleteOptions,
	): AsyncGenerator<WrittenPiece, Completion, void>;
	getModelInfo(): ModelInfo;
}
