// The models on this machine as faces work with them: lists, folders, duplicates, and everything that changes the disk.
import { isAbsolute, resolve, sep } from 'node:path';
import {
	duplicatesOf,
	isLocalTool,
	toolFacts,
	unreadTwins,
	type DiskSpace,
	type DuplicatesAnswer,
	type HeldFile,
	type LocalAnswer,
	type LocalModelRow,
	type LocalRoot,
	type RemovalPlan,
} from '#lib/core/inventory.ts';
import { Failure } from '#lib/core/failure.ts';
import { isRepositoryId, quoted } from '#lib/core/repository.ts';
import type { Database } from '#lib/server/database.ts';
import type { CopyFacts } from '#lib/server/inventory/copy-facts.ts';
import type { FoundFile } from '#lib/server/inventory/found.ts';
import type { Importer, Imported, ImportOrder } from '#lib/server/inventory/importing.ts';
import { realFolder } from '#lib/server/inventory/look.ts';
import { areShared, planPrune, prune, type Pruned, type PruneOrder } from '#lib/server/inventory/prune.ts';
import type { FileHashes } from '#lib/server/inventory/reading.ts';
import { carryOut, planRemoval } from '#lib/server/inventory/removal.ts';
import type { Held, Shelf } from '#lib/server/inventory/shelf.ts';
import type { LocalModels } from '#lib/server/local-models.ts';
import { addFolder, forgetFolder } from '#lib/server/store/local.ts';

interface LocalOptions {
	shelf: Shelf;
	facts: CopyFacts;
	hashes: FileHashes;
	importer: Importer;
	localModels: Pick<LocalModels, 'look'>;
	database: Database;
	date: () => Date;
	space: (path: string) => Promise<DiskSpace>;
	/** Where downloads go. */
	hubCache: string;
	/** Is a model being downloaded by this process? */
	isBusy?: (id: string) => boolean;
}

/** Which copy is meant where there are several: by tool, or by the key of the copy. */
export interface CopyChoice {
	tool?: string | null;
	copy?: string | null;
}

/** How far reading files is. */
export interface ReadProgress {
	read_bytes: number;
	total_bytes: number;
}

export interface RemoveOrder extends CopyChoice {
	/** Only these commits; the whole copy when left out. */
	revisions?: readonly string[];
	/** What the person typed. */
	confirm?: string | null;
}

/** Copies whose configs are read at the same time. */
const readAtOnce = 16;

/** One per app. */
export class Local {
	readonly #options: LocalOptions;

	constructor(options: LocalOptions) {
		this.#options = options;
	}

	/** Every copy, with what it is; `isWhole`: looks at everything anew. */
	async list({ isWhole = false }: { isWhole?: boolean } = {}): Promise<LocalAnswer> {
		const { localModels, shelf, space, hubCache } = this.#options;
		await localModels.look({ isWhole });
		const models: LocalModelRow[] = [];
		const { held } = shelf.last;
		for (let at = 0; at < held.length; at += readAtOnce) {
			const rows = held.slice(at, at + readAtOnce).map((one) => this.#row(one));
			models.push(...(await Promise.all(rows)));
		}
		return { models, disk: await space(hubCache) };
	}

	/** Room on the disk where downloads go. */
	disk(): Promise<DiskSpace> {
		return this.#options.space(this.#options.hubCache);
	}

	async #row(held: Held): Promise<LocalModelRow> {
		return { ...held.copy, characteristics: await this.#options.facts.of(held) };
	}

	/** Every copy of one model, by its id, its tool's name for it or a copy's key. Throws `not_installed`. */
	async copies(name: string): Promise<LocalModelRow[]> {
		await this.#options.localModels.look();
		const found = this.#options.shelf.find(name);
		if (found.length === 0) throw notHere(name);
		return Promise.all(found.map((held) => this.#row(held)));
	}

	/**
	 * The one copy that is meant. Throws `not_installed`, and `invalid_query` naming the choices where there are several.
	 */
	async pick(name: string, { tool = null, copy = null }: CopyChoice = {}): Promise<Held> {
		if (tool !== null && !isLocalTool(tool))
			throw new Failure('invalid_query', `"${quoted(tool)}" is no tool that keeps models.`);
		await this.#options.localModels.look();
		const found = this.#options.shelf
			.find(name)
			.filter((held) => (tool === null || held.copy.tool === tool) && (copy === null || held.copy.key === copy));
		const [first] = found;
		if (first === undefined) throw notHere(name);
		if (found.length === 1) return first;
		const places = found.map(
			(held) => `${toolFacts[held.copy.tool].label} (tool=${held.copy.tool}, copy=${held.copy.key})`,
		);
		throw new Failure(
			'invalid_query',
			`There are ${found.length} copies of ${quoted(name)}: ${places.join('; ')}. Say which one is meant.`,
		);
	}

	/** What removing would do. Throws as `pick` and `planRemoval` do. */
	async preview(name: string, { revisions = [], ...choice }: RemoveOrder = {}): Promise<RemovalPlan> {
		return (await this.#removal(name, revisions, choice)).plan;
	}

	async #removal(name: string, commits: readonly string[], choice: CopyChoice) {
		const held = await this.pick(name, choice);
		const { isBusy, shelf, date } = this.#options;
		if (isBusy?.(held.copy.id))
			throw new Failure('locked', `${held.copy.id} is being downloaded right now; cancel that first.`);
		return planRemoval(held, shelf.last, { commits, nowMs: date().getTime() });
	}

	/**
	 * Removes a copy, or some revisions of it. Throws `confirmation_required` when what had to be typed was not, and
	 * otherwise as `preview` does.
	 */
	async remove(name: string, { revisions = [], confirm = null, ...choice }: RemoveOrder = {}): Promise<RemovalPlan> {
		const removal = await this.#removal(name, revisions, choice);
		const { plan } = removal;
		if (plan.confirm !== null && plan.confirm !== confirm) {
			const words = `${plan.path} belongs to ${toolFacts[plan.tool].label}, and other programs may need it.`;
			throw new Failure('confirmation_required', `${words} Confirm with the text "${quoted(plan.confirm)}".`);
		}
		try {
			await carryOut(removal);
		} finally {
			await this.#options.localModels.look({ isWhole: true });
		}
		return plan;
	}

	/** What could be cleared away. */
	async prunePreview(order: PruneOrder): Promise<Pruned> {
		await this.#options.localModels.look();
		return planPrune(this.#options.shelf.last, order, this.#options.date().getTime());
	}

	/** Clears away. Folders of other tools need `confirm: true`. */
	async prune(order: PruneOrder & { confirm?: boolean }): Promise<Pruned> {
		if (!areShared(order.tools) && order.confirm !== true) {
			throw new Failure(
				'confirmation_required',
				'These folders belong to other programs; confirm that they may be cleared.',
			);
		}
		const { localModels, shelf, date } = this.#options;
		await localModels.look();
		const done = await prune(shelf.last, order, date().getTime());
		await localModels.look({ isWhole: true });
		return done;
	}

	/** The folders that are searched. */
	async folders(): Promise<LocalRoot[]> {
		await this.#options.localModels.look();
		return this.#options.shelf.folders();
	}

	/**
	 * Has one more folder searched. Throws `usage` for one that is not there, and `already_exists` for one that is in, or
	 * around, a folder that is searched already. `id`: the model it holds.
	 */
	async addFolder(path: string, id: string | null = null): Promise<LocalRoot[]> {
		if (id !== null && !isRepositoryId(id)) throw new Failure('invalid_model_id', `"${quoted(id)}" is not a model id.`);
		const real = isAbsolute(path) ? realFolder(resolve(path)) : null;
		if (real === null)
			throw new Failure('usage', `"${quoted(path)}" is no folder that can be read; give its whole path.`);
		if (real === resolve(sep))
			throw new Failure('usage', 'The top of the disk is too much to search; name a folder of models.');
		const { database, date, localModels, shelf } = this.#options;
		const { roots } = await shelf.look();
		const near = roots.find(
			(root) => root.real !== null && root.real !== real && (isIn(root.real, real) || isIn(real, root.real)),
		);
		const isKnown = roots.some(({ root, real: other }) => other === real && root.added !== true);
		if (near !== undefined || isKnown) {
			throw new Failure(
				'already_exists',
				`${quoted(path)} overlaps ${near?.root.path ?? 'a folder'} that is searched already.`,
			);
		}
		addFolder(database, { path: real, id }, date().toISOString());
		await localModels.look({ isWhole: true });
		return shelf.folders();
	}

	/** Stops searching a folder that was named; nothing in it is touched. Throws `not_found` for one that was not. */
	async forgetFolder(path: string): Promise<LocalRoot[]> {
		const { database, localModels, shelf } = this.#options;
		if (!forgetFolder(database, path)) throw new Failure('not_found', `"${quoted(path)}" is no folder that was added.`);
		await localModels.look({ isWhole: true });
		return shelf.folders();
	}

	#files(): { held: Held; file: FoundFile; listed: HeldFile }[] {
		const { shelf, hashes } = this.#options;
		const known = hashes.known();
		return shelf.last.held.flatMap((held) => {
			const { copy, found } = held;
			const files = new Map(found.revisions.flatMap((revision) => revision.files.map((file) => [file.real, file])));
			return [...files.values()].map((file) => {
				const read = file.sha256 === null ? known(file) : null;
				const { size, inode, real: path } = file;
				const sha256 = file.sha256 ?? read;
				const known_by = file.known_by ?? (read === null ? null : 'read');
				return { held, file, listed: { id: copy.id, tool: copy.tool, path, size, inode, sha256, known_by } };
			});
		});
	}

	/** The same bytes in several places, as far as hashes are known. */
	async duplicates(): Promise<DuplicatesAnswer> {
		await this.#options.localModels.look();
		return duplicatesOf(this.#files().map(({ listed }) => listed));
	}

	/** Reads what may be the same as another file, and tells how far it is; then the answer is complete. */
	async *readDuplicates({ signal }: { signal: AbortSignal }): AsyncGenerator<ReadProgress> {
		await this.#options.localModels.look();
		const files = this.#files();
		const wanted = new Set(unreadTwins(files.map(({ listed }) => listed)).map(({ path }) => path));
		const twins = files.filter(({ file }) => wanted.has(file.real));
		const total_bytes = twins.reduce((sum, { file }) => sum + file.size, 0);
		let read_bytes = 0;
		for (const { held, file } of twins) {
			await this.#options.hashes.read(held.real, file, { signal });
			read_bytes += file.size;
			yield { read_bytes, total_bytes };
		}
	}

	/** What taking a file or folder in would do. Throws as `Importer.take` does. */
	importPlan(order: Pick<ImportOrder, 'path' | 'id'>): Omit<Imported, 'checksum'> {
		return this.#options.importer.plan(order);
	}

	/** Takes a file or folder into our own store, telling how far it is; the result comes last. Throws as `Importer.take` does. */
	async *importing(order: Omit<ImportOrder, 'onBytes'>): AsyncGenerator<ReadProgress | Imported> {
		let seen: ReadProgress = { read_bytes: 0, total_bytes: 0 };
		let wake = () => {};
		const onBytes = (read_bytes: number, total_bytes: number) => {
			seen = { read_bytes, total_bytes };
			wake();
		};
		const taking = this.#options.importer.take({ ...order, onBytes });
		let isOver = false;
		const over = taking.then(
			() => (isOver = true),
			() => (isOver = true),
		);
		while (!isOver) {
			await Promise.race([over, new Promise<void>((resolve) => (wake = resolve))]);
			if (!isOver) yield seen;
		}
		const imported = await taking;
		await this.#options.localModels.look({ isWhole: true });
		yield imported;
	}
}

function isIn(outer: string, inner: string): boolean {
	return inner.startsWith(outer + sep);
}

/** The failure for a model that is not here, with the way to get it. */
export function notHere(name: string): Failure {
	const shown = quoted(name);
	const way = isRepositoryId(name) ? ` Get it with: modeldex model download ${shown}` : '';
	return new Failure('not_installed', `${shown} is not on this machine.${way}`);
}
