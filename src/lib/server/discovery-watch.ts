// What a discovery tells whoever counts: how reads ended, what models turned out to be, when it had to slow down.
import type { DiscoveryMeta } from '#lib/core/discovery.ts';
import type { Classification } from '#lib/core/model.ts';

/** A pause before the next request. `reason` is the HTTP status that caused it (`429`, `503`), or `timeout`, `broken`. */
export interface Backoff {
	reason: string;
	waitMs: number;
}

/**
 * Called while runs go on; must be quick and must not throw. A run that several callers watch is told once.
 * `fetched`: one config was asked for and the answer was final: `200`, `404`, `401`, `403`, `429`, or `error` for
 * everything else; milliseconds with retries and waits. Configs from the cache are not told.
 * `classified`: one model's class is known, from its list fields or its config. `ended`: once per run, however it ended.
 */
export interface DiscoveryWatch {
	fetched(status: string, ms: number): void;
	classified(classification: Classification): void;
	backoff(event: Backoff): void;
	ended(meta: DiscoveryMeta): void;
}

/** Nobody counts. */
export const noWatch: DiscoveryWatch = { fetched() {}, classified() {}, backoff() {}, ended() {} };
