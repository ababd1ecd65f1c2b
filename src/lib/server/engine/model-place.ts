// What is known of a model on this machine before it is loaded: where its files lie, what runs them, and how it reads.
import type { PairLabels } from '#lib/core/classify-pairs.ts';
import type { Pooling } from '#lib/core/pooling.ts';
import type { ModelKind, NamedModel } from '#lib/core/tables/named-models.ts';

/** What runs a model's files: the library for ONNX, or llama.cpp for GGUF. */
export type ChildRuntime = 'onnx' | 'llama';

/** A model that can be loaded. */
export interface ModelPlace {
	/** The name it was asked for by. */
	name: string;
	kind: ModelKind;
	known: NamedModel | null;
	/** Folder with config.json; absolute. */
	folder: string;
	/** Folder inside which every file must really lie: the model's own in a cache, or `folder`. */
	root: string;
	revision: string | null;
	runtime: ChildRuntime;
	/** For GGUF files the quantization as their name says it, `q4_k_m`; `gguf` where it does not. */
	dtype: string;
	/**
	 * Folder of the weights below the model's own (`onnx` or empty), and their name without dtype and ending. For GGUF
	 * files the path of the (first) file below `folder`.
	 */
	subfolder: string;
	fileName: string;
	/** Bytes of the weights, external parts included, and every dtype that is here. */
	weightBytes: number;
	hasExternal: boolean;
	dtypes: string[];
	pooling: Pooling;
	prefix: string;
	maxTokens: number;
	temperature: number;
	labels: PairLabels | null;
	hiddenSize: number | null;
	vocabularySize: number | null;
	cacheBytesPerToken: number;
	/** SHA-256 of the weights where the cache names content by it; else null. */
	sha256: string | null;
	warnings: string[];
}

/** What a classification needs to know of a model, wherever it runs. */
export type ModelFacts = Pick<
	ModelPlace,
	'name' | 'kind' | 'prefix' | 'pooling' | 'maxTokens' | 'temperature' | 'labels' | 'warnings'
> & { revision: string | null; dtype: string | null };

/** A folder that a name led to. `sha256Of` gives the digest of a file where the cache knows it. */
export interface Ground {
	name: string;
	known: NamedModel | null;
	folder: string;
	root: string;
	/** The one file that was named, below `folder`; left out for a whole folder. */
	file?: string;
	revision: string | null;
	sha256Of: (path: string) => string | null;
}
