// Keys of the gateway: whom each belongs to, what it may ask for, how much, and until when.
import { Failure } from '#lib/core/failure.ts';
import { parseSpec } from '#lib/core/registry/spec.ts';

/** Money that a key may spend in each window of the calendar (UTC). Dollars. */
export interface KeyBudget {
	usd: number;
	window: 'minute' | 'hour' | 'day' | 'week' | 'month';
}

/** A key as it is shown: everything but the key itself, which nobody has but its owner. */
export interface RegistryKey {
	/** Eight hex digits; part of the key. */
	id: string;
	name: string;
	/** Beginning of the key, to recognize it by. */
	prefix: string;
	/** User whose requests these are; null: the key speaks for no user. */
	user: string | null;
	/** Specs it may ask for, `*` standing for anything; empty: all. */
	specs: string[];
	/** Null: no limit. */
	budget: KeyBudget | null;
	/** Requests in a minute; null: no limit. */
	rpm: number | null;
	/** ISO times; null: never. */
	expires_at: string | null;
	revoked_at: string | null;
	last_used_at: string | null;
	created_at: string;
}

/** What a new key shall be. */
export type KeyOrder = Pick<RegistryKey, 'name' | 'user' | 'specs' | 'budget' | 'rpm' | 'expires_at'>;

/** Every key of the gateway begins so, which tells it from the key of this server. */
export const keyMark = 'mdx_';

const windows = ['minute', 'hour', 'day', 'week', 'month'] as const;

function wrong(sentence: string): Failure {
	return new Failure('usage', sentence);
}

/** Reads a budget such as `5`, `5/day` or `0.5/hour`: dollars, per month unless it says otherwise. Throws `usage`. */
export function parseBudget(text: string): KeyBudget {
	const [, amount = '', name = 'month'] = /^\$?(\d{1,9}(?:\.\d{1,6})?)(?:\/([a-z]+))?$/.exec(text.trim()) ?? [];
	const window = windows.find((known) => known === name);
	if (amount === '' || window === undefined) {
		throw wrong(`A budget is dollars per window, such as 5/day; windows are ${windows.join(', ')}.`);
	}
	return { usd: Number(amount), window };
}

/** Reads a number of requests in a minute. Throws `usage`. */
export function parseRpm(text: string): number {
	const rpm = /^\d{1,7}$/.test(text) ? Number(text) : 0;
	if (rpm < 1) throw wrong('Requests in a minute are a whole number from 1 on.');
	return rpm;
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** Reads when a key ends: a time from now (`12h`, `30d`, `4w`) or a date (ISO). Throws `usage`, also for a time that is over. */
export function parseExpiry(text: string, now: number): string {
	const [, count = '', unit = ''] = /^(\d{1,5})([hdw])$/.exec(text.trim()) ?? [];
	const at = count === '' ? isoTime(text) : now + Number(count) * (units[unit] ?? 0);
	if (Number.isNaN(at)) throw wrong('An end is a time from now, such as 12h or 30d, or a date such as 2027-01-31.');
	if (at <= now) throw wrong('That end is over already.');
	return new Date(at).toISOString();
}

function isoTime(text: string): number {
	return /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text) ? Date.parse(text) : NaN;
}

const specShape = /^[A-Za-z0-9*][A-Za-z0-9._:@+/*%~-]{0,299}$/;

/** Could some spec be covered by this entry? A star is taken for the letter that fits everywhere. */
function leadsSomewhere(entry: string): boolean {
	if (entry.startsWith('*')) return true;
	const spec = entry.replaceAll('*', 'x');
	return (entry.endsWith('*') ? [spec, `${spec}/x`] : [spec]).some((text) => {
		try {
			return parseSpec(text) !== null;
		} catch {
			return false; // no spec begins so
		}
	});
}

/** Checks one entry of a list of specs, such as `tier:fast`, `lab/*` or `*`. Throws `usage`. */
export function parseAllowed(text: string): string {
	if (specShape.test(text) && leadsSomewhere(text)) return text;
	throw wrong('A key is for specs such as tier:fast, user:ann:check or lab/model-a; * stands for anything.');
}

/** Does this entry cover the spec? */
function covers(entry: string, spec: string): boolean {
	const star = entry.indexOf('*');
	if (star < 0) return entry === spec;
	if (star === entry.length - 1) return spec.startsWith(entry.slice(0, -1));
	const parts = entry.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
	return new RegExp(`^${parts.join('.*')}$`, 's').test(spec);
}

/** May the key ask for this spec? */
export function allowsSpec({ specs }: Pick<RegistryKey, 'specs'>, spec: string): boolean {
	return specs.length === 0 || specs.some((entry) => covers(entry, spec));
}
