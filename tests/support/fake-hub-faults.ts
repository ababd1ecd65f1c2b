// The faults of the fake Hub: what goes wrong, for which requests, how often.

/** One answer on its way out. `body` null means none; `stream` overrides `body` and is written piece by piece. */
export interface FakeAnswer {
	status: number;
	headers: Record<string, string>;
	body: Buffer;
}

/**
 * What can go wrong.
 * `status`: answer with that status (HTML unless told otherwise) instead of the real one.
 * `limited`: 429; with `seconds` it carries `r=0;t=seconds`, with `retryAfter` that header, with neither no hint at all.
 * `reset`: the connection is cut after that many body bytes; `cut`: the same, but ended cleanly for chunked bodies.
 * `stall`: nothing (or only half the body) is sent for that long; `drip`: the body comes a piece at a time.
 * `redirect`: a 307 to that address, or without any when null. `headers`, `json`, `body`: the real answer, changed.
 * `whole`: the whole file is sent although a part was asked for.
 * `extra`: so many bytes more than the file has follow it, with no length announced.
 * `encode`: the body goes out compressed, whatever was asked.
 */
export type FakeFault =
	| { kind: 'status'; status: number; body?: string; type?: string; headers?: Record<string, string> }
	| { kind: 'limited'; seconds?: number; retryAfter?: string; rateLimit?: string }
	| { kind: 'reset'; after: number }
	| { kind: 'cut'; after: number }
	| { kind: 'stall'; where: 'headers' | 'body'; ms: number }
	| { kind: 'drip'; bytes: number; everyMs: number }
	| { kind: 'redirect'; to: string | null; status?: number }
	| { kind: 'headers'; change: (headers: Record<string, string>) => Record<string, string> }
	| { kind: 'json'; change: (value: unknown) => unknown }
	| { kind: 'body'; body: string | Buffer; headers?: Record<string, string> }
	| { kind: 'encode'; codings: ('gzip' | 'br')[] }
	| { kind: 'extra'; bytes: number }
	| { kind: 'whole' }
	| { kind: 'short'; missing: number }
	| { kind: 'flip'; at: number };

export interface FakeFaultRule {
	/** Which requests: a part of `METHOD /path?query`, or a pattern over it. */
	match: string | RegExp;
	fault: FakeFault;
	/** How many matching requests it hits; for ever when left out. */
	times?: number;
	/** Chance that a matching request is hit; always when left out. */
	chance?: number;
}

/** Keeps the rules and says which one hits a request. Chances come from the given source. */
export class FaultSwitch {
	#rules: FakeFaultRule[] = [];
	#random: () => number;

	constructor(random: () => number) {
		this.#random = random;
	}

	add(rule: FakeFaultRule): () => void {
		const own = { ...rule };
		this.#rules.push(own);
		return () => {
			this.#rules = this.#rules.filter((other) => other !== own);
		};
	}

	clear(): void {
		this.#rules = [];
	}

	/** Takes the first rule that hits, counting it down. */
	take(request: string): FakeFault | null {
		for (const rule of this.#rules) {
			const hit = typeof rule.match === 'string' ? request.includes(rule.match) : rule.match.test(request);
			if (!hit || rule.times === 0) continue;
			if (rule.chance !== undefined && this.#random() >= rule.chance) continue;
			if (rule.times !== undefined) rule.times -= 1;
			return rule.fault;
		}
		return null;
	}
}
