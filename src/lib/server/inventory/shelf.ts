// Every copy of every model on this machine, from all the folders that are searched; what did not change is not read again.
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { DiskSpace, Leftover, LocalCopy, LocalRevision, LocalRoot } from '#lib/core/inventory.ts';
import type { ModelFile } from '#lib/core/model.ts';
import type { Clock } from '#lib/server/clock.ts';
import {
	isModel,
	type FoundCopy,
	type FoundLeftover,
	type FoundRoot,
	type SearchedRoot,
} from '#lib/server/inventory/found.ts';
import { readRepository, repositoryPattern, sharedOrphans } from '#lib/server/inventory/hub-folder.ts';
import { entriesOf, lookAt, realFolder } from '#lib/server/inventory/look.ts';
import { readOllama } from '#lib/server/inventory/ollama-folder.ts';
import { readLlamaCpp, readPlain } from '#lib/server/inventory/plain-folder.ts';
import { Tally } from '#lib/server/inventory/tally.ts';
import { xetLeftovers } from '#lib/server/inventory/xet-folder.ts';

/** A folder that was searched, as it is now: `real` is its real path, null when it is not there. */
export interface SeenRoot {
	root: SearchedRoot;
	real: string | null;
	leftovers: FoundLeftover[];
}

/** A copy with everything that was found of it. */
export interface Held {
	copy: LocalCopy;
	found: FoundCopy;
	/** Real path of its root: nothing outside is ever touched. */
	real: string;
}

/** One look: whatever asks again gets the same object as long as nothing changed. */
export interface Look {
	held: readonly Held[];
	roots: readonly SeenRoot[];
	/** Folders whose changes matter. */
	watched: readonly string[];
}

interface ShelfOptions {
	roots: () => readonly SearchedRoot[];
	xetCache: string | null;
	clock: Clock;
	/** Free and whole space of the disk that holds a path. */
	space: (path: string) => Promise<DiskSpace>;
}

/** A piece of a look that is kept while its folders keep their times. */
interface Unit extends FoundRoot {
	/** False while something in it is so young that its time proves nothing, or is being written. */
	isSettled: boolean;
}

/** File systems count times this roughly at worst. */
const roughMs = 2_500;
/** Files may be written in place, which no folder's time shows: once in a while everything is read again. */
const wholeEveryMs = 10 * 60_000;
/** The longest that a look holds up everything else. */
const sliceMs = 8;

/** Looks at folders. Nothing here throws: what cannot be read is broken, or not there. */
export class Shelf {
	readonly #options: ShelfOptions;
	#units = new Map<string, Unit>();
	#last: Look = { held: [], roots: [], watched: [] };
	#wholeAt = -Infinity;
	#underWay: Promise<Look> | null = null;
	#sliceEnd = 0;

	constructor(options: ShelfOptions) {
		this.#options = options;
	}

	/** The copies as of the last look, without looking. */
	get last(): Look {
		return this.#last;
	}

	/** Copies of a model, best place first; none when it is not here. By its id, its tool's name for it, or a copy's key. */
	find(name: string): Held[] {
		return this.#last.held.filter(
			({ copy: { id, name: called, key } }) => id === name || called === name || key === name,
		);
	}

	/** Looks now, or takes part in a look under way. `isWhole`: nothing kept is trusted. */
	look({ isWhole = false }: { isWhole?: boolean } = {}): Promise<Look> {
		this.#underWay ??= this.#look(isWhole).finally(() => (this.#underWay = null));
		return this.#underWay;
	}

	async #look(isWhole: boolean): Promise<Look> {
		const { clock, roots: named } = this.#options;
		const now = clock.ticks();
		if (isWhole || now - this.#wholeAt > wholeEveryMs) {
			this.#units.clear();
			this.#wholeAt = now;
		}
		this.#sliceEnd = performance.now() + sliceMs;
		const before = this.#units;
		const units = new Map<string, Unit>();
		const places = new Map<string, { root: SearchedRoot; real: string | null }>();
		for (const root of named()) {
			const real = realFolder(root.path);
			if (places.has(real ?? root.path)) continue;
			places.set(real ?? root.path, { root, real });
			if (real !== null) await this.#readRoot(root, real, units);
		}
		const isSame = units.size === before.size && [...units].every(([key, unit]) => before.get(key) === unit);
		this.#units = units;
		const found = [...places.values()];
		if (isSame && sameRoots(this.#last.roots, found)) return this.#last;
		const roots = found.map(({ root, real }) => {
			return { root, real, leftovers: real === null ? [] : this.#besides(root, real, units) };
		});
		this.#last = this.#assemble(units, roots);
		return this.#last;
	}

	/** Lets others have a turn when this look has had its slice. */
	async #rest(): Promise<void> {
		if (performance.now() < this.#sliceEnd) return;
		await new Promise((resolve) => setImmediate(resolve));
		this.#sliceEnd = performance.now() + sliceMs;
	}

	async #readRoot(root: SearchedRoot, real: string, units: Map<string, Unit>): Promise<void> {
		if (root.tool === 'huggingface' || root.tool === 'llamacpp') {
			for (const { name } of entriesOf(real) ?? []) {
				if (!repositoryPattern.test(name)) continue;
				const read = () => {
					const copy = readRepository(root, real, name);
					return { copies: [copy], leftovers: [], stamps: copy.stamps };
				};
				units.set(join(real, name), this.#unit(join(real, name), read));
				await this.#rest();
			}
		}
		if (root.tool === 'huggingface') return;
		const readers = { ollama: readOllama, llamacpp: readLlamaCpp } as const;
		const read = root.tool === 'ollama' || root.tool === 'llamacpp' ? readers[root.tool] : readPlain;
		units.set(
			`${root.tool} ${real}`,
			this.#unit(`${root.tool} ${real}`, () => whole(read(root, real))),
		);
		await this.#rest();
	}

	#unit(key: string, read: () => FoundRoot): Unit {
		const kept = this.#units.get(key);
		if (kept !== undefined && kept.isSettled && kept.stamps.length > 0 && kept.stamps.every(isUnchanged)) return kept;
		const now = this.#options.clock.date().getTime();
		const found = read();
		const files = found.copies.flatMap(({ revisions }) => revisions.flatMap((revision) => revision.files));
		const leftovers = [...found.leftovers, ...found.copies.flatMap((copy) => copy.leftovers)];
		const newest = Math.max(
			0,
			...found.stamps.map(([, at]) => at),
			files.reduce((most, { changed }) => Math.max(most, changed), 0),
		);
		const isSettled = newest < now - roughMs && !leftovers.some(({ kind }) => kind === 'partial');
		return { ...found, isSettled };
	}

	/** What lies in a root and belongs to no copy. */
	#besides({ tool }: SearchedRoot, real: string, units: ReadonlyMap<string, Unit>): FoundLeftover[] {
		if (tool !== 'huggingface') return units.get(`${tool} ${real}`)?.leftovers ?? [];
		const { xetCache } = this.#options;
		return [...sharedOrphans(real), ...(xetCache === null ? [] : xetLeftovers(xetCache))];
	}

	#assemble(units: ReadonlyMap<string, Unit>, roots: readonly SeenRoot[]): Look {
		const found = [...units.values()].flatMap(({ copies }) => copies);
		const tally = new Tally(found);
		const order = new Map(roots.map(({ root }, at) => [root.path, at]));
		const held = found.flatMap((copy) => {
			const real = roots.find(({ root }) => root.path === copy.root.path)?.real ?? null;
			return real === null ? [] : [{ copy: copyOf(copy, tally), found: copy, real }];
		});
		const place = ({ copy }: Held) => order.get(copy.root) ?? 0;
		held.sort((a, b) => place(a) - place(b) || (a.copy.path < b.copy.path ? -1 : 1));
		const watched = [
			...roots.flatMap(({ real }) => real ?? []),
			...[...units.values()].flatMap(({ stamps }) => stamps.map(([path]) => path)),
		];
		return { held, roots, watched: [...new Set(watched)] };
	}

	/** The folders that are searched, with their disks. */
	async folders(): Promise<LocalRoot[]> {
		const { held, roots } = await this.look();
		return Promise.all(
			roots.map(async ({ root, real, leftovers }) => {
				const inside = held.filter(({ copy }) => copy.root === root.path);
				const tally = new Tally(inside.map((one) => one.found));
				return {
					tool: root.tool,
					path: root.path,
					is_there: real !== null,
					added: root.added === true,
					copies: inside.length,
					size_bytes: tally.bytes,
					leftovers: leftovers.map(leftoverOf),
					...(await this.#options.space(root.path)),
				};
			}),
		);
	}
}

/** A root that is read as one piece: its copies' folders count, too. */
function whole(found: FoundRoot): FoundRoot {
	return { ...found, stamps: [...found.stamps, ...found.copies.flatMap(({ stamps }) => stamps)] };
}

function isUnchanged([path, changedMs]: [string, number]): boolean {
	return lookAt(path)?.mtimeMs === changedMs;
}

type Placed = Pick<SeenRoot, 'root' | 'real'>;

function sameRoots(before: readonly Placed[], now: readonly Placed[]): boolean {
	const words = (roots: readonly Placed[]) => JSON.stringify(roots.map(({ root, real }) => [root, real]));
	return words(before) === words(now);
}

function iso(ms: number): string | null {
	return ms > 0 ? new Date(ms).toISOString() : null;
}

/** A leftover as it is shown. */
export function leftoverOf({ kind, path, bytes, changedMs, why }: FoundLeftover): Leftover {
	return { kind, path, bytes, changed: iso(changedMs), why };
}

function keyOf({ root, path, name }: FoundCopy): string {
	return createHash('sha256')
		.update(JSON.stringify([root.tool, path, name]))
		.digest('hex')
		.slice(0, 16);
}

function revisionsOf(found: FoundCopy, tally: Tally): LocalRevision[] {
	return found.revisions.map((revision) => ({
		commit: revision.commit,
		refs: revision.refs,
		files: revision.files.length,
		size_bytes: tally.sizeOf(revision.files),
		unique_bytes: tally.freedBy(revision.files, found, revision),
		missing: revision.missing,
		changed: iso(revision.changed),
	}));
}

/** The best revision of a copy: the first that says what the model is; null when none does. */
export function bestOf({ revisions }: FoundCopy) {
	return revisions.find(({ files }) => isModel(files)) ?? revisions[0] ?? null;
}

function copyOf(found: FoundCopy, tally: Tally): LocalCopy {
	const best = bestOf(found);
	const files = found.revisions.flatMap((revision) => revision.files);
	const listed: ModelFile[] = (best?.files ?? []).map(({ path, size, sha256 }) => ({
		path,
		size,
		sha256,
		lfs: sha256 !== null,
	}));
	const used = files.reduce((most, file) => Math.max(most, file.used), 0);
	const arrived = files.reduce((first, file) => Math.min(first, file.changed), Infinity);
	const hasPartials = found.leftovers.some(({ kind }) => kind === 'partial');
	return {
		key: keyOf(found),
		id: found.id || found.name || basename(found.path),
		name: found.name,
		revision: best?.commit ?? null,
		tool: found.root.tool,
		root: found.root.path,
		path: found.path,
		files: listed,
		revisions: revisionsOf(found, tally),
		size_bytes: tally.sizeOf(files),
		disk_bytes: tally.allocatedBy(files),
		unique_bytes: tally.freedBy([...files, ...found.leftovers], found),
		partial: hasPartials || (best?.missing.length ?? 0) > 0,
		leftovers: found.leftovers.map(leftoverOf),
		broken: found.broken,
		notes: found.notes,
		arrived: Number.isFinite(arrived) ? iso(arrived) : null,
		last_used: iso(used),
	};
}
