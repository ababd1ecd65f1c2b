// What can be cleared away without losing a model: dead downloads, files nobody names, old revisions, kept pieces.
import { dirname, join } from 'node:path';
import { toolFacts, type Leftover, type LocalTool } from '#lib/core/inventory.ts';
import type { FoundLeftover } from '#lib/server/inventory/found.ts';
import { planRemoval, carryOut, type Step } from '#lib/server/inventory/removal.ts';
import { Remover } from '#lib/server/inventory/remover.ts';
import { leftoverOf, type Held, type Look } from '#lib/server/inventory/shelf.ts';

export const pruneKinds = ['partial', 'orphan', 'revision', 'cache'] as const;
export type PruneKind = (typeof pruneKinds)[number];

export interface PruneOrder {
	kinds: readonly PruneKind[];
	/** Only what has not changed for so long. */
	olderThanMs: number;
	/** The tools whose folders are cleared; those that all tools share when left out. */
	tools?: readonly LocalTool[];
}

/** What was, or would be, cleared away. */
export interface Pruned {
	frees_bytes: number;
	removes: Leftover[];
	/** What was to go and could not, with why. */
	failed: { path: string; why: string }[];
}

interface Piece {
	leftover: FoundLeftover;
	root: string;
	steps: Step[];
}

/** A download may rest for a while and go on: what changed lately is never taken for dead. */
export const restMs = 10 * 60_000;

/** Revisions that no branch or tag means any more, where another one of the model stays. */
function oldRevisions(held: Held, look: Look, nowMs: number): Piece[] {
	const { found, copy, real } = held;
	if (found.unsafe.length > 0 || !found.revisions.some(({ refs }) => refs.length > 0)) return [];
	return found.revisions.flatMap(({ commit, refs, folder, changed }) => {
		if (commit === null || refs.length > 0 || copy.leftovers.some(({ kind }) => kind === 'partial')) return [];
		const { plan, steps } = planRemoval(held, look, { commits: [commit], nowMs });
		const why = `No branch or tag of ${copy.id} means this revision any more.`;
		const common = { kind: 'revision' as const, path: folder, inode: '', changedMs: changed };
		return [{ leftover: { ...common, bytes: plan.frees_bytes, why }, root: real, steps }];
	});
}

function pieces(look: Look, order: PruneOrder, nowMs: number): Piece[] {
	const tools = order.tools ?? (['huggingface', 'modeldex'] as const);
	const wanted = (tool: LocalTool) => tools.includes(tool);
	const simple = (leftover: FoundLeftover, root: string): Piece => ({
		leftover,
		root,
		steps: [{ kind: leftover.kind === 'cache' ? 'tree' : 'file', path: leftover.path }],
	});
	const ofCopies = look.held.filter(({ copy }) => wanted(copy.tool));
	const all = [
		...ofCopies.flatMap(({ found, real }) => found.leftovers.map((one) => simple(one, real))),
		...look.roots.flatMap(({ root, real, leftovers }) => {
			if (real === null || !wanted(root.tool)) return [];
			return leftovers.map((one) => simple(one, one.kind === 'cache' ? dirname(dirname(one.path)) : real));
		}),
		...(order.kinds.includes('revision') ? ofCopies.flatMap((held) => oldRevisions(held, look, nowMs)) : []),
	];
	const wait = Math.max(order.olderThanMs, restMs);
	return all.filter(({ leftover: { kind, changedMs } }) => {
		return (
			order.kinds.some((one) => one === kind) && nowMs - changedMs >= (kind === 'partial' ? wait : order.olderThanMs)
		);
	});
}

/** Is every tool among these one whose folders are shared? Others' folders ask for a word more. */
export function areShared(tools: readonly LocalTool[] = []): boolean {
	return tools.every((tool) => toolFacts[tool].isShared);
}

/** What would be cleared away. */
export function planPrune(look: Look, order: PruneOrder, nowMs: number): Pruned {
	const removes = pieces(look, order, nowMs).map(({ leftover }) => leftoverOf(leftover));
	return { frees_bytes: removes.reduce((sum, { bytes }) => sum + bytes, 0), removes, failed: [] };
}

/** Clears away. One thing that cannot be removed stops none of the others. */
export async function prune(look: Look, order: PruneOrder, nowMs: number): Promise<Pruned> {
	const done: Pruned = { frees_bytes: 0, removes: [], failed: [] };
	for (const { leftover, root, steps } of pieces(look, order, nowMs)) {
		try {
			await carryOut({ root, steps });
			if (leftover.kind === 'orphan') await withoutNotes(root, leftover.path);
			done.removes.push(leftoverOf(leftover));
			done.frees_bytes += leftover.bytes;
		} catch (error) {
			done.failed.push({ path: leftover.path, why: error instanceof Error ? error.message : String(error) });
		}
	}
	return done;
}

/** A payload that all models shared has a list of users and a lock beside it. */
async function withoutNotes(root: string, path: string): Promise<void> {
	if (dirname(dirname(path)) !== join(root, 'blobs')) return;
	const remover = new Remover(root);
	for (const ending of ['.refs', '.lock']) await remover.file(path + ending);
}
