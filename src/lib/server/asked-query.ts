// The question of a list against the tables that only the server has: families that are none, and their spelling.
import { familyNames } from '#lib/core/architecture.ts';
import type { Failure } from '#lib/core/failure.ts';
import { badName } from '#lib/core/parameter.ts';
import type { ModelQuery } from '#lib/core/query.ts';
import { parseQuery } from '#lib/core/query-url.ts';

/** Every family a model can be of, by its name in small letters. */
const families = new Map(familyNames().map((name) => [name.toLowerCase(), name]));

/** The query with its families as the lists spell them, and a failure for each that there is not, which is left out. */
export function spelledFamilies(query: ModelQuery): { query: ModelQuery; failures: Failure[] } {
	const failures: Failure[] = [];
	const family = query.family.flatMap((typed) => {
		const name = families.get(typed.toLowerCase());
		if (name === undefined) failures.push(badName('family', typed, [...families.values()]));
		return name ?? [];
	});
	return { query: { ...query, family: [...new Set(family)] }, failures };
}

/**
 * A list request of a program. Throws `invalid_query` for a value that is none, a family among them, and
 * `unknown_field` for a name that is no filter; both with the nearest that is.
 */
export function askedQuery(params: URLSearchParams): ModelQuery {
	const { query, failures } = spelledFamilies(parseQuery(params, { strict: true }));
	const [failure] = failures;
	if (failure !== undefined) throw failure;
	return query;
}
