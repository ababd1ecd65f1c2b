// Which rows of the columns fit into so much memory, by the general rule: arithmetic over one array each.
import { neededByRow, usualContext, type RowFigures } from '#lib/core/fit.ts';
import { Failure } from '#lib/core/failure.ts';
import { parseMemory } from '#lib/core/amount.ts';
import { quoted } from '#lib/core/repository.ts';
import type { ModelQuery } from '#lib/core/query.ts';
import type { Columns } from '#lib/server/columns.ts';

/** What `fits` means in bytes: an amount, or the id of one of these devices. Throws `invalid_query` for neither. */
export function memoryOf(fits: string, devices: ReadonlyMap<string, number>): number {
	const bytes = parseMemory(fits) ?? devices.get(fits);
	if (bytes !== undefined) return bytes;
	const message = `There is no device "${quoted(fits)}": expected memory such as 16GB, or the id of a device.`;
	throw new Failure('invalid_query', message);
}

/** Memory that a row must fit into, and the context it must have there. */
export interface Fitting {
	bytes: number;
	tokens: number;
}

/** The memory of a query: `bytes` as its device gives them, the usual context unless told; null without such a filter. */
export function fittingOf(query: ModelQuery, bytes: number | null): Fitting | null {
	return bytes === null ? null : { bytes, tokens: query.context ?? usualContext };
}

/** Reads the figures of a row from the columns into `row`, and tells what it needs with so many tokens; NaN: not known. */
function neededAt({ values }: Columns, slot: number, { tokens, row }: { tokens: number; row: RowFigures }): number {
	const own = values.context[slot] ?? Number.NaN;
	row.weights = values.size[slot] ?? Number.NaN;
	row.perToken = values.kv_token[slot] ?? Number.NaN;
	row.perWindowToken = values.kv_window_token[slot] ?? Number.NaN;
	row.window = values.kv_window[slot] ?? Number.NaN;
	row.state = values.kv_state[slot] ?? Number.NaN;
	return neededByRow(row, own < tokens ? own : tokens);
}

function emptyRow(): RowFigures {
	return { weights: 0, perToken: 0, perWindowToken: 0, window: 0, state: 0 };
}

/** Bytes a row needs in such a place; null when a part is not known. */
export function needOf(columns: Columns, slot: number, { tokens }: Fitting): number | null {
	const need = neededAt(columns, slot, { tokens, row: emptyRow() });
	return Number.isNaN(need) ? null : need;
}

interface Refusals {
	/** Set where a row needs more. */
	outside: number;
	/** Set where it is not known. */
	unknown: number;
}

/** Marks rows that need more, and those of which it is not known. */
export function refuseTooBig(
	columns: Columns,
	{ bytes, tokens }: Fitting,
	slots: Uint32Array,
	{ masks, outside, unknown }: Refusals & { masks: Uint16Array },
): void {
	const { empty } = columns;
	const { size, context, kv_token, kv_window_token, kv_window } = columns.values;
	const notKnown = Number.NaN;
	// The sum is that of `neededByRow`, in two steps: what an empty context takes was added up when the row came in.
	for (let index = 0; index < slots.length; index += 1) {
		const slot = slots[index] ?? 0;
		const own = context[slot] ?? notKnown;
		const counted = own < tokens ? own : tokens;
		const inWindow = kv_window_token[slot] ?? notKnown;
		let need = (empty[slot] ?? notKnown) + (kv_token[slot] ?? notKnown) * counted;
		if (inWindow !== 0) need += inWindow * Math.min(counted, kv_window[slot] ?? notKnown);
		if (need <= bytes) continue;
		const isUnknown = Number.isNaN(need) && !((size[slot] ?? notKnown) > bytes);
		masks[index] = (masks[index] ?? 0) | (isUnknown ? unknown : outside);
	}
}
