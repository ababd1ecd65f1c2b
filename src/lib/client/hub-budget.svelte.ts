// What is left of the Hub's request windows, asked of the server while someone looks and something runs.
import { isObject, type Fetch } from '#lib/client/api.ts';

/** One of the Hub's limits. `quota` is null when the Hub did not say it. */
export interface BudgetLine {
	bucket: string;
	remaining: number;
	quota: number | null;
	resetsInSeconds: number;
}

/** The limits in a health answer (`hub.budget`); empty when no window is known, as before the first request. */
export function readBudget(health: unknown): BudgetLine[] {
	const hub = isObject(health) && isObject(health.hub) ? health.hub : {};
	return Object.entries(isObject(hub.budget) ? hub.budget : {}).flatMap(([bucket, line]) => {
		const { remaining, quota, resets_in_seconds } = isObject(line) ? line : {};
		if (typeof remaining !== 'number' || typeof resets_in_seconds !== 'number') return [];
		return [{ bucket, remaining, quota: typeof quota === 'number' ? quota : null, resetsInSeconds: resets_in_seconds }];
	});
}

interface WatchOptions {
	fetch: Fetch;
	everyMs?: number;
	/** Before the first look: whatever it watches has more urgent things to show. */
	firstMs?: number;
}

/** Keeps the budget up to date between `start` and the end it returns. */
export class HubBudgetWatch {
	#lines = $state.raw<readonly BudgetLine[] | null>(null);
	#options: Required<WatchOptions>;

	constructor(options: WatchOptions) {
		this.#options = { everyMs: 2_000, firstMs: 500, ...options };
	}

	/** The newest answer; null before there was one. */
	get lines(): readonly BudgetLine[] | null {
		return this.#lines;
	}

	/** Asks again and again while the page is on the screen. Returns how to stop. */
	start(): () => void {
		let timer: ReturnType<typeof setTimeout>;
		const look = () => {
			void this.#look();
			timer = setTimeout(look, this.#options.everyMs);
		};
		timer = setTimeout(look, this.#options.firstMs);
		return () => clearTimeout(timer);
	}

	async #look(): Promise<void> {
		if (document.visibilityState !== 'visible') return;
		try {
			this.#lines = readBudget(await (await this.#options.fetch('/api/health')).json());
		} catch {
			// The server does not answer just now: what was known stays, and the next look may do better.
		}
	}
}
