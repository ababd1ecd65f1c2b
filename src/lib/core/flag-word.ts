// Yes and no in a query: `1` and `true`, `0` and `false`, and nothing else.
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';

/** The yes or no under a name; no when it is not there. Throws `invalid_query`. */
export function parseFlag(params: URLSearchParams, name: string): boolean {
	const value = params.get(name);
	if (value === null || value === '0' || value === 'false') return false;
	if (value === '1' || value === 'true') return true;
	throw new Failure('invalid_query', `"${quoted(value)}" is not a value for ${name}: expected 1 or 0.`);
}
