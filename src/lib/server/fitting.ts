// Which rows of the columns fit into a place, by the very sum that cards show: arithmetic over one array each.
import { parseMemory } from '#lib/core/amount.ts';
import { fitPlace, usualContext, windowTokens, type FitPlace } from '#lib/core/fit.ts';
import { Failure } from '#lib/core/failure.ts';
import { namedMemory, type Device } from '#lib/core/hardware.ts';
import type { Checked, ModelQuery } from '#lib/core/query.ts';
import { quoted } from '#lib/core/repository.ts';
import type { Runtimes } from '#lib/core/runtime.ts';
import type { Columns } from '#lib/server/columns.ts';

/** The device that `fits` means: an amount of memory as one, or one of these. Throws `invalid_query` for neither. */
function fittedDevice(fits: string, devices: ReadonlyMap<string, Device>): Device {
	const bytes = parseMemory(fits);
	const device = bytes === null ? devices.get(fits) : namedMemory(bytes);
	if (device !== undefined) return device;
	const message = `There is no device "${quoted(fits)}": expected memory such as 16GB, or the id of a device.`;
	throw new Failure('invalid_query', message);
}

/** Where a row must fit, and the context it must have there, in tokens. */
export interface Fitting {
	place: FitPlace;
	tokens: number;
}

/** The devices and runtimes there are, and what rows are checked against beside the query. */
interface Offered {
	devices: ReadonlyMap<string, Device>;
	runtimes: Runtimes;
	checked: Checked;
}

/**
 * Where the rows of a query must fit: on its device, with the runtime it asks for (else the one that rows are checked
 * against), at the usual context unless told; null where it does not ask. Throws `invalid_query` for an unknown device.
 */
export function fittingOf(
	query: ModelQuery,
	{ devices, runtimes, checked: { check, cacheBits } }: Offered,
): Fitting | null {
	if (query.fits === null) return null;
	const device = fittedDevice(query.fits, devices);
	const place = fitPlace({ device, runtime: query.runtime ?? check, runtimes, cacheBits });
	return { place, tokens: query.context ?? usualContext };
}

interface Refusals {
	masks: Uint16Array;
	/** Set where a row needs more. */
	outside: number;
	/** Set where it is not known. */
	unknown: number;
}

/** Marks rows that need more, and those of which it is not known. */
export function refuseTooBig(
	{ values }: Columns,
	{ place, tokens }: Fitting,
	slots: Uint32Array,
	{ masks, outside, unknown }: Refusals,
): void {
	const { size, context, kv_token, kv_window_token, kv_window, kv_state } = values;
	const { runtime, cacheScale } = place;
	const { share, leastBytes } = runtime.overhead;
	const have = place.have.bytes;
	const notKnown = Number.NaN;
	// The sum is that of `neededBytes`, written out: a call per row would cost as much as all the rest.
	for (let index = 0; index < slots.length; index += 1) {
		const slot = slots[index] ?? 0;
		const weights = size[slot] ?? notKnown;
		const own = context[slot] ?? notKnown;
		const counted = own < tokens ? own : tokens;
		const inWindow = kv_window_token[slot] ?? notKnown;
		let need = weights + Math.round((kv_token[slot] ?? notKnown) * counted * cacheScale) + (kv_state[slot] ?? notKnown);
		need += Math.max(leastBytes, Math.round(weights * share));
		if (inWindow !== 0) {
			const kept = windowTokens(kv_window[slot] ?? notKnown, counted, runtime);
			need += Math.round(inWindow * kept * cacheScale);
		}
		if (need <= have) continue;
		const isUnknown = Number.isNaN(need) && !(weights > have);
		masks[index] = (masks[index] ?? 0) | (isUnknown ? unknown : outside);
	}
}
