// An order for a key as pages and programs send it: the same short words as on the command line, read and checked.
import { z } from 'zod';
import { parseAllowed, parseBudget, parseExpiry, parseRpm, type KeyOrder } from '#lib/core/registry/key.ts';

const short = z.string().trim().max(200);

/** What may be said about a new key; whatever is left out or empty is without a limit. */
export const keyOrderSchema = z.strictObject({
	name: short,
	user: short.default(''),
	/** Such as `tier:fast` or `lab/*`. */
	specs: z.array(short).max(50).default([]),
	/** Dollars per window, such as `5/day`. */
	budget: short.default(''),
	rpm: short.default(''),
	/** Such as `30d` or `2027-01-31`. */
	expires: short.default(''),
});

/** The order behind the words. Throws `usage` with the first that cannot be read. */
export function keyOrder(words: z.infer<typeof keyOrderSchema>, nowMs: number): KeyOrder {
	const { name, user, specs, budget, rpm, expires } = words;
	return {
		name,
		user: user === '' ? null : user,
		specs: specs.filter((spec) => spec !== '').map(parseAllowed),
		budget: budget === '' ? null : parseBudget(budget),
		rpm: rpm === '' ? null : parseRpm(rpm),
		expires_at: expires === '' ? null : parseExpiry(expires, nowMs),
	};
}
