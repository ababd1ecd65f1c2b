// Every way the product can fail: one table from the kind of failure to its HTTP status and its exit code.

interface Kind {
	/** HTTP status of `/api` answers. */
	status: number;
	/** Exit code of the command line: 2 usage, 4 model not here, 5 network, 6 damaged, 8 memory, 9 gated, 10 engine, else 1. */
	exit: number;
}

/** Code on the wire → status and exit code. Codes are snake_case everywhere, also in `--json`. */
export const failureKinds = {
	invalid_query: { status: 400, exit: 2 },
	invalid_model_id: { status: 400, exit: 2 },
	invalid_revision: { status: 400, exit: 2 },
	invalid_json: { status: 400, exit: 2 },
	invalid_body: { status: 400, exit: 2 },
	unknown_field: { status: 400, exit: 2 },
	key_in_url: { status: 400, exit: 2 },
	bad_request: { status: 400, exit: 2 },
	usage: { status: 400, exit: 2 },
	invalid_spec: { status: 400, exit: 2 },
	invalid_config: { status: 400, exit: 2 },
	invalid_api_key: { status: 401, exit: 9 },
	unauthorized: { status: 401, exit: 9 },
	gated: { status: 403, exit: 9 },
	disabled: { status: 403, exit: 9 },
	insufficient_scope: { status: 403, exit: 9 },
	forbidden: { status: 403, exit: 9 },
	host_not_allowed: { status: 403, exit: 1 },
	cross_origin: { status: 403, exit: 1 },
	not_found: { status: 404, exit: 5 },
	not_installed: { status: 404, exit: 4 },
	method_not_allowed: { status: 405, exit: 1 },
	request_timeout: { status: 408, exit: 5 },
	unreadable_file: { status: 400, exit: 2 },
	unsafe_local_path: { status: 409, exit: 1 },
	locked: { status: 409, exit: 11 },
	unsafe_format: { status: 409, exit: 2 },
	file_changed: { status: 409, exit: 6 },
	invalid_state: { status: 409, exit: 2 },
	already_exists: { status: 409, exit: 2 },
	confirmation_required: { status: 409, exit: 2 },
	payload_too_large: { status: 413, exit: 2 },
	unsupported_media_type: { status: 415, exit: 2 },
	invalid_categories: { status: 400, exit: 2 },
	invalid_template: { status: 400, exit: 2 },
	model_not_installed: { status: 409, exit: 4 },
	model_locked: { status: 403, exit: 9 },
	invalid_labels: { status: 422, exit: 6 },
	invalid_onnx: { status: 422, exit: 6 },
	template_rejected: { status: 422, exit: 6 },
	tokenizer_rejected: { status: 422, exit: 6 },
	unsupported_model: { status: 422, exit: 10 },
	unsupported_operation: { status: 422, exit: 2 },
	invalid_gguf: { status: 422, exit: 6 },
	invalid_safetensors: { status: 422, exit: 6 },
	too_many_attempts: { status: 429, exit: 9 },
	headers_too_large: { status: 431, exit: 2 },
	internal: { status: 500, exit: 1 },
	disk_error: { status: 500, exit: 7 },
	hub_unreachable: { status: 502, exit: 5 },
	hub_error: { status: 502, exit: 5 },
	redirect_blocked: { status: 502, exit: 5 },
	too_many_redirects: { status: 502, exit: 5 },
	pagination_loop: { status: 502, exit: 5 },
	response_too_large: { status: 502, exit: 5 },
	invalid_digest: { status: 502, exit: 6 },
	unsafe_file_name: { status: 502, exit: 6 },
	integrity_failed: { status: 502, exit: 6 },
	model_crashed: { status: 502, exit: 10 },
	engine_failed: { status: 502, exit: 10 },
	engine_missing: { status: 503, exit: 10 },
	engine_busy: { status: 503, exit: 10 },
	not_enough_memory: { status: 503, exit: 8 },
	starting: { status: 503, exit: 1 },
	rate_limited: { status: 503, exit: 5 },
	offline: { status: 503, exit: 5 },
	database: { status: 503, exit: 7 },
	model_timeout: { status: 504, exit: 10 },
	hub_timeout: { status: 504, exit: 5 },
	model_not_found: { status: 404, exit: 2 },
	tier_not_allowed: { status: 403, exit: 9 },
	upstream_refused: { status: 400, exit: 2 },
	context_length_exceeded: { status: 400, exit: 2 },
	content_filter: { status: 400, exit: 2 },
	max_cost: { status: 402, exit: 3 },
	no_consensus: { status: 409, exit: 3 },
	budget_exceeded: { status: 429, exit: 3 },
	queue_full: { status: 429, exit: 5 },
	upstream_rate_limited: { status: 429, exit: 5 },
	client_closed: { status: 499, exit: 130 },
	upstream_auth_failed: { status: 502, exit: 9 },
	upstream_credentials: { status: 502, exit: 9 },
	upstream_error: { status: 502, exit: 5 },
	insufficient_responses: { status: 502, exit: 5 },
	stream_cut: { status: 502, exit: 5 },
	no_candidate: { status: 503, exit: 5 },
	upstream_timeout: { status: 504, exit: 5 },
	insufficient_storage: { status: 507, exit: 7 },
	disk_full: { status: 507, exit: 7 },
	not_writable: { status: 507, exit: 7 },
} as const satisfies Record<string, Kind>;

export type FailureCode = keyof typeof failureKinds;

/** Is this one of our codes, and not one that somebody else made up? */
export function isFailureCode(code: string): code is FailureCode {
	return Object.hasOwn(failureKinds, code);
}

interface FailureOptions {
	cause?: unknown;
	/** Whole seconds after which trying again makes sense; sent as `Retry-After`. */
	retryAfterSeconds?: number;
	/** HTTP status the other side answered with, when there was one. */
	statusCode?: number;
}

/** Something could not be done. `message` is one sentence for a person; it never holds a secret. */
export class Failure extends Error {
	readonly code: FailureCode;
	readonly retryAfterSeconds: number | undefined;
	readonly statusCode: number | undefined;

	constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = 'Failure';
		this.code = code;
		this.retryAfterSeconds = options.retryAfterSeconds;
		this.statusCode = options.statusCode;
	}

	/** HTTP status for this failure. */
	get status(): number {
		return failureKinds[this.code].status;
	}

	/** Exit code of the command line for this failure. */
	get exitCode(): number {
		return failureKinds[this.code].exit;
	}

	/** The body that `/api` answers with and `--json` prints. */
	toBody(): { error: { code: FailureCode; message: string } } {
		return { error: { code: this.code, message: this.message } };
	}
}

/** Is this the error of work that was cancelled on purpose? */
export function isAbort(error: unknown): boolean {
	return error instanceof Error && (error.name === 'AbortError' || error.name === 'ResponseAborted');
}

const secretShapes = /\b(hf_[A-Za-z0-9]{6,}|sk-[A-Za-z0-9_-]{6,}|AIza[A-Za-z0-9_-]{10,}|xai-[A-Za-z0-9]{6,})/g;
const bearerShape = /(bearer\s+)[^\s"',]+/gi;

/** The text with anything that looks like a key replaced by `•••`; applied before an error leaves the process. */
export function blankSecrets(text: string): string {
	return text.replace(bearerShape, '$1•••').replace(secretShapes, '•••');
}

/** Any thrown thing as a Failure: ours as it is, everything else as `internal` with the cause kept for the log. */
export function toFailure(error: unknown): Failure {
	if (error instanceof Failure) return error;
	return new Failure('internal', 'Something went wrong inside Modeldex; the log has the details.', { cause: error });
}
