// Windows of the calendar in which money or requests are limited, and what is kept back before a request is sent.
import type { Limit } from '#lib/core/registry/strategy.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** From when to when a window goes, in milliseconds since 1970. Calendar windows in UTC; weeks begin on Monday. */
export interface Window {
	start: number;
	end: number;
}

/** The window that holds at this moment. */
export function windowAt(window: Limit['window'], at: number): Window {
	const date = new Date(at);
	const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
	const fixed = (start: number, length: number) => ({ start, end: start + length });
	if (window === 'minute') return fixed(at - (at % 60_000), 60_000);
	if (window === 'hour') return fixed(at - (at % hourMs), hourMs);
	if (window === 'day') return fixed(Date.UTC(year, month, day), dayMs);
	if (window === 'week') return fixed(Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7)), 7 * dayMs);
	return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

/** Shares of a limit at which somebody is told, in percent. */
export const alertShares = [50, 80, 100] as const;

/** The shares that were passed by going from one amount to another. */
export function alertsBetween(before: number, after: number, limit: number): number[] {
	const passed = (amount: number, share: number) => amount * 100 >= limit * share;
	return alertShares.filter((share) => limit > 0 && !passed(before, share) && passed(after, share));
}

/** Added to what a request usually costs, so that a burst does not pass the limit by small errors. */
const safety = 1.05;

/** What is kept back for one try: the worst case, or what such a request usually costs where that is known. */
export function reservation(mode: Limit['mode'], worst: number, expected: number | null): number {
	if (mode === 'hard' || expected === null) return worst;
	return Math.min(worst, Math.ceil(expected * safety));
}
