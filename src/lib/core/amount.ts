// Amounts of memory as people write them, read without guessing.
const kib = 1024;
const mib = kib * 1024;
const gib = mib * 1024;

const units: Readonly<Record<string, number>> = {
	'': 1,
	b: 1,
	...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
	...{ kib, mib, gib, tib: gib * 1024 },
};

/** More memory than any device has; an amount above it is a slip. */
export const mostMemoryBytes = 1e15;

/** `16GB` (decimal), `16GiB` (binary) or a plain number of bytes; null when it is no amount of memory. */
export function parseMemory(text: string): number | null {
	const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([a-z]{0,3})$/i.exec(text.trim());
	const unit = (match?.[2] ?? '').toLowerCase();
	const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
	if (match === null || factor === undefined) return null;
	const bytes = Math.round(Number(match[1]) * factor);
	return bytes > 0 && bytes <= mostMemoryBytes ? bytes : null;
}
