// What the server and the process that runs a model say to each other.
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import type { Pooling } from '#lib/core/pooling.ts';
import type { ChildRuntime } from '#lib/server/engine/model-place.ts';

/** What the child needs to load a model. Paths are absolute. */
export interface LoadOrder {
	/** Address of the inference library's entry file. */
	library: string;
	runtime: ChildRuntime;
	/** Folder with config.json, the tokenizer and the weights. */
	folder: string;
	kind: 'embedding' | 'pair' | 'causal';
	dtype: string;
	/** Folder of the weights below the model's own; empty for none. */
	subfolder: string;
	/** Name of the weights without dtype and ending, `model` as a rule; for GGUF the path of the file. */
	fileName: string;
	threads: number;
	/** Most tokens that are read at once; how much room llama.cpp makes for a conversation. */
	maxTokens: number;
}

/** Facts of a loaded model that only loading tells. */
export interface Loaded {
	/** Bytes that the child occupies, before and after. */
	rssBefore: number;
	rssAfter: number;
	/** Does a causal model take the keys and values of earlier tokens? */
	hasCache: boolean;
}

/** Texts to turn into vectors, one vector for each piece of each text. */
export interface EmbedWork {
	texts: readonly string[];
	prefix: string;
	pooling: Pooling;
	maxTokens: number;
	mostChunks: number;
}

/** The vectors of one text's pieces, and how many tokens each of them has. */
export interface EmbeddedText {
	vectors: Float32Array[];
	weights: number[];
	tokens: number;
	truncated: boolean;
}

/** Texts to judge against every one of the hypotheses. */
export interface PairWork {
	texts: readonly string[];
	hypotheses: readonly string[];
	maxTokens: number;
	mostChunks: number;
}

/** Logits by piece, hypothesis and output. */
export interface PairedText {
	logits: number[][][];
	tokens: number;
	truncated: boolean;
}

/** Conversations whose next token shall be one of the letters. */
export interface ChooseWork {
	prompts: readonly ChatMessage[][];
	letters: readonly string[];
	maxTokens: number;
}

/** Log-probability of each letter among all tokens, and the probability of everything else. */
export interface ChosenText {
	logProbabilities: number[];
	offOptionMass: number;
	tokens: number;
}

/** A conversation to go on with. */
export interface GenerateWork {
	messages: readonly ChatMessage[];
	maxTokens: number;
	/** 0: always the likeliest token. */
	temperature: number;
	/** JSON schema that the text is held to, where the runtime can. */
	schema?: object;
	/** Is the text told piece by piece while it is written? */
	streams?: boolean;
}

/** What a model has written since the last piece. Counts are of the whole conversation so far. */
export interface Piece {
	text: string;
	promptTokens: number;
	tokens: number;
}

export interface GeneratedText {
	text: string;
	promptTokens: number;
	tokens: number;
	/** Did the model end by itself? */
	isComplete: boolean;
}

/** A library to start before any model is known. */
export interface PrepareOrder {
	library: string;
	runtime: ChildRuntime;
}

/** What became of it. `isWarm`: was a little model loaded to get over what is slow the first time? */
export interface Prepared {
	rssAfter: number;
	isWarm: boolean;
}

/** One order with its answer's type, by name. */
export interface Works {
	prepare: { order: PrepareOrder; answer: Prepared };
	load: { order: LoadOrder; answer: Loaded };
	embed: { order: EmbedWork; answer: EmbeddedText[] };
	pair: { order: PairWork; answer: PairedText[] };
	choose: { order: ChooseWork; answer: ChosenText[] };
	generate: { order: GenerateWork; answer: GeneratedText };
}

export type WorkName = keyof Works;

/** Server → child. */
export type ToChild =
	{ [N in WorkName]: { id: number; name: N; order: Works[N]['order'] } }[WorkName] | { id: number; name: 'stop' };

/** What a child is at: each has its own limit of time, and its own name for failing. */
export type Stage = 'library' | 'tokenizer' | 'weights' | 'template' | 'tokenize' | 'run';

/** Child → server. `peak` is the largest size of the child so far, in bytes. */
export type FromChild =
	| { id: number; stage: Stage }
	| { id: number; piece: Piece }
	| { id: number; answer: unknown; peak: number }
	| { id: number; failed: { code: string; message: string } };
