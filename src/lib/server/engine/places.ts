// Where a model lies on this machine: found by short name, by id in the Hugging Face cache, or by its folder.
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { ggufLabel } from '#lib/core/gguf-files.ts';
import { isRepositoryId, quoted } from '#lib/core/repository.ts';
import { knownModel, type NamedModel } from '#lib/core/tables/named-models.ts';
import { dtypes, absent, readModelFiles } from '#lib/server/engine/model-files.ts';
import type { Ground, ModelPlace } from '#lib/server/engine/model-place.ts';
import { inside } from '#lib/server/inner-file.ts';
import type { Inventory } from '#lib/server/inventory.ts';

interface PlacesOptions {
	/** Folder of the Hugging Face cache. */
	cache: string;
	inventory: Pick<Inventory, 'files'>;
	/** Folders that may hold a folder per model, by its short name. */
	stores: readonly string[];
}

interface FindOptions {
	dtype?: string | null;
	/** May the name be the path of a folder or of a GGUF file? Only what a person types on this machine, never what a request says. */
	allowFolder?: boolean;
	/** Another folder that may hold a folder per model. */
	store?: string | null;
}

const isGguf = (path: string) => path.toLowerCase().endsWith('.gguf');

/** Finds models. */
export class ModelPlaces {
	readonly #options: PlacesOptions;

	constructor(options: PlacesOptions) {
		this.#options = options;
	}

	/**
	 * The model of this name: a short name, the id of a repository, or a folder where that is allowed. Throws
	 * `model_not_installed` with the command that gets it, `model_locked`, `unsupported_model`, `invalid_labels` or
	 * `invalid_onnx`.
	 */
	async find(name: string, { dtype = null, allowFolder = false, store = null }: FindOptions = {}): Promise<ModelPlace> {
		const wanted = dtype?.toLowerCase() ?? null;
		if (wanted !== null && !dtypes.includes(wanted) && wanted !== 'gguf' && ggufLabel(wanted) === null) {
			const more = 'and quantizations of GGUF files such as q4_k_m';
			throw new Failure('usage', `There is no dtype "${quoted(wanted)}"; known are ${dtypes.join(', ')}, ${more}.`);
		}
		const known = knownModel(name);
		const ground =
			(allowFolder ? await this.#folder(name) : null) ??
			(await this.#stored(name, known, store)) ??
			(await this.#cached(name, known));
		if (ground !== null) return readModelFiles(ground, wanted);
		if (known?.locked != null) throw new Failure('model_locked', `${known.name} is not here. ${known.locked}`);
		if (known !== null || isRepositoryId(name)) throw absent(name, known);
		throw new Failure(
			'model_not_installed',
			`There is no model "${quoted(name)}"; "modeldex model list" shows those that are here.`,
		);
	}

	async #folder(name: string): Promise<Ground | null> {
		if (!isAbsolute(name) && !/^\.{1,2}([/\\]|$)/.test(name)) return null;
		return this.#plain(resolve(name), name, null);
	}

	async #plain(folder: string, name: string, known: NamedModel | null): Promise<Ground | null> {
		try {
			const real = await realpath(folder);
			if (isGguf(folder) && (await stat(real)).isFile()) {
				const named = { folder: await realpath(dirname(folder)), file: basename(folder), root: dirname(real) };
				return { name, known, ...named, revision: null, sha256Of: () => null };
			}
			return { name, known, folder: real, root: real, revision: null, sha256Of: () => null };
		} catch {
			return null; // no such folder
		}
	}

	async #stored(name: string, known: NamedModel | null, store: string | null): Promise<Ground | null> {
		const short = known?.name ?? name;
		if (!/^[\w][\w.-]*$/.test(short)) return null;
		for (const root of [...(store === null ? [] : [store]), ...this.#options.stores]) {
			const found = await this.#plain(join(root, short), name, known);
			if (found !== null) return found;
		}
		return null;
	}

	async #cached(name: string, known: NamedModel | null): Promise<Ground | null> {
		for (const id of new Set([known?.id ?? name, name])) {
			if (!isRepositoryId(id)) continue;
			const here = await this.#options.inventory.files(id);
			if (here === null || here.commit === null) continue;
			// Other tools keep their copies in forms of their own; only the shared cache has the folder that is loaded from.
			const root = await realpath(this.#options.cache).catch(() => null);
			if (root === null) continue;
			const repository = join(root, `models--${id.replaceAll('/', '--')}`);
			const folder = join(repository, 'snapshots', here.commit);
			if ((await inside(repository, folder)) === null) continue;
			const byPath = new Map(here.files.map(({ path, sha256 }) => [join(folder, ...path.split('/')), sha256]));
			const sha256Of = (path: string) => byPath.get(path) ?? null;
			return { name, known, folder, root: repository, revision: here.commit, sha256Of };
		}
		return null;
	}
}
