// Devices that models run on: what a device is, how much of its memory a model can have, and which there are to choose from.
import type { Accelerator, deviceKinds } from '#lib/core/choice.ts';
import { deviceRows, type DeviceRow } from '#lib/core/tables/devices.ts';

/** One device. `bandwidth_bytes_per_second` is the peak of its memory; null is not known. */
export interface Device {
	id: string;
	name: string;
	kind: (typeof deviceKinds)[number];
	memory_bytes: number;
	bandwidth_bytes_per_second: number | null;
	accelerator: Accelerator;
}

const gib = 1024 ** 3;

/** A device that is nothing but an amount of memory, all of it for the model. */
export function namedMemory(bytes: number): Device {
	const device = { id: String(bytes), name: 'The memory named', memory_bytes: bytes } as const;
	return { ...device, kind: 'entered', bandwidth_bytes_per_second: null, accelerator: 'other' };
}

function toDevice({ id, name, memoryGiB, bandwidthGBs, accelerator }: DeviceRow): Device {
	const memory = { memory_bytes: memoryGiB * gib, bandwidth_bytes_per_second: bandwidthGBs * 1e9 };
	return { id, name, kind: 'preset', ...memory, accelerator };
}

/** Devices to choose from without owning them. */
export const presets: readonly Device[] = deviceRows.map(toDevice);

/** How far a reported amount of memory may lie from the table's, as a share. */
const sameMemory = 0.2;

/**
 * Peak bandwidth of a device by the name its driver gives, in bytes per second; null for one the table does not have.
 * Of several variants the one with the nearest memory counts.
 */
export function bandwidthOf(name: string, memoryBytes: number): number | null {
	const words = ` ${name.toLowerCase().replaceAll(/[^a-z0-9+.]+/g, ' ')} `;
	const isLaptop = words.includes(' laptop ') || words.includes(' mobile ');
	const found = deviceRows
		.filter(({ mark }) => mark !== null && words.includes(` ${mark.replaceAll(/[^a-z0-9+.]+/g, ' ').trim()} `))
		.filter(({ mark }) => (mark?.includes('laptop') ?? false) === isLaptop)
		.sort((a, b) => (b.mark?.length ?? 0) - (a.mark?.length ?? 0));
	const same = found.filter(({ mark }) => mark === found[0]?.mark);
	const off = ({ memoryGiB }: DeviceRow) => Math.abs(memoryGiB * gib - memoryBytes) / memoryBytes;
	const [nearest] = same.sort((a, b) => off(a) - off(b));
	if (nearest === undefined) return null;
	const isShared = nearest.accelerator === 'metal' || nearest.accelerator === 'unified';
	return isShared || off(nearest) <= sameMemory ? nearest.bandwidthGBs * 1e9 : null;
}

/** What a model can have of a device's memory, and why no more. */
export interface Usable {
	bytes: number;
	/** One sentence. */
	basis: string;
}

/**
 * Memory a machine keeps for the system and other programs: 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the
 * next 8, 6 % of the next 112, 2 % of the rest. Source: the reservation that Google Kubernetes Engine makes on its nodes.
 */
const reserveSteps: readonly [upToGiB: number, share: number][] = [
	[4, 0.25],
	[8, 0.2],
	[16, 0.1],
	[128, 0.06],
	[Infinity, 0.02],
];

function systemReserve(memoryBytes: number): number {
	let reserve = 0;
	let from = 0;
	for (const [upToGiB, share] of reserveSteps) {
		const to = Math.min(memoryBytes, upToGiB * gib);
		reserve += Math.max(0, to - from) * share;
		from = to;
	}
	return Math.round(reserve);
}

/** Most memory a Mac lets its graphics have: Metal's recommended working set, 2/3 up to 32 GiB and 3/4 above. */
const metalLimit = { below: 2 / 3, above: 3 / 4, edgeBytes: 34 * gib };
/** What stays free on a graphics card. Source: the margin that llama.cpp leaves when it fits a model by itself. */
const cardMargin = gib;

/** How much of a device's memory a model can have by default. */
export function usableMemory({ accelerator, memory_bytes: memory }: Device): Usable {
	switch (accelerator) {
		case 'other':
			return { bytes: memory, basis: 'All of the memory named.' };
		case 'metal': {
			const isSmall = memory <= metalLimit.edgeBytes;
			const bytes = Math.floor(memory * (isSmall ? metalLimit.below : metalLimit.above));
			return { bytes, basis: `macOS lets graphics use ${isSmall ? 'two thirds' : 'three quarters'} of the memory.` };
		}
		case 'cpu':
		case 'unified':
			return {
				bytes: Math.max(0, memory - systemReserve(memory)),
				basis:
					'Less what the system and other programs need: a quarter of the first 4 GiB, a fifth of the next 4, then less.',
			};
		case 'cuda':
		case 'rocm':
		case 'xpu':
			return { bytes: Math.max(0, memory - cardMargin), basis: 'Less 1 GiB for the driver and the screen.' };
	}
}
