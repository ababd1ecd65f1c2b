// One call to one candidate: what goes in, what comes back piece by piece, and how it can fail, whatever the provider speaks.

/** What a caller asked of the OpenAI-compatible surface; the body keeps OpenAI's wire shape and unknown fields. */
export type Operation = 'chat' | 'completions' | 'embeddings';

/** One try at one candidate. `model` is the provider's own id (what stands after the first slash of a spec). */
export interface CandidateCall {
	operation: Operation;
	model: string;
	/** the caller's body in OpenAI's wire shape; `model` and `stream` in it are replaced by the provider's adapter */
	body: Readonly<Record<string, unknown>>;
	/** further headers for this candidate; never a key */
	headers?: Readonly<Record<string, string>>;
}

/**
 * Tokens of one call, every count disjoint from the others. Null means that the provider said nothing and nothing was
 * estimated; zero means that it said zero.
 */
export interface Usage {
	input_uncached: number;
	cache_read: number;
	cache_write_5m: number;
	cache_write_1h: number;
	output_text: number;
	output_reasoning: number;
	audio_in: number;
	audio_out: number;
	images: number;
	requests: number;
	/** true when counted from the text because the provider stated no usage */
	estimated: boolean;
	/** US dollars as stated by the provider itself, or null */
	stated_cost: number | null;
}

/** One piece of a candidate's reply, in the order of arrival. */
export type CallEvent =
	/**
	 * the headers are here; nothing of the answer yet. `ms` since the call was made, `dropped` the fields of the body that
	 * the provider has no word for and that were left out of what was sent
	 */
	| { type: 'headers'; status: number; ms: number; dropped?: readonly string[] }
	/**
	 * One chunk in OpenAI's streaming shape (`chat.completion.chunk` or a completion chunk). `content` is true when it
	 * bears content: text, reasoning text, a tool call's name or arguments, audio, or a finish with a result; false for
	 * role-only chunks, empty texts and usage. `text` is the chunk as it was written, where it goes on as it came.
	 */
	| { type: 'chunk'; chunk: Readonly<Record<string, unknown>>; content: boolean; text?: string }
	/** a sign of life without content (comment, ping); extends no deadline but the socket's */
	| { type: 'alive' }
	/** a whole reply (embeddings, or a provider that ignored `stream`), in OpenAI's shape of the plain answer */
	| { type: 'reply'; reply: Readonly<Record<string, unknown>> }
	/** the tokens, once they are known; comes at most once, before the end */
	| { type: 'usage'; usage: Usage };

/** Why a call failed; what is done about each is a table of its own. */
export type CallFailureClass =
	| 'network'
	| 'timeout.ttft'
	| 'timeout.idle'
	| 'timeout.attempt'
	| 'timeout.total'
	| 'overloaded'
	| 'rate_limit'
	| 'conflict'
	| 'auth'
	| 'credit'
	| 'not_found'
	| 'context_length'
	| 'content_filter'
	| 'bad_request'
	| 'malformed'
	| 'cut'
	| 'client_abort'
	| 'no_key'
	| 'budget'
	| 'queue_full';

/** What a failing provider said: its HTTP status, how long it asks to wait (ms) and its own code; null where it said nothing. */
export interface FailureWords {
	status: number | null;
	retryAfterMs: number | null;
	code: string | null;
}

/** A call that failed: its class, one sentence, and what the provider said. */
export class CallFailure extends Error {
	override readonly name = 'CallFailure';
	readonly kind: CallFailureClass;
	readonly status: number | null;
	readonly retryAfterMs: number | null;
	readonly code: string | null;

	constructor(kind: CallFailureClass, message: string, words: Partial<FailureWords> = {}) {
		super(message);
		this.kind = kind;
		this.status = words.status ?? null;
		this.retryAfterMs = words.retryAfterMs ?? null;
		this.code = words.code ?? null;
	}
}

/** What tells that work has to end, with its reason: an abort signal, or something of this kind that costs less. */
export interface Ends {
	readonly aborted: boolean;
	readonly reason: unknown;
	addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
	removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * A provider as strategies see it: it opens a call and yields its events. It ends when the reply is complete, throws a
 * `CallFailure` for everything that went wrong, and cancels the upstream body on every way out: when the reader leaves,
 * when the signal is aborted (then it throws the signal's reason), and when it fails.
 */
export interface CallProvider {
	readonly name: string;
	call(call: CandidateCall, signal: AbortSignal): AsyncIterable<CallEvent>;
	/** The same in the lots in which they arrive, for providers whose events come many at a time. */
	lots?(call: CandidateCall, ends: Ends): AsyncIterable<readonly CallEvent[]>;
}
