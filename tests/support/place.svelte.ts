// The place of a test's page: one device, no server behind it unless the test gives one.
import type { Fetch } from '#lib/client/api.ts';
import { Comparison } from '#lib/client/comparison.svelte.ts';
import { setComparison, setDownloads, setMeasure, setPlace } from '#lib/client/context.ts';
import { DownloadsHome } from '#lib/client/downloads-home.svelte.ts';
import { Place } from '#lib/client/place.svelte.ts';
import type { Device } from '#lib/core/hardware.ts';
import { usualPlace, type PlaceChoice } from '#lib/core/place.ts';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import type { Runtimes } from '#lib/core/runtime.ts';

/** A device of which every byte counts. */
export const plainDevice: Device = {
	id: 'box',
	name: 'Box',
	kind: 'entered',
	memory_bytes: 16 * 1024 ** 3,
	bandwidth_bytes_per_second: null,
	accelerator: 'other',
};

interface PlaceOrder {
	devices?: Device[];
	choice?: Partial<PlaceChoice>;
	fetch?: Fetch;
	keep?: (cookie: string) => void;
	runtimes?: Runtimes;
}

/** A place with the first device chosen. */
export function testPlace({
	devices = [plainDevice],
	choice = {},
	fetch,
	keep = () => {},
	runtimes = withoutOwn,
}: PlaceOrder = {}): Place {
	const served = { devices, current: devices[0]?.id ?? '', choice: { ...usualPlace, ...choice } };
	return new Place({
		served,
		runtimes: () => runtimes,
		fetch: fetch ?? (() => Promise.reject(new Error('no server'))),
		keep,
	});
}

/** Hands a place and an empty comparison down to the components of a fixture. */
export function givePlace(place = testPlace()): { place: Place; comparison: Comparison } {
	setMeasure(place);
	setDownloads(new DownloadsHome({ fetch: () => Promise.reject(new Error('no server')), active: 0 }));
	return { place: setPlace(place), comparison: setComparison(new Comparison()) };
}
