// What removing a copy does, worked out before anything is touched: what goes, what comes free, what stays and why.
import { dirname, join } from 'node:path';
import { toolFacts, type RemovalPlan } from '#lib/core/inventory.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { FoundCopy, FoundFile, FoundRevision } from '#lib/server/inventory/found.ts';
import { sharedUsers } from '#lib/server/inventory/hub-folder.ts';
import { entriesOf, lookAt } from '#lib/server/inventory/look.ts';
import { noteName, sideFiles } from '#lib/server/inventory/plain-folder.ts';
import { Remover } from '#lib/server/inventory/remover.ts';
import type { Held, Look } from '#lib/server/inventory/shelf.ts';
import { Tally } from '#lib/server/inventory/tally.ts';

/** One thing to do, in this order: an interruption leaves rubbish, never a link to nothing. */
export interface Step {
	kind: 'file' | 'tree' | 'emptied' | 'payload';
	path: string;
}

export interface Removal {
	plan: RemovalPlan;
	steps: Step[];
	/** Real path of the root that nothing outside of is touched. */
	root: string;
}

/** A file that grew a moment ago is being written. */
const busyMs = 60_000;
/** Most places that are named among those that stay. */
const mostKeeps = 200;

type Keep = RemovalPlan['keeps'][number];

function labelOf({ root, name, id }: FoundCopy): string {
	return `${id || name} (${toolFacts[root.tool].label})`;
}

/** Why a file that the copy names stays on the disk; null when it goes. */
function whyKept(file: FoundFile, copy: FoundCopy, tally: Tally): string | null {
	const others = [...tally.holders(file.inode)].filter((other) => other !== copy);
	const [other] = others;
	if (other !== undefined) {
		const more = others.length > 1 ? ` and ${others.length - 1} more` : '';
		return `${labelOf(other)}${more} needs the same bytes`;
	}
	const own = new Set(
		copy.revisions.flatMap(({ files }) => files.flatMap(({ inode, real }) => (inode === file.inode ? real : []))),
	);
	return file.names > own.size ? 'another name on this disk leads to the same bytes' : null;
}

function keptOf(files: readonly FoundFile[], copy: FoundCopy, tally: Tally): Keep[] {
	const seen = new Set<string>();
	return files.flatMap((file) => {
		const why = seen.has(file.real) ? null : whyKept(file, copy, tally);
		seen.add(file.real);
		return why === null ? [] : [{ path: file.real, why }];
	});
}

/** Payloads that all models share and that only this copy's files lead to. */
function payloadsOf(files: readonly FoundFile[], copy: FoundCopy, tally: Tally): Step[] {
	const far = files.filter(({ blob, real, inode }) => blob !== null && blob !== real && tally.holders(inode).size <= 1);
	return [...new Set(far.map(({ real }) => real))].map((path) => ({ kind: 'payload', path }));
}

function wholeRepository({ found }: Held, tally: Tally): Step[] {
	const { path } = found;
	const files = found.revisions.flatMap((revision) => revision.files);
	const parts = ['snapshots', 'refs', 'blobs'].map((part) => ({ kind: 'tree' as const, path: join(path, part) }));
	const locks = join(dirname(path), '.locks', path.slice(dirname(path).length + 1));
	return [...parts, { kind: 'tree', path }, { kind: 'tree', path: locks }, ...payloadsOf(files, found, tally)];
}

function someRevisions(held: Held, going: readonly FoundRevision[], tally: Tally): { steps: Step[]; keeps: Keep[] } {
	const { path, revisions } = held.found;
	const staying = revisions.filter((revision) => !going.includes(revision));
	const needed = new Map(staying.flatMap(({ commit, files }) => files.map((file) => [file.blob ?? file.real, commit])));
	const files = going.flatMap((revision) => revision.files);
	const blobs = [...new Set(files.flatMap(({ blob }) => blob ?? []))];
	const steps: Step[] = going.flatMap(({ commit, refs, folder }) => [
		{ kind: 'tree' as const, path: folder },
		...refs.map((ref) => ({ kind: 'file' as const, path: join(path, 'refs', ...ref.split('/')) })),
		{ kind: 'file' as const, path: join(path, 'trees', `${commit}.json`) },
		{ kind: 'tree' as const, path: join(path, '.no_exist', commit ?? '-') },
	]);
	const gone = blobs.filter((blob) => !needed.has(blob));
	const goneFiles = files.filter(({ blob }) => blob !== null && !needed.has(blob));
	const shared = blobs.filter((blob) => needed.has(blob));
	const keeps = shared.map((blob) => ({ path: blob, why: `revision ${needed.get(blob)?.slice(0, 12)} needs it` }));
	const last = [
		...gone.map((blob) => ({ kind: 'file' as const, path: blob })),
		...payloadsOf(goneFiles, held.found, tally),
	];
	return { steps: [...steps, ...last], keeps: [...keeps, ...keptOf(goneFiles, held.found, tally)] };
}

/** Ollama: the manifest first, then blobs that no other manifest names. One that cannot be read may name any of them. */
function ollamaSteps({ found }: Held, look: Look, tally: Tally): Step[] {
	const isUnsure = look.held.some(
		({ found: other }) => other.root.path === found.root.path && other.broken?.includes('manifest') && other !== found,
	);
	const files = found.revisions.flatMap((revision) => revision.files);
	const alone = isUnsure ? [] : files.filter((file) => tally.holders(file.inode).size <= 1);
	const manifest: Step[] = [{ kind: 'file', path: found.path }];
	return [
		...manifest,
		...[...new Set(alone.map(({ real }) => real))].map((path) => ({ kind: 'file' as const, path })),
		{ kind: 'emptied', path: dirname(found.path) },
	];
}

/** A folder or some files of one: what was seen to be the model's, its notes, and folders that are empty then. */
function plainSteps({ found }: Held): { steps: Step[]; keeps: Keep[] } {
	const folder = found.revisions[0]?.folder ?? found.path;
	const isWhole = folder === found.path;
	const files = found.revisions.flatMap((revision) => revision.files.map(({ place }) => place));
	const sides = files.flatMap((place) => (found.root.tool === 'llamacpp' ? sideFiles(place) : []));
	const notes: Step[] = isWhole
		? [
				{ kind: 'tree', path: join(folder, '.cache', 'huggingface') },
				{ kind: 'file', path: join(folder, noteName) },
			]
		: [];
	const partials = found.leftovers.map(({ path }) => path);
	const places = [...new Set([...files, ...sides, ...partials])];
	const folders = [...new Set([...places.map((path) => dirname(path)), join(folder, '.cache')])];
	folders.sort((a, b) => b.length - a.length);
	const steps: Step[] = [
		...places.map((path) => ({ kind: 'file' as const, path })),
		...notes.filter(({ path }) => lookAt(path) !== null),
		...folders.map((path) => ({ kind: 'emptied' as const, path })),
	];
	const strange = isWhole
		? (entriesOf(folder) ?? []).filter(({ name }) => ['.git', 'node_modules'].includes(name))
		: [];
	const keeps = strange.map(({ name }) => ({ path: join(folder, name), why: 'it is no file of the model' }));
	return { steps, keeps };
}

function stepsOf(
	held: Held,
	look: Look,
	tally: Tally,
	going: readonly FoundRevision[],
): { steps: Step[]; keeps: Keep[] } {
	const { found } = held;
	if (lookAt(found.path)?.isSymbolicLink()) {
		const keeps = [{ path: found.path, why: 'only the link is removed; what it leads to is left alone' }];
		return { steps: [{ kind: 'file', path: found.path }], keeps };
	}
	if (going.length > 0) return someRevisions(held, going, tally);
	const files = found.revisions.flatMap((revision) => revision.files);
	const keeps = keptOf(files, found, tally);
	const isRepository =
		found.revisions.some(({ folder }) => folder.startsWith(join(found.path, 'snapshots'))) ||
		/models--[^/\\]+$/.test(found.path);
	if (isRepository) return { steps: wholeRepository(held, tally), keeps };
	if (found.root.tool === 'ollama') return { steps: ollamaSteps(held, look, tally), keeps };
	const plain = plainSteps(held);
	return { steps: plain.steps, keeps: [...keeps, ...plain.keeps] };
}

function checkSafe({ found }: Held, isLink: boolean): void {
	const [why] = found.unsafe;
	if (why === undefined || isLink) return;
	throw new Failure(
		'unsafe_local_path',
		`${labelOf(found)} is not removed: ${quoted(why)}. Look at it and remove it by hand.`,
	);
}

function checkIdle({ found }: Held, nowMs: number): void {
	const busy = found.leftovers.find(({ kind, changedMs }) => kind === 'partial' && nowMs - changedMs < busyMs);
	if (busy === undefined) return;
	throw new Failure('locked', `${labelOf(found)} is being downloaded right now; stop that first, or wait a minute.`);
}

function goingOf({ found }: Held, commits: readonly string[]): FoundRevision[] {
	const going = found.revisions.filter(({ commit }) => commit !== null && commits.includes(commit));
	const missing = commits.find((commit) => !going.some((revision) => revision.commit === commit));
	if (missing !== undefined)
		throw new Failure('not_installed', `${labelOf(found)} has no revision "${quoted(missing)}".`);
	return going.length === found.revisions.length ? [] : going;
}

/**
 * Works out the removal of a copy, or of some of its revisions (all of them: the whole copy). Throws
 * `unsafe_local_path` when something in it leads out or is no file, `locked` while it is being written, and
 * `not_installed` for a revision that is not here.
 */
export function planRemoval(
	held: Held,
	look: Look,
	{ commits, nowMs }: { commits: readonly string[]; nowMs: number },
): Removal {
	const { found, copy, real } = held;
	checkSafe(held, lookAt(found.path)?.isSymbolicLink() === true);
	checkIdle(held, nowMs);
	const tally = new Tally(look.held.map((one) => one.found));
	const going = goingOf(held, commits);
	const { steps, keeps } = stepsOf(held, look, tally, going);
	const frees = going.length === 0 ? copy.unique_bytes : freedByRevisions(found, going, tally);
	const plan: RemovalPlan = {
		id: copy.id,
		tool: copy.tool,
		path: copy.path,
		frees_bytes: frees,
		removes: steps.filter(({ kind, path }) => kind !== 'emptied' && lookAt(path) !== null).map(({ path }) => path),
		keeps: keeps.slice(0, mostKeeps),
		confirm: toolFacts[copy.tool].isShared ? null : copy.id || copy.name,
	};
	return { plan, steps, root: real };
}

function freedByRevisions(found: FoundCopy, going: readonly FoundRevision[], tally: Tally): number {
	const rest = { ...found, revisions: found.revisions.filter((revision) => !going.includes(revision)) };
	const stays = new Set(rest.revisions.flatMap(({ files }) => files.map(({ inode }) => inode)));
	const files = going.flatMap((revision) => revision.files.filter(({ inode }) => !stays.has(inode)));
	return tally.freedBy(files, found);
}

/** Carries a removal out. Throws `unsafe_local_path` at the first thing that must not or cannot be removed. */
export async function carryOut({ steps, root }: Pick<Removal, 'steps' | 'root'>): Promise<void> {
	const remover = new Remover(root);
	for (const { kind, path } of steps) {
		if (kind !== 'payload') await remover[kind](path);
		else if (sharedUsers(root, path)?.length === 0) {
			for (const part of [path, `${path}.refs`, `${path}.lock`]) await remover.file(part);
		}
	}
}
