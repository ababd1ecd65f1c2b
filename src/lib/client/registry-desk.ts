// Questions and changes to the registry, asked of the server; the page is told when there is something new to show.
import { ApiError, ask, isObject, type Fetch } from '#lib/client/api.ts';
import type { RegistryKey } from '#lib/core/registry/key.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import type { ConfigChange, FileFault, SimulationReport } from '#lib/core/registry/view.ts';
import type { Finding } from '#lib/core/registry/validate.ts';

/** What the server says about a text: why it cannot be taken, what else there is to say, and what it would change. */
export interface TextCheck {
	digest: string;
	faults: FileFault[];
	findings: Finding[];
	changes: ConfigChange[];
}

/** A new key in the words of its form; empty is without a limit. */
export interface KeyWords {
	name: string;
	user: string;
	specs: string[];
	budget: string;
	rpm: string;
	expires: string;
}

/** Where a user stands: in or out now, and the bucket (0 to 9,999) that decides at other percentages. */
export interface UserPlace {
	isOn: boolean;
	rule: string;
	reason: string;
	bucket: number | null;
}

/** Changes to the rollout; what is left out stays. */
export interface RolloutWish {
	enabled?: boolean;
	percent?: number;
	testUsers?: string[];
	denied?: string[];
}

interface RegistryDeskOptions {
	fetch: Fetch;
	/** Called when something changed. */
	onchange: () => Promise<unknown>;
}

function isCheck(value: unknown): value is TextCheck {
	return (
		isObject(value) && Array.isArray(value.faults) && Array.isArray(value.findings) && Array.isArray(value.changes)
	);
}

function isMade(value: unknown): value is { key: RegistryKey; secret: string } {
	return isObject(value) && typeof value.secret === 'string' && isObject(value.key);
}

function isDecision(value: unknown): value is Omit<UserPlace, 'bucket'> {
	return isObject(value) && typeof value.isOn === 'boolean' && typeof value.reason === 'string';
}

function isReport(value: unknown): value is SimulationReport {
	return isObject(value) && Array.isArray(value.attempts) && Array.isArray(value.trace);
}

function isRecord(value: unknown): value is RequestRecord {
	return isObject(value) && Array.isArray(value.attempts) && typeof value.route === 'string';
}

/** The sentence for something that went wrong; null for what was ended on purpose. */
export function problemOf(error: unknown): string | null {
	if (error instanceof ApiError) return error.message;
	if (error instanceof Error && error.name === 'AbortError') return null;
	return 'Something went wrong in this page. Reload it.';
}

/** One per page. Methods throw ApiError with everything as it was; an abort passes through as it is. */
export class RegistryDesk {
	readonly #options: RegistryDeskOptions;

	constructor(options: RegistryDeskOptions) {
		this.#options = options;
	}

	async #json<T>(path: string, is: (value: unknown) => value is T, init: RequestInit = {}): Promise<T> {
		const value: unknown = await (await ask(this.#options, `/api/registry/${path}`, init)).json();
		if (is(value)) return value;
		throw new ApiError('bad_answer', 'Modeldex sent an answer that this page cannot read. Reload the page.');
	}

	#send(method: string, body: object, signal?: AbortSignal): RequestInit {
		const headers = { 'content-type': 'application/json' };
		return { method, headers, body: JSON.stringify(body), signal: signal ?? null };
	}

	/** What the server would say to this text; nothing changes. */
	check(text: string, signal?: AbortSignal): Promise<TextCheck> {
		return this.#json('config', isCheck, this.#send('PUT', { text, dry_run: true }, signal));
	}

	/** Puts the text in force, if it is good. */
	async save(text: string): Promise<TextCheck> {
		const check = await this.#json('config', isCheck, this.#send('PUT', { text }));
		await this.#options.onchange();
		return check;
	}

	/** A text that was in force before. */
	async version(digest: string): Promise<string> {
		const isText = (value: unknown): value is { text: string } => isObject(value) && typeof value.text === 'string';
		return (await this.#json(`config/versions/${encodeURIComponent(digest)}`, isText)).text;
	}

	/** Makes a key; the answer is the only time that it is shown. */
	async makeKey(words: KeyWords): Promise<string> {
		const { secret } = await this.#json('keys', isMade, this.#send('POST', words));
		await this.#options.onchange();
		return secret;
	}

	/** Ends a key at once. */
	async revokeKey(id: string): Promise<void> {
		await this.#json(`keys/${encodeURIComponent(id)}`, isObject, { method: 'DELETE' });
		await this.#options.onchange();
	}

	/** Changes for whom the strategies are on. */
	async roll(wish: RolloutWish): Promise<void> {
		await this.#json('rollout', isObject, this.#send('PUT', wish));
		await this.#options.onchange();
	}

	/** Where a user stands. */
	async place(user: string, signal?: AbortSignal): Promise<UserPlace> {
		const answer = await this.#json(`rollout?${new URLSearchParams({ user })}`, isObject, { signal: signal ?? null });
		const { decision, bucket } = answer;
		if (!isDecision(decision)) throw new ApiError('bad_answer', 'Modeldex did not say where this user stands.');
		return { ...decision, bucket: typeof bucket === 'number' ? bucket : null };
	}

	/** Runs traffic on simulated time; nobody outside is asked. */
	simulate(simulation: object, signal?: AbortSignal): Promise<SimulationReport> {
		return this.#json('simulate', isReport, this.#send('POST', simulation, signal));
	}

	/** One request with all its tries. */
	record(id: string, signal?: AbortSignal): Promise<RequestRecord> {
		return this.#json(`requests/${encodeURIComponent(id)}`, isRecord, { signal: signal ?? null });
	}
}
