// Devices people have: how much memory, and how fast it is read. One row per variant that differs in either.
//
// Sources of memory and bandwidth: the makers' data sheets (NVIDIA GeForce, RTX PRO, data center; AMD Radeon, Instinct,
// Ryzen AI; Intel Arc; Apple's technical specifications of each Mac). Processors without a graphics card: two channels of
// the named memory. Memory is written in GiB, as drivers count it; bandwidth in GB/s, peak, as makers state it.
import type { Accelerator } from '#lib/core/choice.ts';

/** One variant. `mark`: what the device's own name contains, in lower case; null where no driver reports a name. */
export interface DeviceRow {
	id: string;
	name: string;
	memoryGiB: number;
	bandwidthGBs: number;
	accelerator: Accelerator;
	mark: string | null;
}

type Variant = readonly [name: string, memoryGiB: number, bandwidthGBs: number];

function idOf(name: string, memoryGiB: number): string {
	return `${name
		.toLowerCase()
		.replaceAll('+', '-plus')
		.replaceAll(/[^a-z0-9]+/g, '-')}-${memoryGiB}gb`;
}

function cards(accelerator: Accelerator, prefix: string, variants: readonly Variant[]): DeviceRow[] {
	return variants.map(([name, memoryGiB, bandwidthGBs]) => ({
		id: idOf(name, memoryGiB),
		name: `${prefix}${name} ${memoryGiB} GB`,
		memoryGiB,
		bandwidthGBs,
		accelerator,
		mark: name.toLowerCase(),
	}));
}

type Chip = readonly [name: string, bandwidthGBs: number, memories: readonly number[]];

/** Macs share one memory between processor and graphics; a chip comes with several sizes of it. */
function chips(rows: readonly Chip[]): DeviceRow[] {
	return rows.flatMap(([name, bandwidthGBs, memories]) =>
		cards(
			'metal',
			'Apple ',
			memories.map((memory) => [name, memory, bandwidthGBs] as const),
		),
	);
}

const geforce: readonly Variant[] = [
	['RTX 3050', 8, 224],
	['RTX 3060', 12, 360],
	['RTX 3060 Laptop', 6, 336],
	['RTX 3060 Ti', 8, 448],
	['RTX 3070', 8, 448],
	['RTX 3070 Laptop', 8, 448],
	['RTX 3070 Ti', 8, 608],
	['RTX 3080', 10, 760],
	['RTX 3080', 12, 912],
	['RTX 3080 Laptop', 16, 448],
	['RTX 3080 Ti', 12, 912],
	['RTX 3090', 24, 936],
	['RTX 3090 Ti', 24, 1008],
	['RTX 4060', 8, 272],
	['RTX 4060 Laptop', 8, 256],
	['RTX 4060 Ti', 8, 288],
	['RTX 4060 Ti', 16, 288],
	['RTX 4070', 12, 504],
	['RTX 4070 Laptop', 8, 256],
	['RTX 4070 Super', 12, 504],
	['RTX 4070 Ti', 12, 504],
	['RTX 4070 Ti Super', 16, 672],
	['RTX 4080', 16, 717],
	['RTX 4080 Laptop', 12, 432],
	['RTX 4080 Super', 16, 736],
	['RTX 4090', 24, 1008],
	['RTX 4090 Laptop', 16, 576],
	['RTX 5060', 8, 448],
	['RTX 5060 Ti', 8, 448],
	['RTX 5060 Ti', 16, 448],
	['RTX 5070', 12, 672],
	['RTX 5070 Ti', 16, 896],
	['RTX 5080', 16, 960],
	['RTX 5090', 32, 1792],
	['RTX 5090 Laptop', 24, 896],
];

const dataCenter: readonly Variant[] = [
	['Tesla T4', 16, 320],
	['L4', 24, 300],
	['L40S', 48, 864],
	['A10', 24, 600],
	['A10G', 24, 600],
	['RTX A6000', 48, 768],
	['RTX 6000 Ada', 48, 960],
	['RTX PRO 6000 Blackwell', 96, 1792],
	['V100', 16, 900],
	['V100', 32, 900],
	['A100', 40, 1555],
	['A100', 80, 2039],
	['H100 PCIe', 80, 2000],
	['H100', 80, 3350],
	['H100 NVL', 94, 3938],
	['H200', 141, 4800],
	['B200', 180, 8000],
];

const radeon: readonly Variant[] = [
	['Radeon RX 6800 XT', 16, 512],
	['Radeon RX 6900 XT', 16, 512],
	['Radeon RX 7800 XT', 16, 624],
	['Radeon RX 7900 XT', 20, 800],
	['Radeon RX 7900 XTX', 24, 960],
	['Radeon RX 9070', 16, 640],
	['Radeon RX 9070 XT', 16, 640],
	['Instinct MI210', 64, 1638],
	['Instinct MI300X', 192, 5300],
];

/** M3 Max and M4 Max have two memory buses; the smaller processor (14 cores) has the slower one. */
const apple: readonly Chip[] = [
	['M1', 68, [8, 16]],
	['M1 Pro', 200, [16, 32]],
	['M1 Max', 400, [32, 64]],
	['M1 Ultra', 800, [64, 128]],
	['M2', 100, [8, 16, 24]],
	['M2 Pro', 200, [16, 32]],
	['M2 Max', 400, [32, 64, 96]],
	['M2 Ultra', 800, [64, 128, 192]],
	['M3', 100, [8, 16, 24]],
	['M3 Pro', 150, [18, 36]],
	['M3 Max (14 cores)', 300, [36, 96]],
	['M3 Max', 400, [48, 64, 128]],
	['M3 Ultra', 819, [96, 256, 512]],
	['M4', 120, [16, 24, 32]],
	['M4 Pro', 273, [24, 48, 64]],
	['M4 Max (14 cores)', 410, [36]],
	['M4 Max', 546, [48, 64, 128]],
];

const processors: readonly Variant[] = [
	['Processor only, DDR4-3200', 8, 51.2],
	['Processor only, DDR4-3200', 16, 51.2],
	['Processor only, DDR5-5600', 32, 89.6],
	['Processor only, DDR5-5600', 64, 89.6],
];

/** Every device that can be chosen without owning it. */
export const deviceRows: readonly DeviceRow[] = [
	...processors.map(([name, memory, bandwidth]): DeviceRow => {
		const row = { name: `${name}, ${memory} GB`, memoryGiB: memory, bandwidthGBs: bandwidth };
		return { id: `cpu-${memory}gb`, ...row, accelerator: 'cpu', mark: null };
	}),
	...chips(apple),
	...cards('cuda', 'GeForce ', geforce),
	...cards('cuda', 'NVIDIA ', dataCenter),
	...cards('unified', 'NVIDIA ', [['GB10', 128, 273]]),
	...cards('rocm', 'AMD ', radeon),
	...cards('unified', 'AMD ', [['Ryzen AI Max+ 395', 128, 256]]),
	...cards('xpu', 'Intel ', [
		['Arc A770', 16, 560],
		['Arc B580', 12, 456],
	]),
];
