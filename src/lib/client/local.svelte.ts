// Changes to the models on this machine, asked of the server; the page is told when there is something new to show.
/* eslint-disable svelte/prefer-svelte-reactivity -- addresses are written once and rendered nowhere */
import { ask, isObject, readLines, type Fetch } from '#lib/client/api.ts';
import type { DuplicatesAnswer, RemovalPlan } from '#lib/core/inventory.ts';
import { encodeId } from '#lib/core/repository.ts';

/** One copy, by the model's id and the copy's own key. `revision`: only this commit of it. */
export interface CopyRef {
	id: string;
	key: string;
	revision?: string | null;
}

interface LocalDeskOptions {
	fetch: Fetch;
	/** Called when something changed. */
	onchange: () => Promise<unknown>;
}

function isPlan(value: unknown): value is RemovalPlan {
	return isObject(value) && typeof value.frees_bytes === 'number' && Array.isArray(value.keeps);
}

function isDuplicates(value: unknown): value is DuplicatesAnswer {
	return isObject(value) && Array.isArray(value.duplicates) && isObject(value.unread);
}

/** One per page. Methods throw ApiError with everything as it was. */
export class LocalDesk {
	readonly #options: LocalDeskOptions;
	/** Duplicates after reading; null until then. */
	duplicates = $state.raw<DuplicatesAnswer | null>(null);
	/** How much has been read, as a share; null while nothing is being read. */
	share = $state<number | null>(null);

	constructor(options: LocalDeskOptions) {
		this.#options = options;
	}

	async #plan({ id, key, revision = null }: CopyRef, more: Record<string, string>): Promise<RemovalPlan> {
		const query = new URLSearchParams({ copy: key, ...(revision === null ? {} : { revision }), ...more });
		const response = await ask(this.#options, `/api/local/models/${encodeId(id)}?${query}`, { method: 'DELETE' });
		const plan: unknown = await response.json();
		if (isPlan(plan)) return plan;
		throw new TypeError('The server sent a plan that this page cannot read.');
	}

	/** What removing would do. */
	preview(copy: CopyRef): Promise<RemovalPlan> {
		return this.#plan(copy, { dry_run: '1' });
	}

	/** Removes; `confirm` is what the person typed. */
	async remove(copy: CopyRef, confirm: string | null): Promise<RemovalPlan> {
		const plan = await this.#plan(copy, confirm === null ? {} : { confirm });
		await this.#options.onchange();
		return plan;
	}

	async #send(path: string, method: 'POST' | 'DELETE', body?: object): Promise<Response> {
		const init =
			body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
		return ask(this.#options, path, { method, ...init });
	}

	/** Has one more folder searched. */
	async addFolder(path: string): Promise<void> {
		await this.#send('/api/local/folders', 'POST', { path });
		await this.#options.onchange();
	}

	/** Stops searching a folder that was added. */
	async forgetFolder(path: string): Promise<void> {
		await this.#send(`/api/local/folders?${new URLSearchParams({ path })}`, 'DELETE');
		await this.#options.onchange();
	}

	/** Clears away; tells how many bytes came free. */
	async prune(kinds: readonly string[]): Promise<number> {
		const response = await this.#send('/api/local/prune', 'POST', { kinds });
		const done: unknown = await response.json();
		await this.#options.onchange();
		return isObject(done) && typeof done.frees_bytes === 'number' ? done.frees_bytes : 0;
	}

	/** Reads files that may be the same as others, and shows how far it is. */
	async compare(): Promise<void> {
		this.share = 0;
		try {
			const { body } = await this.#send('/api/local/duplicates', 'POST');
			if (body === null) return;
			for await (const line of readLines(body)) {
				if (isDuplicates(line)) this.duplicates = line;
				else if (isObject(line) && typeof line.read_bytes === 'number' && typeof line.total_bytes === 'number') {
					this.share = line.total_bytes === 0 ? 1 : line.read_bytes / line.total_bytes;
				}
			}
		} finally {
			this.share = null;
		}
	}
}
