// What is asked of the router and what it gives back: a request, a routed answer, and the failure when there is none.
import { blankSecrets, Failure, failureKinds, type FailureCode } from '#lib/core/failure.ts';
import type { CallEvent, Operation } from '#lib/core/registry/call.ts';
import type { AttemptRecord, RequestRecord, VoteProgress } from '#lib/core/registry/record.ts';
import type { Limit } from '#lib/core/registry/strategy.ts';

/** One request for an answer of a model, a tier or an experiment. */
export interface RouteRequest {
	/** Its id when the caller already made one (a ULID); otherwise one is made. */
	id?: string;
	spec: string;
	operation: Operation;
	/** In OpenAI's wire shape; `model` and `stream` in it do not count. */
	body: Readonly<Record<string, unknown>>;
	user: string | null;
	/** Name of the key that came with the request; never the key. */
	key: string | null;
	wantsStream: boolean;
	options: {
		/** Dollars for the whole request; the smaller one of this and the plan's holds. */
		maxCost?: number;
		timeoutMs?: number;
		tags?: readonly string[];
	};
	/** Limits of the key, besides those of the registry. */
	limits?: readonly Limit[];
	/** May the user ask for another user's experiments? Default: no. */
	mayActAs?: boolean;
	/** Hears how a vote stands, where the plan says that it is told. */
	onProgress?: (progress: VoteProgress) => void;
}

/** An answer on its way. */
export interface Routed {
	/** ULID of the record. */
	id: string;
	/** `provider/model` that answers. */
	served: string;
	strategy: string;
	/** Fields of the body that who answers has no word for and that were left out. */
	dropped: readonly string[];
	/** The tries up to now, with the one that answers. */
	attempts(): AttemptRecord[];
	/**
	 * The answer's pieces, read once. Throws a `RouteFailure` (`stream_cut`, `upstream_timeout`) when it breaks off; a
	 * reader that leaves cancels the call.
	 */
	events: AsyncIterable<CallEvent>;
	/** The same pieces in the lots in which they came; only one of the two may be read. */
	lots: AsyncIterable<readonly CallEvent[]>;
	/** The record, once the answer has ended one way or the other; never rejects. */
	done: Promise<RequestRecord>;
}

interface RouteFailureOptions {
	attempts: AttemptRecord[];
	/** Id of the record. */
	id: string;
	/** Another HTTP status than the code's usual one. */
	status?: number;
	retryAfterMs?: number | null;
	/** Further facts for the caller, such as the answers of a consensus. */
	details?: Readonly<Record<string, unknown>>;
	cause?: unknown;
}

/** No candidate answered, or its answer broke off. The message names no text of a provider. */
export class RouteFailure extends Failure {
	readonly id: string;
	readonly attempts: AttemptRecord[];
	/** Whole seconds after which trying again makes sense; null when nobody knows. */
	readonly retryAfter: number | null;
	readonly details: Readonly<Record<string, unknown>>;
	readonly #status: number;

	constructor(code: FailureCode, message: string, options: RouteFailureOptions) {
		const { retryAfterMs = null, cause } = options;
		const retryAfter = retryAfterMs === null ? null : Math.max(1, Math.ceil(retryAfterMs / 1000));
		super(code, blankSecrets(message), { ...(retryAfter === null ? {} : { retryAfterSeconds: retryAfter }), cause });
		this.name = 'RouteFailure';
		this.id = options.id;
		this.attempts = options.attempts;
		this.retryAfter = retryAfter;
		this.details = options.details ?? {};
		this.#status = options.status ?? failureKinds[code].status;
	}

	override get status(): number {
		return this.#status;
	}
}
