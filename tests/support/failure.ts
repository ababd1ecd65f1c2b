// The failure that work ends with, for tests that say which one it has to be.
import { Failure } from '#lib/core/failure.ts';

/** What the work fails with; throws when it does not fail, or with something else. */
export async function failure(work: Promise<unknown>): Promise<Failure> {
	const error = await work.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	if (error instanceof Failure) return error;
	throw new Error('It did not fail, or not with a Failure', { cause: error });
}
