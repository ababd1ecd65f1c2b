// The rows of a grouped list: one per base model with its packings inside, and the one to take on a place.
import { fitPlace, fitRow, usualContext } from '#lib/core/fit.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { ModelEntry, Packing } from '#lib/core/model.ts';
import type { Checked, ListPage, ModelQuery } from '#lib/core/query.ts';
import { runtimeName, type Runtimes } from '#lib/core/runtime.ts';
import { packingsOf, recommend, sortedVariants } from '#lib/core/variants.ts';
import type { Columns } from '#lib/server/columns.ts';
import type { Groups } from '#lib/server/groups.ts';

/** Most packings that a row of a list tells; the most downloaded come first, the rest is counted. */
const mostPackings = 16;

interface Grouping {
	groups: Groups;
	/** Per slot 1 where it passes the filters. */
	passed: Uint8Array;
	columns: Columns;
	/** The list rows of slots, in their order. */
	read(slots: number[]): ModelEntry[];
}

/** What a list tells of a packing: not the whole row, as there may be hundreds on a page. */
function toPacking(entry: ModelEntry, guessed: boolean): Packing {
	const { id, quantization_bits, quantization_method, quantization, context_window, fit, downloads, gated, local } =
		entry;
	return {
		...{ id, quantization_bits, quantization_method, quantization, context_window, fit, downloads, gated, local },
		...(guessed ? { guessed } : {}),
		...(entry.compatibility === undefined ? {} : { compatibility: entry.compatibility }),
	};
}

/** The rows that stand for these slots, in their order, with the packings that pass. */
export function groupedEntries(slots: readonly number[], { groups, passed, columns, read }: Grouping): ModelEntry[] {
	const { downloads } = columns.values;
	const isMore = (a: number, b: number) => (downloads[b] || 0) - (downloads[a] || 0) || a - b;
	const found = slots.map((slot) => {
		const root = groups.roots[slot] ?? slot;
		const passing = [...groups.members(root)].filter((member) => member !== root && passed[member] === 1);
		return { root, total: passing.length, shown: passing.sort(isMore).slice(0, mostPackings) };
	});
	const wanted = found.flatMap(({ root, shown }) => [root, ...shown]);
	const rows = new Map(read(wanted).map((entry) => [entry.id, entry]));
	const rowOf = (slot: number) => rows.get(columns.ids[slot] ?? '');
	return found.flatMap(({ root, total, shown }) => {
		const entry = rowOf(root);
		if (entry === undefined) return [];
		const matches = passed[root] === 1;
		if (matches && total === 0) return [entry];
		const variants = shown.flatMap((slot) => {
			const packing = rowOf(slot);
			return packing === undefined ? [] : [toPacking(packing, groups.isGuess(slot))];
		});
		return [{ ...entry, packings: { matches, total, variants, base: groups.namedBase(root) } }];
	});
}

interface Wanted {
	query: ModelQuery;
	checked: Checked;
	device: Device;
	runtimes: Runtimes;
}

/** The page with the packing to take of each row: on this device, at the query's context, with the runtime it asks for. */
export function withRecommended(page: ListPage, { query, checked, device, runtimes }: Wanted): ListPage {
	const runtime = query.runtime ?? checked.check;
	const place = fitPlace({ device, runtime, runtimes, cacheBits: checked.cacheBits });
	const tokens = query.context ?? usualContext;
	const name = runtime === null ? null : runtimeName(runtime, runtimes);
	const models = page.models.map((entry) => {
		if (entry.packings === undefined) return entry;
		const variants = sortedVariants(packingsOf(entry), (one) => fitRow(one, place, tokens));
		return { ...entry, packings: { ...entry.packings, recommended: recommend(variants, name) } };
	});
	return { ...page, models };
}
