// Questions to the registry's records and figures, read from the query of a URL.
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { RequestFilter } from '#lib/server/store/requests.ts';
import { isUlid } from '#lib/server/registry/ulid.ts';

const mostHours = 24 * 90;
const mostRecords = 200;

function wrong(name: string, value: string, wanted: string): Failure {
	return new Failure('invalid_query', `"${quoted(value)}" is no ${name}: it has to be ${wanted}.`);
}

function refuseOthers(params: URLSearchParams, known: readonly string[]): void {
	const other = [...params.keys()].find((name) => !known.includes(name));
	if (other !== undefined) {
		throw new Failure('invalid_query', `There is no parameter "${quoted(other)}"; there are ${known.join(', ')}.`);
	}
}

function whole(
	params: URLSearchParams,
	name: string,
	{ least, most, usual }: { least: number; most: number; usual: number },
): number {
	const text = params.get(name);
	if (text === null) return usual;
	const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
	if (value >= least && value <= most) return value;
	throw wrong(name, text, `a whole number from ${least} to ${most}`);
}

/** Hours that figures reach back; 24 unless told. Throws `invalid_query`. */
export function parseHours(params: URLSearchParams): number {
	refuseOthers(params, ['hours']);
	return whole(params, 'hours', { least: 1, most: mostHours, usual: 24 });
}

const outcomes = ['ok', 'failed', 'cancelled'];

/** Which records are wanted. Throws `invalid_query`. */
export function parseRequestList(params: URLSearchParams): RequestFilter {
	refuseOthers(params, ['route', 'user', 'model', 'outcome', 'cursor', 'limit']);
	const outcome = params.get('outcome');
	if (outcome !== null && !outcomes.includes(outcome)) throw wrong('outcome', outcome, outcomes.join(', '));
	const before = params.get('cursor');
	if (before !== null && !isUlid(before)) throw wrong('cursor', before, 'the next_cursor of a page');
	return {
		route: params.get('route'),
		user: params.get('user'),
		served: params.get('model'),
		outcome,
		before,
		limit: whole(params, 'limit', { least: 1, most: mostRecords, usual: 50 }),
	};
}
