// The one gate that every request to the Hub passes: obeys the Hub's windows, keeps a reserve for clicks, backs off.
import { Failure } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import { Concurrency } from '#lib/server/concurrency.ts';
import { LONGEST_WAIT_MS, RateWindow, readLimit, readRetryAfter, type HeaderMap } from '#lib/server/rate-window.ts';

/** The Hub's three independent limits. */
export type Bucket = 'api' | 'resolvers' | 'pages';

/** `click`: a person waits for this one; it may use the reserve and goes first. */
export type Priority = 'click' | 'background';

export interface EnterOptions {
	priority?: Priority;
	signal?: AbortSignal;
	/** Longest wait for a new window; beyond it `rate_limited` is thrown at once. Default 15 minutes. */
	maxWaitMs?: number;
}

/** How a request ended: null status means that no reply came. */
export interface Outcome {
	status: number | null;
	headers: HeaderMap;
	/** The asker left before a reply came: that says nothing about the Hub. */
	left?: boolean;
}

/** The right to send one request. `done` must be called exactly once, when the reply's headers are there. */
export interface Pass {
	done(outcome: Outcome): void;
}

/** What is left of a window, for display. */
export interface BucketBudget {
	remaining: number;
	quota: number | null;
	resets_in_seconds: number;
}

interface Waiter {
	start: (pass: Pass) => void;
	fail: (error: unknown) => void;
	/** Ticks after which waiting makes no sense. */
	until: number;
}

/** Pauses after refusals that name no time: short first, then one probe about every five seconds. */
const BLIND_PAUSES_MS = [1000, 2500, 5000];

/** After a reset everybody wakes in the same second; this spreads them. */
const JITTER_MS = { least: 200, most: 2000 };

type Admission = 'go' | 'full' | { blockedUntil: number };

/** One bucket: its window, its concurrency, and who waits. */
class Lane {
	readonly window = new RateWindow();
	readonly concurrency = new Concurrency();
	readonly queues: Record<Priority, Set<Waiter>> = { click: new Set(), background: new Set() };
	underWay = 0;
	#pausedUntil = 0;
	#blindRefusals = 0;
	/** A new window or the end of a pause is tried with a single request first. */
	#probing = false;
	#wakeAt: number | null = null;
	readonly #jitter: () => number;

	constructor(jitter: () => number) {
		this.#jitter = jitter;
	}

	/** May a request of this priority start at `now`? */
	admit(priority: Priority, now: number): Admission {
		this.#roll(now);
		if (now < this.#pausedUntil) return { blockedUntil: this.#pausedUntil };
		if (this.underWay >= (this.#probing ? 1 : this.concurrency.limit)) return 'full';
		const kept = priority === 'click' ? 0 : this.window.reserve;
		if (this.window.free(this.underWay) > kept) return 'go';
		if (this.underWay > 0 && this.window.free(0) > kept) return 'full';
		this.#wakeAt ??= (this.window.endsAt ?? now) + this.#jitter();
		return { blockedUntil: this.#wakeAt };
	}

	#roll(now: number): void {
		const endsAt = this.#wakeAt ?? this.window.endsAt;
		if (endsAt === null || now < endsAt) return;
		this.#probing = this.#wakeAt !== null;
		this.#wakeAt = null;
		this.window.end();
	}

	/** Takes in how a request that started at `started` ended. */
	settle(outcome: Outcome, started: number, clock: Clock): void {
		this.underWay -= 1;
		const now = clock.ticks();
		const reading = readLimit(outcome.headers);
		if (reading) this.window.observe(reading, now);
		else this.window.lose();
		if (outcome.left === true) return;
		if (outcome.status === 429) return this.#refused(outcome, reading?.remaining === 0, clock);
		if (outcome.status === null || outcome.status >= 500) return this.concurrency.troubled();
		this.#probing = false;
		this.#blindRefusals = 0;
		this.concurrency.answered(now - started);
	}

	#refused(outcome: Outcome, spent: boolean, clock: Clock): void {
		const asked = readRetryAfter(outcome.headers, clock.date());
		if (spent && asked === null && this.window.free(0) <= 0) return; // the window itself holds everybody up
		const now = clock.ticks();
		this.#probing = true;
		this.concurrency.collapse();
		if (asked !== null && asked > 0) {
			const pause = Math.min(asked, LONGEST_WAIT_MS) + this.#jitter();
			this.#pausedUntil = Math.max(this.#pausedUntil, now + pause);
		} else if (now >= this.#pausedUntil) {
			const blind = BLIND_PAUSES_MS[Math.min(this.#blindRefusals, BLIND_PAUSES_MS.length - 1)] ?? 0;
			this.#blindRefusals += 1;
			this.#pausedUntil = now + blind + this.#jitter() / 2;
		}
	}
}

/** One per process. Waiting can be aborted; the order is clicks first, then first come first served. */
export class RateGate {
	readonly #lanes = new Map<string, Lane>();
	readonly #wakes = new Map<Lane, () => void>();
	readonly #ended = new Map<string, number>();
	readonly #clock: Clock;
	readonly #random: () => number;

	constructor({ clock, random }: { clock: Clock; random: () => number }) {
		this.#clock = clock;
		this.#random = random;
	}

	/** Requests under way, over all buckets. */
	get underWay(): number {
		return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.underWay, 0);
	}

	#lane(bucket: string): Lane {
		const known = this.#lanes.get(bucket);
		if (known) return known;
		const { least, most } = JITTER_MS;
		const lane = new Lane(() => least + this.#random() * (most - least));
		this.#lanes.set(bucket, lane);
		return lane;
	}

	/** Waits for the right to send one request. Throws `rate_limited` when the wait would be too long, or the abort. */
	enter(bucket: Bucket, options: EnterOptions = {}): Promise<Pass> {
		const { priority = 'background', signal, maxWaitMs = LONGEST_WAIT_MS } = options;
		const lane = this.#lane(bucket);
		return new Promise((resolve, reject) => {
			if (signal?.aborted) return reject(signal.reason);
			const queue = lane.queues[priority];
			const leave = () => {
				queue.delete(waiter);
				signal?.removeEventListener('abort', stop);
			};
			const stop = () => {
				leave();
				reject(signal?.reason);
				this.#pump(lane);
			};
			const waiter: Waiter = {
				until: this.#clock.ticks() + maxWaitMs,
				start: (pass) => {
					leave();
					resolve(pass);
				},
				fail: (error) => {
					leave();
					reject(error);
				},
			};
			signal?.addEventListener('abort', stop, { once: true });
			queue.add(waiter);
			this.#pump(lane);
		});
	}

	#pass(lane: Lane): Pass {
		lane.underWay += 1;
		const started = this.#clock.ticks();
		let open = true;
		return {
			done: (outcome) => {
				if (!open) return;
				open = false;
				lane.settle(outcome, started, this.#clock);
				this.#count(lane, outcome);
				this.#pump(lane);
			},
		};
	}

	#count(lane: Lane, { status, left }: Outcome): void {
		const [bucket = 'other'] = [...this.#lanes].find(([, other]) => other === lane) ?? [];
		const key = `${bucket} ${left === true ? 'left' : (status ?? 'none')}`;
		this.#ended.set(key, (this.#ended.get(key) ?? 0) + 1);
	}

	/** Requests that ended, by bucket and how: a status, `none` without a reply, `left` when the asker went. */
	ended(): { bucket: string; outcome: string; count: number }[] {
		return [...this.#ended].map(([key, count]) => {
			const [bucket = '', outcome = ''] = key.split(' ');
			return { bucket, outcome, count };
		});
	}

	/** Starts whoever may start, refuses whoever would wait too long, and sets the alarm for the rest. */
	#pump(lane: Lane): void {
		this.#wakes.get(lane)?.();
		this.#wakes.delete(lane);
		let wakeAt = Infinity;
		for (const priority of ['click', 'background'] as const) {
			const blockedUntil = this.#start(lane, priority);
			if (blockedUntil !== null) wakeAt = Math.min(wakeAt, blockedUntil);
		}
		if (wakeAt === Infinity) return;
		const wait = Math.max(1, wakeAt - this.#clock.ticks());
		this.#wakes.set(
			lane,
			this.#clock.after(wait, () => this.#pump(lane)),
		);
	}

	/** Starts waiters of one priority; gives the time they have to wait for, null when there is none to wait for. */
	#start(lane: Lane, priority: Priority): number | null {
		let wakeAt: number | null = null;
		for (const waiter of [...lane.queues[priority]]) {
			const now = this.#clock.ticks();
			const admission = lane.admit(priority, now);
			if (admission === 'full') return wakeAt;
			if (admission === 'go') waiter.start(this.#pass(lane));
			else if (admission.blockedUntil <= waiter.until) wakeAt = admission.blockedUntil;
			else waiter.fail(limited(admission.blockedUntil - now));
		}
		return wakeAt;
	}

	/** Milliseconds until a request in the background may start in this bucket; 0 when nothing but its turn keeps it. */
	waitMs(bucket: Bucket): number {
		const now = this.#clock.ticks();
		const admission = this.#lane(bucket).admit('background', now);
		return typeof admission === 'object' ? Math.max(0, admission.blockedUntil - now) : 0;
	}

	/** What is left per bucket, as far as the Hub has told; empty before its first reply. */
	budget(): Record<string, BucketBudget> {
		const now = this.#clock.ticks();
		const rows = [...this.#lanes].flatMap(([bucket, { window }]) => {
			if (window.remaining === null || window.endsAt === null || window.endsAt <= now) return [];
			const resets_in_seconds = Math.ceil((window.endsAt - now) / 1000);
			return [[bucket, { remaining: window.remaining, quota: window.quota, resets_in_seconds }] as const];
		});
		return Object.fromEntries(rows);
	}

	/** Refuses everybody who waits and stops the alarms. */
	close(): void {
		for (const cancel of this.#wakes.values()) cancel();
		this.#wakes.clear();
		for (const lane of this.#lanes.values()) {
			for (const queue of Object.values(lane.queues)) {
				for (const waiter of [...queue]) waiter.fail(new DOMException('Modeldex is closing.', 'AbortError'));
			}
		}
	}
}

/** The failure for a wait of that many milliseconds; what is announced is capped at 15 minutes. */
function limited(waitMs: number): Failure {
	const seconds = Math.max(1, Math.ceil(Math.min(waitMs, LONGEST_WAIT_MS) / 1000));
	return new Failure('rate_limited', `The Hub's request limit is reached; it opens again in ${seconds} seconds.`, {
		retryAfterSeconds: seconds,
		statusCode: 429,
	});
}
