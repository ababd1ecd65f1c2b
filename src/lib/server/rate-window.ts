// What the Hub says about its limits: the RateLimit headers (IETF draft 9), Retry-After, and the window they describe.

/** One reading of `RateLimit: "api";r=499;t=295` and `RateLimit-Policy: "fixed window";"api";q=500;w=300`. */
export interface LimitReading {
	bucket: string;
	remaining: number;
	/** Milliseconds until the window ends; at least a second, as whole seconds are sent. */
	resetMs: number;
	/** Requests per window; null when the policy header is missing. */
	quota: number | null;
}

export type HeaderMap = Readonly<Record<string, string>>;

/** No wait is believed beyond this; announced longer ones end the request instead. */
export const LONGEST_WAIT_MS = 15 * 60 * 1000;

const itemPattern = /"([\w -]{1,40})"\s*;\s*r=(\d{1,9})\s*(?:;\s*t=(\d{1,12}))?/g;

function quotaOf(policy: string | undefined, bucket: string): number | null {
	const part = policy?.split(',').find((item) => item.includes(`"${bucket}"`)) ?? policy;
	const quota = Number(/;\s*q=(\d{1,9})/.exec(part ?? '')?.[1]);
	return Number.isInteger(quota) && quota > 0 ? quota : null;
}

/** The tightest limit a reply names; null when the headers are absent or not understood. */
export function readLimit(headers: HeaderMap): LimitReading | null {
	let tightest: LimitReading | null = null;
	for (const [, bucket = '', r, t] of (headers.ratelimit ?? '').matchAll(itemPattern)) {
		if (t === undefined) continue;
		const remaining = Number(r);
		const resetMs = Math.min(Math.max(1, Number(t)) * 1000, LONGEST_WAIT_MS);
		if (tightest !== null && tightest.remaining <= remaining) continue;
		tightest = { bucket, remaining, resetMs, quota: quotaOf(headers['ratelimit-policy'], bucket) };
	}
	return tightest;
}

/** Milliseconds a `Retry-After` asks for (seconds or an HTTP date); null when there is none or it makes no sense. */
export function readRetryAfter(headers: HeaderMap, today: Date): number | null {
	const text = headers['retry-after']?.trim() ?? '';
	if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
	if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
	const ms = Date.parse(text) - today.getTime();
	return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/**
 * One fixed window of one bucket, as far as replies tell. `free` never promises more than the Hub has left: requests
 * under way are taken as not counted yet. Replies may arrive in any order, so the lowest count of a window holds.
 */
export class RateWindow {
	#lowest: number | null = null;
	#endsAt: number | null = null;
	#quota: number | null = null;

	/** Takes in a reading made at `now` (ticks). */
	observe(reading: LimitReading, now: number): void {
		this.#quota = reading.quota ?? Math.max(this.#quota ?? 0, reading.remaining);
		const endsAt = now + reading.resetMs;
		const slack = Math.max(500, Math.min(2000, reading.resetMs / 2));
		const isSame = this.#endsAt !== null && Math.abs(endsAt - this.#endsAt) <= slack;
		this.#lowest = isSame && this.#lowest !== null ? Math.min(this.#lowest, reading.remaining) : reading.remaining;
		if (!isSame) this.#endsAt = endsAt;
	}

	/** A request that brought no reading may have been counted all the same. */
	lose(): void {
		if (this.#lowest !== null && this.#lowest > 0) this.#lowest -= 1;
	}

	/** Requests that may still start, given those under way; Infinity while nothing is known. */
	free(underWay: number): number {
		return this.#lowest === null ? Infinity : this.#lowest - underWay;
	}

	/** Requests kept back for what a person clicks: a tenth of the window. */
	get reserve(): number {
		return this.#quota === null ? 0 : Math.ceil(this.#quota / 10);
	}

	get endsAt(): number | null {
		return this.#endsAt;
	}

	get quota(): number | null {
		return this.#quota;
	}

	get remaining(): number | null {
		return this.#lowest;
	}

	/** Forgets the window when it is over: the next one starts unknown. */
	end(): void {
		this.#lowest = null;
		this.#endsAt = null;
	}
}
