// The models that can sort texts, as the server tells them.
import { ApiError, type Fetch } from '#lib/client/api.ts';
import { readClassifiers, type ClassifierList } from '#lib/client/classify-wire.ts';

/** One per page. */
export class Classifiers {
	readonly #fetch: Fetch;
	/** null until the first answer. */
	list = $state.raw<ClassifierList | null>(null);
	problem = $state<string | null>(null);
	isLoading = $state(false);

	constructor(fetch: Fetch) {
		this.#fetch = fetch;
	}

	/** Asks what is there. Never throws: `problem` says what went wrong, and an earlier list stays. */
	async load(): Promise<void> {
		this.isLoading = true;
		try {
			this.list = await readClassifiers({ fetch: this.#fetch });
			this.problem = null;
		} catch (error) {
			this.problem = error instanceof ApiError ? error.message : 'Something went wrong in this page. Reload it.';
		} finally {
			this.isLoading = false;
		}
	}
}
