// The registry's own words as people read them: strategies, how tries began and ended, why a candidate was passed over, money.
import type { BreakerView } from '#lib/core/registry/breaker.ts';
import type { AttemptCause, AttemptOutcome, AttemptRecord } from '#lib/core/registry/record.ts';
import type { CandidateView } from '#lib/core/registry/view.ts';
import type { BadgeTone } from '#lib/ui/badge-look.ts';
import type { IconName } from '#lib/ui/icons.ts';

/** What each strategy does, in one line. */
export const strategyWords: Readonly<Record<string, string>> = {
	first: 'Asks the first candidate and nobody else.',
	fallback: 'Asks in order until one answers.',
	race: 'Asks several at once; the fastest answers, the others are ended.',
	consensus: 'Asks several and compares what they say.',
};

const unusableWords: Readonly<Record<string, string>> = {
	no_key: 'No key',
	disabled: 'Switched off',
	unknown_provider: 'Unknown provider',
	breaker_open: 'Resting after failures',
	price_unknown: 'Price unknown',
	too_expensive: 'Too expensive',
	context_too_small: 'Context too small',
	no_tools: 'Cannot use tools',
	not_enough_lanes: 'No lane free for it',
	attempts_used_up: 'All attempts used up',
	budget: 'Budget used up',
	queue_full: 'Queue full',
	'lost-race': 'Another one was faster',
	client: 'The caller left',
};

/** Why a candidate was passed over or a try was ended; a reason without words is shown as it is. */
export function reasonWords(reason: string): string {
	return unusableWords[reason] ?? reason.replaceAll(/[-_]/g, ' ');
}

/** A candidate's health in a badge: tone, icon, words, and a line that explains them. */
export interface Health {
	tone: BadgeTone;
	icon: IconName;
	words: string;
	title: string;
}

const breakerHealth: Readonly<Record<BreakerView['state'], Health>> = {
	closed: { tone: 'fits', icon: 'yes', words: 'Ready', title: 'It can be asked.' },
	half_open: { tone: 'tight', icon: 'question', words: 'On probation', title: 'The next request shows if it is well.' },
	open: { tone: 'large', icon: 'no', words: 'Resting', title: 'It failed too often and is left alone for a while.' },
};

/** How a candidate is. */
export function healthOf({ unusable, breaker }: Pick<CandidateView, 'unusable' | 'breaker'>): Health {
	if (unusable !== null) {
		const icon = unusable === 'no_key' ? 'lock' : 'no';
		const title = unusable === 'no_key' ? 'no_key: the variable with its key is not set.' : unusable;
		return { tone: 'gated', icon, words: reasonWords(unusable), title };
	}
	const health = breakerHealth[breaker?.state ?? 'closed'];
	const cause = breaker?.cause ?? null;
	return cause === null || breaker?.state === 'closed' ? health : { ...health, words: `${health.words}: ${cause}` };
}

/** Dollars with as many digits as small sums need: `$12.30`, `$0.0042`; unknown is said so. */
export function money(usd: number | null): string {
	if (usd === null) return 'unknown';
	if (usd === 0) return '$0';
	if (usd >= 0.01) return `$${usd.toFixed(2)}`;
	const digits = Math.min(9, 1 - Math.floor(Math.log10(usd)));
	return `$${usd.toFixed(digits)}`;
}

/** What a million tokens cost. */
export function priceWords({ price }: Pick<CandidateView, 'price'>): string {
	if (price === null) return 'Price unknown';
	if (price.input === 0 && price.output === 0) return 'Free';
	return `$${price.input} in, $${price.output} out per million tokens`;
}

/** Why a try was made. */
export const causeWords: Readonly<Record<AttemptCause, string>> = {
	first: 'Asked first',
	retry: 'Asked again',
	fallback: 'The one before failed',
	lane: 'Asked at the same time',
	hedge: 'Asked because the one before was slow',
	replacement: 'Took a failed one’s place',
	vote: 'Asked for its vote',
	judge: 'Asked to judge the answers',
	compare: 'Asked for vectors of the answers',
};

/** How a try ended. */
export const outcomeWords: Readonly<Record<AttemptOutcome, { tone: BadgeTone; icon: IconName; words: string }>> = {
	won: { tone: 'fits', icon: 'yes', words: 'Answered' },
	lost: { tone: 'neutral', icon: 'chevron', words: 'Lost' },
	failed: { tone: 'large', icon: 'no', words: 'Failed' },
	cancelled: { tone: 'tight', icon: 'alert', words: 'Ended early' },
	skipped: { tone: 'unknown', icon: 'question', words: 'Not asked' },
};

/** What a try cost and how that is known. */
export function costWords({ cost_nano: cost, is_estimated: isGuess, outcome }: AttemptRecord): string {
	if (outcome === 'skipped') return 'Nothing spent';
	if (cost === null) return 'Cost unknown';
	return `${money(cost / 1e9)} ${isGuess ? 'estimated' : 'exact'}`;
}
