// The bind guard: decides for every kind of value whether it may reach the SQLite driver, and in which form.

/** What SQLite can keep and what it hands back. */
export type Cell = null | number | string | Uint8Array;

/** What the driver is given: whole numbers travel as bigint, because it binds every plain number as a float. */
export type Bound = Cell | bigint;

/** A value was handed to SQL that has no faithful form there: always a bug of ours, never a user's mistake. */
export class BindError extends TypeError {
	constructor(position: number, reason: string) {
		super(`SQL parameter ${position + 1}: ${reason}`);
		this.name = 'BindError';
	}
}

function bindNumber(value: number, position: number): Bound {
	if (!Number.isFinite(value)) throw new BindError(position, `${value} has no place in SQL; use null for unknown`);
	return Number.isSafeInteger(value) ? BigInt(value) : value;
}

function bindBigint(value: bigint, position: number): Bound {
	if (value >= -(2n ** 63n) && value < 2n ** 63n) return value;
	throw new BindError(position, 'the whole number needs more than 64 bits');
}

function bindText(value: string, position: number): Bound {
	// The driver cuts text at the first NUL without a word.
	if (value.includes('\0')) throw new BindError(position, 'text holds a NUL character');
	return value;
}

/**
 * The value in a form the driver takes without harm; throws `BindError` for everything else. libsql 0.5 aborts the
 * whole process on a boolean, cuts text at NUL, and turns undefined and NaN into null: so booleans become 1 and 0, and
 * the others are refused. Lone surrogates become U+FFFD in the driver.
 */
export function bind(value: unknown, position = 0): Bound {
	if (value === null) return null;
	if (typeof value === 'string') return bindText(value, position);
	if (typeof value === 'number') return bindNumber(value, position);
	if (typeof value === 'boolean') return value ? 1n : 0n;
	if (typeof value === 'bigint') return bindBigint(value, position);
	if (value instanceof Uint8Array) return value;
	if (value instanceof Date) throw new BindError(position, 'a Date; store its ISO text or its milliseconds');
	if (value === undefined) throw new BindError(position, 'undefined; use null for unknown');
	throw new BindError(position, `${Array.isArray(value) ? 'an array' : typeof value} cannot be stored as it is`);
}
