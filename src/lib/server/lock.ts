// Makes lock entries of the models on this machine, and of the same models as the Hub has them now.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { driftOf, type Drift, type LockedFile, type LockedModel } from '#lib/core/lock.ts';
import { chosenGguf } from '#lib/core/gguf-files.ts';
import { licenseOf } from '#lib/core/license.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Configs } from '#lib/server/configs.ts';
import type { Headers } from '#lib/server/headers.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import type { FileHashes } from '#lib/server/inventory/reading.ts';
import { bestOf, type Held } from '#lib/server/inventory/shelf.ts';

interface LocksOptions {
	hub: Hub;
	catalog: Pick<Catalog, 'entry'>;
	configs: Configs;
	headers: Headers;
	inventory: Inventory;
	hashes: FileHashes;
}

const mostTextBytes = 5 * 1024 * 1024;
const templateSchema = z.object({ chat_template: z.unknown() });

/** Reads a small file of a model; null when it has none of that name. */
type ReadText = (path: string) => Promise<string | null>;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The hash of a chat template, wherever it stands: a file of its own, or a field of the tokenizer's configuration. */
async function templateHash(read: ReadText): Promise<string | null> {
	const own = await read('chat_template.jinja');
	if (own !== null) return sha256(own);
	for (const path of ['chat_template.json', 'tokenizer_config.json']) {
		const template = templateIn(await read(path));
		if (template !== null) return sha256(template);
	}
	return null;
}

function templateIn(text: string | null): string | null {
	if (text === null) return null;
	try {
		const template = templateSchema.safeParse(JSON.parse(text)).data?.chat_template;
		if (template === undefined || template === null) return null;
		return typeof template === 'string' ? template : JSON.stringify(template);
	} catch {
		return null; // damaged: it has no template that anybody could use
	}
}

/** One per app. */
export class Locks {
	readonly #options: LocksOptions;

	constructor(options: LocksOptions) {
		this.#options = options;
	}

	/**
	 * The entry of a copy: every file of its best revision with its hash, read where nothing tells it. Throws
	 * `invalid_revision` for a copy whose tool keeps no commit.
	 */
	async entryOf(held: Held, signal?: AbortSignal): Promise<LockedModel> {
		const { copy, found, real } = held;
		const { catalog, configs, inventory, hashes } = this.#options;
		const commit = copy.revision;
		if (commit === null) {
			throw new Failure(
				'invalid_revision',
				`${copy.id} cannot be locked: its tool does not say which commit it is of.`,
			);
		}
		const files: Record<string, LockedFile> = {};
		for (const file of bestOf(found)?.files ?? []) {
			const isKnown = file.sha256 !== null || file.git !== null;
			const read = isKnown ? null : await hashes.read(real, file, { signal });
			files[file.path] = { size: file.size, sha256: file.sha256 ?? read?.sha256 ?? null, git: file.git };
		}
		const text: ReadText = async (path) => (await inventory.text(copy.id, path, mostTextBytes, commit))?.text ?? null;
		const facts = await configs.read(copy.id, { revision: commit, signal }).catch(nothing);
		return {
			commit,
			license: catalog.entry(copy.id)?.license ?? null,
			context_window: facts?.context_window ?? null,
			template_sha256:
				(await templateHash(text)) ?? (await this.#ggufTemplate(copy.id, commit, Object.keys(files), false)),
			files,
		};
	}

	/** The same model as the Hub has it now. Throws the Hub's failures. */
	async entryNow(id: string, signal?: AbortSignal): Promise<LockedModel> {
		const { hub, configs } = this.#options;
		const { facts } = await hub.info(id, { priority: 'click', signal });
		const commit = facts.sha;
		if (commit === undefined)
			throw new Failure('hub_error', `The Hub did not say which commit of ${id} is the newest.`);
		const tree = await hub.tree(id, { revision: commit, priority: 'click', signal });
		const paths = new Set(tree.files.map(({ path }) => path));
		const files = tree.files.map(({ path, size, sha256: hash }) => [path, { size, sha256: hash, git: null }] as const);
		const text: ReadText = async (path) => {
			if (!paths.has(path)) return null;
			return (await hub.file(id, path, { revision: commit, priority: 'click', signal }))?.text ?? null;
		};
		const read = await configs.read(id, { revision: commit, signal }).catch(nothing);
		return {
			commit,
			license: licenseOf(facts),
			context_window: read?.context_window ?? null,
			template_sha256: (await templateHash(text)) ?? (await this.#ggufTemplate(id, commit, [...paths], true)),
			files: Object.fromEntries(files),
		};
	}

	/** What moved since a model was locked; a model that the Hub has no more is an answer, too. */
	async drift(id: string, locked: LockedModel, signal?: AbortSignal): Promise<Drift[]> {
		try {
			return driftOf(locked, await this.entryNow(id, signal));
		} catch (error) {
			if (!(error instanceof Failure) || error.code !== 'not_found') throw error;
			return [{ what: 'gone', words: `The Hub has no model ${id} any more.` }];
		}
	}

	async #ggufTemplate(id: string, revision: string, paths: string[], ask: boolean): Promise<string | null> {
		const path = chosenGguf(paths);
		const set =
			path === null
				? null
				: await this.#options.headers.readAll(id, path, { revision, ask, mostParts: 1 }).catch(nothing);
		return set?.summary.chat_templates[0]?.digest ?? null;
	}
}

/** Facts that could not be read are not known; that keeps no lock from being made. */
function nothing(error: unknown): null {
	if (error instanceof Failure) return null;
	throw error;
}
