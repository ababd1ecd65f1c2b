// What went wrong in a run: single models by name up to a number, the rest counted, and what concerned all of it.
import type { DiscoveryProblem } from '#lib/core/discovery.ts';
import { blankSecrets } from '#lib/core/failure.ts';

/** Models that are named; more are only counted. */
const MOST_NAMED = 100;

/** Refusals for too many requests from which on they are worth a word: a single one is waited out and forgotten. */
const REPEATED = 2;

export class DiscoveryProblems {
	readonly #named: DiscoveryProblem[] = [];
	readonly #run: DiscoveryProblem[] = [];
	readonly #further = new Map<string, number>();
	#refusals = 0;

	/** A model that could not be read. */
	add(modelId: string, code: string, message: string): void {
		if (this.#named.length < MOST_NAMED) this.#named.push({ modelId, code, message: blankSecrets(message) });
		else this.#further.set(code, (this.#further.get(code) ?? 0) + 1);
	}

	/** Something that concerned the whole run; said once, however often it happens. */
	addForRun(code: string, message: string): void {
		if (this.#run.some((other) => other.code === code && other.message === message)) return;
		this.#run.push({ modelId: '', code, message: blankSecrets(message) });
	}

	/** The Hub refused a request as one too many. */
	refused(): void {
		this.#refusals += 1;
	}

	/** All of it, what concerned the run first. */
	list(): DiscoveryProblem[] {
		const counted = [...this.#further].map(([code, count]) => ({
			modelId: '',
			code,
			message: `${count.toLocaleString('en')} more models could not be read.`,
		}));
		return [...this.#run, ...this.#slowed(), ...this.#named, ...counted];
	}

	#slowed(): DiscoveryProblem[] {
		if (this.#refusals < REPEATED) return [];
		const times = this.#refusals.toLocaleString('en');
		const message = `The Hub refused ${times} requests as too many; fewer were sent at once.`;
		return [{ modelId: '', code: 'rate_limited', message }];
	}
}
