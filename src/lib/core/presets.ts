// Devices to choose from without owning them, and the speed of memory by the name a driver gives.
import type { Device } from '#lib/core/hardware.ts';
import { deviceRows, type DeviceRow } from '#lib/core/tables/devices.ts';

const gib = 1024 ** 3;

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
