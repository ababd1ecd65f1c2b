// The breakers of all candidates and providers, in memory; they survive a new registry file.
import type { CallFailure } from '#lib/core/registry/call.ts';
import { callRules } from '#lib/core/registry/call-rules.ts';
import { Breaker, type BreakerView } from '#lib/core/registry/breaker.ts';
import type { Candidate } from '#lib/core/registry/strategy.ts';
import type { Clock } from '#lib/server/clock.ts';

/** More candidates than any file names; beyond it the oldest are forgotten. */
const mostBreakers = 2000;

/** Asks before each call whether it makes sense, and learns from how calls end. */
export class Breakers {
	readonly #clock: Clock;
	readonly #random: () => number;
	readonly #known = new Map<string, Breaker>();

	constructor({ clock, random }: { clock: Clock; random: () => number }) {
		this.#clock = clock;
		this.#random = random;
	}

	#breaker(name: string): Breaker {
		const known = this.#known.get(name);
		if (known !== undefined) return known;
		const [oldest] = this.#known.keys();
		if (this.#known.size >= mostBreakers && oldest !== undefined) this.#known.delete(oldest);
		const made = new Breaker(this.#random);
		this.#known.set(name, made);
		return made;
	}

	/** The provider as a whole first: a refused key holds for all its models. */
	#both({ name, provider }: Candidate): [Breaker, Breaker] {
		return [this.#breaker(provider), this.#breaker(name)];
	}

	/** May this candidate be asked now? */
	admits(candidate: Candidate): boolean {
		const now = this.#clock.ticks();
		return this.#both(candidate).every((breaker) => breaker.admits(now) !== 'no');
	}

	/** Milliseconds until it may be asked; 0 when it may now. */
	waitMs(candidate: Candidate): number {
		const now = this.#clock.ticks();
		return Math.max(...this.#both(candidate).map((breaker) => breaker.opensAt(now) - now));
	}

	/** A call goes out. */
	started(candidate: Candidate): void {
		const now = this.#clock.ticks();
		for (const breaker of this.#both(candidate)) if (breaker.admits(now) === 'probe') breaker.probe();
	}

	succeeded(candidate: Candidate): void {
		for (const breaker of this.#both(candidate)) breaker.succeeded(this.#clock.ticks());
	}

	/** It ended without telling anything about the candidate. */
	released(candidate: Candidate): void {
		for (const breaker of this.#both(candidate)) breaker.released();
	}

	failed(candidate: Candidate, failure: CallFailure): void {
		const now = this.#clock.ticks();
		const [whole, own] = this.#both(candidate);
		const rule = callRules[failure.kind].breaker;
		if (typeof rule === 'object' && rule.whole) whole.failed(failure, now);
		else whole.released();
		own.failed(failure, now);
	}

	/** The breaker of a candidate or of a provider; null when nothing happened there yet. `until` counts from now. */
	view(name: string): BreakerView | null {
		const now = this.#clock.ticks();
		const view = this.#known.get(name)?.view(now) ?? null;
		return view?.until == null ? view : { ...view, until: Math.max(0, view.until - now) };
	}

	/** Is there something known about this candidate or provider? */
	knows(name: string): boolean {
		return this.#known.has(name);
	}

	/** Closes one breaker, or all of them. Gives the names of those that were not closed. */
	reset(name?: string): string[] {
		const now = this.#clock.ticks();
		const meant = [...this.#known].filter(([known]) => name === undefined || known === name);
		const open = meant.filter(([, breaker]) => breaker.view(now).state !== 'closed').map(([known]) => known);
		for (const [, breaker] of meant) breaker.reset();
		return open;
	}
}
