// What all requests of a process share: time, providers, breakers, slots, money, and what candidates usually do.
import type { CallProvider } from '#lib/core/registry/call.ts';
import type { Limit } from '#lib/core/registry/strategy.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Breakers } from '#lib/server/registry/breakers.ts';
import type { Habits, RetryBudget } from '#lib/server/registry/habits.ts';
import type { Ledger } from '#lib/server/registry/ledger.ts';
import type { Slots } from '#lib/server/registry/slots.ts';

/** What all requests of a process share. */
export interface Ground {
	clock: Clock;
	random: () => number;
	provider(name: string): CallProvider | null;
	/** Limits of one provider, from the file in force. */
	providerLimits(name: string): readonly Limit[];
	breakers: Breakers;
	slots: Slots;
	ledger: Ledger;
	habits: Habits;
	retryBudget: RetryBudget;
	onBug: (error: unknown) => void;
}
