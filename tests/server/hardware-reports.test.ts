// What tools print about the devices of a machine, and what is made of it.
import { describe, expect, it } from 'vitest';
import { appleDevice, nvidiaDevices, rocmDevices } from '#lib/server/hardware-reports.ts';
import { runTool } from '#lib/server/tools.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

describe('what tools print', () => {
	it('nvidia-smi: a card per line, with its bandwidth by name', () => {
		const report = '0, NVIDIA GeForce RTX 4090, 24564\n1, NVIDIA A100-SXM4-80GB, 81920\n2, Quadro Nobody, 4096\n';
		expect(nvidiaDevices(report, 64 * gib)).toEqual([
			{
				id: 'cuda-0',
				name: 'NVIDIA GeForce RTX 4090',
				kind: 'detected',
				memory_bytes: 24564 * mib,
				bandwidth_bytes_per_second: 1008e9,
				accelerator: 'cuda',
			},
			expect.objectContaining({ id: 'cuda-1', bandwidth_bytes_per_second: 2039e9 }),
			expect.objectContaining({ id: 'cuda-2', name: 'Quadro Nobody', bandwidth_bytes_per_second: null }),
		]);
	});

	it('nvidia-smi: a chip that shares the system’s memory reports none of its own', () => {
		expect(nvidiaDevices('0, NVIDIA GB10, [N/A]\n', 120 * gib)).toMatchObject([
			{ memory_bytes: 120 * gib, accelerator: 'unified', bandwidth_bytes_per_second: 273e9 },
		]);
	});

	it.each([
		['NVIDIA GeForce RTX 3080', 10240, 760e9],
		['NVIDIA GeForce RTX 3080', 12288, 912e9],
		['NVIDIA GeForce RTX 3080 Ti', 12288, 912e9],
		['NVIDIA GeForce RTX 4090 Laptop GPU', 16376, 576e9],
		['NVIDIA GeForce RTX 4060 Ti', 16380, 288e9],
		['NVIDIA GeForce RTX 4070 Ti SUPER', 16376, 672e9],
		['NVIDIA H100 80GB HBM3', 81559, 3350e9],
		['NVIDIA H100 PCIe', 81559, 2000e9],
		['NVIDIA GeForce RTX 3050', 4096, null],
		['NVIDIA GeForce RTX 2060', 6144, null],
	])('knows how fast %s with %i MiB reads', (name, memory, bandwidth) => {
		const [device] = nvidiaDevices(`0, ${name}, ${memory}`, gib);
		expect(device?.bandwidth_bytes_per_second).toBe(bandwidth);
	});

	it.each([
		['nothing', ''],
		['a message', 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.'],
		['zero memory', '0, NVIDIA Nothing, 0'],
		['another form', '0; NVIDIA GeForce RTX 4090; 24564'],
	])('takes no card from %s', (_what, report) => expect(nvidiaDevices(report, gib)).toEqual([]));

	it('shows no control characters of a name', () => {
		const [device] = nvidiaDevices('0, Evil\u001b[2JCard, 8192', gib);
		expect(device?.name).toBe('Evil [2JCard');
	});

	it('rocm-smi: cards in JSON, without the graphics inside a processor', () => {
		const report = JSON.stringify({
			card0: { 'VRAM Total Memory (B)': '25753026560', 'Card Series': 'Radeon RX 7900 XTX', 'Card Model': '0x744c' },
			card1: { 'VRAM Total Memory (B)': '536870912', 'Card series': 'AMD Radeon Graphics' },
			system: { 'Driver version': '6.10.5' },
		});
		expect(rocmDevices(report)).toEqual([
			{
				id: 'rocm-0',
				name: 'Radeon RX 7900 XTX',
				kind: 'detected',
				memory_bytes: 25753026560,
				bandwidth_bytes_per_second: 960e9,
				accelerator: 'rocm',
			},
		]);
		expect(rocmDevices(`WARNING: No AMD GPUs specified\n${report}`)).toHaveLength(1);
		expect(rocmDevices('ERROR: no module')).toEqual([]);
		expect(rocmDevices('{"card0": 7, "card1": {"VRAM Total Memory (B)": "much"}}')).toEqual([]);
	});

	it('sysctl: a Mac’s chip, with the slower memory of the one with fewer cores', () => {
		expect(appleDevice('17179869184\nApple M2\n8\n')).toEqual({
			id: 'metal',
			name: 'Apple M2',
			kind: 'detected',
			memory_bytes: 16 * gib,
			bandwidth_bytes_per_second: 100e9,
			accelerator: 'metal',
		});
		const bandwidth = (report: string) => appleDevice(report)?.bandwidth_bytes_per_second;
		expect(bandwidth('38654705664\nApple M3 Max\n14\n')).toBe(300e9);
		expect(bandwidth('51539607552\nApple M3 Max\n16\n')).toBe(400e9);
		expect(bandwidth('103079215104\nApple M9 Giga\n16\n')).toBeNull();
		expect(appleDevice('34359738368\nIntel(R) Core(TM) i9-9980HK CPU @ 2.40GHz\n8\n')).toBeNull();
		expect(appleDevice('')).toBeNull();
	});

	it('is nothing for programs that are absent, fail or do not end', async () => {
		expect(await runTool('modeldex-no-such-program', [])).toBeNull();
		expect(await runTool(process.execPath, ['-e', 'process.exit(3)'])).toBeNull();
		expect(await runTool(process.execPath, ['-e', 'process.stdout.write("well")'])).toBe('well');
	});
});
