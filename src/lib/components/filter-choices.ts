// The choices the filter modal offers, from what the list knows and what is already chosen.
import { formatCount } from '#lib/core/format.ts';
import type { FacetValue } from '#lib/core/query.ts';

function isUnknown(value: string): boolean {
	return value.toLowerCase() === 'unknown';
}

/** The values of a facet in its own order, the chosen ones never missing, Unknown last. */
export function listed(values: readonly FacetValue[], chosen: readonly string[]): string[] {
	const all = [...new Set([...values.map(({ value }) => value), ...chosen])];
	return [...all.filter((value) => !isUnknown(value)), ...all.filter(isUnknown)];
}

/** Models per value. */
export function countsOf(values: readonly FacetValue[]): ReadonlyMap<string, number> {
	return new Map(values.map(({ value, count }) => [value, count]));
}

const contextSteps = [4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 1_048_576];

/** Context minimums to choose from, with the current one among them. */
export function contextChoices(current: number | null): { value: string; label: string }[] {
	const steps = [...new Set(current === null ? contextSteps : [...contextSteps, current])].sort((a, b) => a - b);
	const choices = steps.map((tokens) => ({ value: String(tokens), label: `${formatCount(tokens)} tokens` }));
	return [{ value: '', label: 'Any' }, ...choices];
}
