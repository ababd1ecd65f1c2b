// Devices that models run on: what a device is, and how much of its memory a model can have.
import type { Accelerator, deviceKinds } from '#lib/core/choice.ts';

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
				basis: 'The system and other programs keep a quarter of the first 4 GiB, a fifth of the next 4, then less.',
			};
		case 'cuda':
		case 'rocm':
		case 'xpu':
			return { bytes: Math.max(0, memory - cardMargin), basis: 'The driver and the screen keep 1 GiB.' };
	}
}
