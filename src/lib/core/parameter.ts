// The parameters of a URL at the door: names that are none, values that are none, and the nearest that there is.
import { Failure } from '#lib/core/failure.ts';
import { meantName } from '#lib/core/likeness.ts';
import { quoted } from '#lib/core/repository.ts';

function hint(typed: string, known: readonly string[]): string {
	const meant = meantName(typed, known);
	return meant === null ? '' : ` Did you mean ${meant}?`;
}

/** The failure of a value that is none: `wanted` completes "expected …". */
export function badValue(name: string, value: string, wanted: string): Failure {
	return new Failure('invalid_query', `"${quoted(value)}" is not a value for ${name}: expected ${wanted}.`);
}

/** The failure of a value that is none of the choices, with the nearest of them. */
export function badChoice(name: string, value: string, choices: readonly string[]): Failure {
	const says = `"${quoted(value)}" is not a value for ${name}`;
	const meant = meantName(value, choices);
	const near = meant === null ? '' : `did you mean ${meant}? `;
	return new Failure(
		'invalid_query',
		`${says}: ${near}${near === '' ? 'expected' : 'Expected'} ${choices.join(', ')}.`,
	);
}

/** The failure of a name that is none of so many that they are not listed, with the nearest of them. */
export function badName(name: string, value: string, known: readonly string[]): Failure {
	return new Failure('invalid_query', `There is no ${name} "${quoted(value)}".${hint(value, known)}`);
}

interface KnownNames {
	/** Names that may come once. */
	once: readonly string[];
	/** Names that may repeat. */
	many?: readonly string[];
}

/**
 * Throws for names that are no parameter here (`unknown_field`, with the nearest that is) and for one that has room for
 * a single value and comes again with another (`invalid_query`): neither of the two would be the answer's.
 */
export function refuseOthers(params: URLSearchParams, { once, many = [] }: KnownNames): void {
	for (const name of new Set(params.keys())) {
		if (many.includes(name)) continue;
		if (!once.includes(name)) {
			const near = hint(name, [...once, ...many]);
			throw new Failure('unknown_field', `There is no query parameter "${quoted(name)}" here.${near}`);
		}
		const values = new Set(params.getAll(name));
		if (values.size > 1) {
			const [first = '', second = ''] = values;
			const both = `"${quoted(first)}" and "${quoted(second)}"`;
			throw new Failure('invalid_query', `${name} takes one value, not ${both}.`);
		}
	}
}
