// What drivers and the system print about memory, taken apart: nvidia-smi, rocm-smi and sysctl.
import { z } from 'zod';
import type { Device } from '#lib/core/hardware.ts';
import { bandwidthOf } from '#lib/core/presets.ts';

const mib = 1024 ** 2;
/** Graphics inside a processor reserve less than this for themselves and compute from the system's memory. */
const leastCardBytes = 1024 * mib;
/** Longest list that is believed. */
const mostDevices = 64;

/** What nvidia-smi is asked for; the words of the program. */
export const nvidiaWords = ['--query-gpu=index,name,memory.total', '--format=csv,noheader,nounits'] as const;
/** What rocm-smi is asked for. */
export const rocmWords = ['--showproductname', '--showmeminfo', 'vram', '--json'] as const;
/** What sysctl is asked for on a Mac: memory in bytes, the chip, its processor cores. */
export const sysctlWords = ['-n', 'hw.memsize', 'machdep.cpu.brand_string', 'hw.physicalcpu'] as const;

function detected(part: Omit<Device, 'kind' | 'bandwidth_bytes_per_second'>): Device {
	const bandwidth = bandwidthOf(part.name, part.memory_bytes);
	return { ...part, kind: 'detected', bandwidth_bytes_per_second: bandwidth };
}

/** Text that may be shown: control characters out, and not endless. */
function shown(name: string): string {
	return name
		.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
		.trim()
		.slice(0, 80);
}

/**
 * NVIDIA cards, one per line: `0, NVIDIA GeForce RTX 4090, 24564` (MiB). Those that share the system's memory report
 * `[N/A]` and get that of the system. Lines of another form are left out.
 */
export function nvidiaDevices(report: string, systemBytes: number): Device[] {
	return report
		.split('\n')
		.slice(0, mostDevices)
		.flatMap((line) => {
			const match = /^\s*(\d{1,3}),\s*(.+?),\s*(\d{1,9}|\[.*\])\s*$/.exec(line);
			const [, index = '', name = '', memory = ''] = match ?? [];
			if (match === null || shown(name) === '') return [];
			const isShared = memory.startsWith('[');
			const memory_bytes = isShared ? systemBytes : Number(memory) * mib;
			if (memory_bytes <= 0) return [];
			const accelerator = isShared ? 'unified' : 'cuda';
			return [detected({ id: `cuda-${index}`, name: shown(name), memory_bytes, accelerator })];
		});
}

const rocmSchema = z.record(z.string(), z.record(z.string(), z.unknown()).catch({}));

/** A field by its name in any case of letters: versions of rocm-smi differ. */
function field(card: Record<string, unknown>, name: string): string {
	const found = Object.entries(card).find(([key]) => key.toLowerCase() === name);
	return typeof found?.[1] === 'string' ? found[1] : '';
}

/** AMD cards by rocm-smi's JSON, without the graphics inside processors; empty for anything else. */
export function rocmDevices(report: string): Device[] {
	let read: unknown;
	try {
		read = JSON.parse(report.slice(Math.max(0, report.indexOf('{'))));
	} catch {
		return []; // it prints warnings in place of a report where there is no card
	}
	const cards = rocmSchema.safeParse(read).data ?? {};
	return Object.entries(cards)
		.slice(0, mostDevices)
		.flatMap(([key, card]) => {
			const index = /^card(\d{1,3})$/.exec(key)?.[1];
			const memory_bytes = Number(field(card, 'vram total memory (b)'));
			if (index === undefined || !(memory_bytes >= leastCardBytes)) return [];
			const named = field(card, 'card series') || field(card, 'device name') || field(card, 'card model');
			const name = shown(named) || 'AMD graphics';
			return [detected({ id: `rocm-${index}`, name, memory_bytes, accelerator: 'rocm' })];
		});
}

/** A Mac with Apple's own chip, whose memory its graphics share; null for others. */
export function appleDevice(report: string): Device | null {
	const [memory = '', chip = '', cores = ''] = report.split('\n').map((line) => line.trim());
	const memory_bytes = Number(memory);
	if (!chip.startsWith('Apple ') || !(memory_bytes > 0)) return null;
	// The same chip with fewer cores can have a slower memory.
	const bandwidth = bandwidthOf(`${chip} (${cores} cores)`, memory_bytes);
	const device = detected({ id: 'metal', name: shown(chip), memory_bytes, accelerator: 'metal' });
	return { ...device, bandwidth_bytes_per_second: bandwidth };
}
