// The part of node-llama-cpp that we use, as interfaces: the package is optional and may not be there.

/** The number of a token. */
export type Token = number;

/** A text with marks of its own kept apart from what people wrote, as a chat template makes it. */
interface MarkedText {
	tokenize(tokenizer: unknown): Token[];
}

interface History {
	chatHistory: readonly object[];
}

export interface ChatWrapper {
	generateContextState(history: History): { contextText: MarkedText };
}

interface Embedding {
	readonly vector: readonly number[];
}

export interface EmbeddingContext {
	/** Tokens that would be read for these, the model's own marks among them. */
	calculateInputLength(tokens: readonly Token[]): number;
	getEmbeddingFor(tokens: readonly Token[]): Promise<Embedding>;
}

export interface RankingContext {
	/** Tokens that would be read for these two, the model's own marks among them. */
	calculateInputLength(query: readonly Token[], document: readonly Token[]): number;
	/** The probability that the document belongs to the query. */
	rank(query: readonly Token[], document: readonly Token[]): Promise<number>;
}

interface Next {
	logits?: ReadonlyMap<Token, number>;
	totalLogitWeight?: number;
}

/** One conversation in a context. */
export interface Sequence {
	/** How many tokens it holds. */
	readonly nextTokenIndex: number;
	/** Forgets everything behind the part that it has in common with these tokens. */
	adaptStateToTokens(tokens: readonly Token[], allowShift?: boolean): Promise<void>;
	controlledEvaluate(input: readonly (Token | [Token, object])[]): Promise<readonly ({ next: Next } | undefined)[]>;
	evaluate(tokens: readonly Token[], options: Readonly<Record<string, unknown>>): AsyncGenerator<Token, void, void>;
}

interface Context {
	getSequence(): Sequence;
}

export interface LoadedGguf {
	readonly tokenizer: unknown;
	readonly fileInfo: { readonly metadata: Readonly<Record<string, unknown>> };
	tokenize(text: string, specialTokens: boolean, options?: 'trimLeadingSpace'): Token[];
	detokenize(tokens: readonly Token[]): string;
	createContext(options: object): Promise<Context>;
	createEmbeddingContext(options: object): Promise<EmbeddingContext>;
	/** Throws for a file without weights that rank. */
	createRankingContext(options: object): Promise<RankingContext>;
}

export interface Llama {
	loadModel(options: object): Promise<LoadedGguf>;
	createGrammarForJsonSchema(schema: object): Promise<unknown>;
}

/** The library's exports. */
export interface LlamaLibrary {
	getLlama(options: object): Promise<Llama>;
	JinjaTemplateChatWrapper: new (options: { template: string; tokenizer: unknown }) => ChatWrapper;
	LlamaGrammarEvaluationState: new (options: { model: LoadedGguf; grammar: unknown }) => object;
}
