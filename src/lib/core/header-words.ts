// What the header of a weight file says, in a line for people.
import { formatCount, formatParameters } from '#lib/core/format.ts';
import type { HeaderSummary } from '#lib/core/file-header.ts';

/** Types named in a line; the others have a few norms and biases. */
const named = 3;
/** A type below this share of the weights is not worth a word. */
const leastShare = 0.005;

function shareOf(count: number, all: number): string {
	return `${Math.round((count / all) * 100)} %`;
}

/** The number types with their shares of the elements: `Q4_K 61 %, Q6_K 39 %`; one that has all stands alone. */
export function typeShares({ types }: Pick<HeaderSummary, 'types'>): string {
	const all = types.reduce((sum, { parameters }) => sum + parameters, 0);
	const most = types.filter(({ parameters }) => parameters >= all * leastShare).slice(0, named);
	const [only] = most;
	if (only !== undefined && most.length === 1) return only.type;
	return most.map(({ type, parameters }) => `${type} ${shareOf(parameters, all)}`).join(', ');
}

/** The facts of a header, most important first; what is not known is left out. */
export function headerFacts(header: HeaderSummary): string[] {
	const { parameters, active_parameters: active, bits_per_weight: bits, parts, parts_read: read } = header;
	const isPart = read < parts;
	const shares = typeShares(header);
	return [
		parameters === null ? 'number of weights unknown' : `${formatParameters(parameters)} weights`,
		...(active === null ? [] : [`${formatParameters(active)} active`]),
		...(bits === null ? [] : [`${bits.toFixed(2)} bits each`]),
		...(shares === '' ? [] : [shares]),
		...(isPart ? [`${formatCount(read)} of ${formatCount(parts)} parts read`] : []),
	];
}

/** The longer reading: exact counts and how they were made. */
export function headerNote({ parameters, basis }: HeaderSummary): string {
	return parameters === null ? basis : `${formatCount(parameters)} weights. ${basis}`;
}
