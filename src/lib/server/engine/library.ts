// The part of @huggingface/transformers that we use, as interfaces: the package is optional and may not be there.

/** A list of numbers with a shape. */
export interface Tensor {
	readonly dims: readonly number[];
	readonly data: ArrayLike<number> | ArrayLike<bigint>;
	dispose(): void;
}

/** What a tokenizer gives without tensors: one row per text. */
export interface Encoded {
	input_ids: number[];
	token_type_ids?: number[];
}

export interface Tokenizer {
	(text: string, options: TokenizerOptions): Encoded;
	/** The tokens alone: a third of the time that the whole answer takes. */
	encode(text: string, options: { add_special_tokens: boolean }): number[];
	readonly pad_token_id: number | null | undefined;
	readonly chat_template: unknown;
	apply_chat_template(
		messages: readonly object[],
		options: { tokenize: false; add_generation_prompt: boolean },
	): string;
	/** Throws for no tokens at all. */
	decode(
		ids: readonly number[],
		options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
	): string;
}

interface TokenizerOptions {
	text_pair?: string;
	add_special_tokens?: boolean;
	return_tensor: false;
	return_token_type_ids?: boolean;
}

export interface Stopping {
	interrupt(): void;
}

/** Hears the tokens of a generation, a list for each text of the batch: those of the question first. */
export interface Streamer {
	put(tokens: readonly (readonly bigint[])[]): void;
	end(): void;
}

export interface Model {
	(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor | undefined>>>;
	readonly sessions: Readonly<Record<string, { readonly inputNames: readonly string[] } | undefined>>;
	generate(options: Readonly<Record<string, unknown>>): Promise<Tensor>;
	dispose(): Promise<unknown>;
}

interface Loader<T> {
	from_pretrained(name: string, options: Readonly<Record<string, unknown>>): Promise<T>;
}

/** The library's exports. */
export interface Library {
	env: {
		allowRemoteModels: boolean;
		allowLocalModels: boolean;
		localModelPath: string;
		useFSCache: boolean;
		useBrowserCache: boolean;
	};
	Tensor: new (type: string, data: BigInt64Array, dims: readonly number[]) => Tensor;
	InterruptableStoppingCriteria: new () => Stopping;
	AutoTokenizer: Loader<Tokenizer>;
	AutoModel: Loader<Model>;
	AutoModelForSequenceClassification: Loader<Model>;
	AutoModelForCausalLM: Loader<Model>;
}
