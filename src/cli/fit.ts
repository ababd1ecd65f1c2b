// `modeldex fit <id>`: does a model fit a device at a context, term by term; without an id the devices there are.
import { z } from 'zod';
import { fitPlace, type Fit, type FitTerm } from '#lib/core/fit.ts';
import { parseFitQuestion, type FitQuestion } from '#lib/core/fit-question.ts';
import { Failure } from '#lib/core/failure.ts';
import { formatBytes, formatCount, formatDecimalBytes } from '#lib/core/format.ts';
import { usableMemory, type Device } from '#lib/core/hardware.ts';
import { parseRepositoryId } from '#lib/core/repository.ts';
import type { FitAnswer } from '#lib/server/fits.ts';
import type { HardwareAnswer } from '#lib/server/hardware.ts';
import { command, option, optional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** Exit code of a "no" when it was asked for with --check. */
const noCode = 3;

const words: Record<Fit['verdict'], string> = {
	fits: 'It fits.',
	tight: 'It fits, but only just.',
	too_big: 'It is too big.',
	unknown: 'Not everything that it needs is known.',
};

function amount(bytes: number | null): string {
	return bytes === null ? 'Unknown' : formatBytes(bytes);
}

function questionOf(args: Readonly<Record<string, unknown>>): FitQuestion {
	const params = new URLSearchParams();
	for (const name of ['device', 'context', 'runtime', 'cache_bits', 'slots', 'quant']) {
		const value = args[name];
		if (typeof value === 'string') params.set(name, value);
	}
	if (typeof args['memory'] === 'string') {
		if (params.has('device')) throw new Failure('usage', 'Give --device or --memory, not both.');
		params.set('device', args['memory']);
	}
	return parseFitQuestion(params);
}

function showTerm({ name, bytes, basis }: FitTerm, terminal: Terminal): void {
	terminal.line(`  ${name.padEnd(28)}${amount(bytes).padStart(10)}  `, quiet(basis));
}

function show({ id, device, fit }: FitAnswer, question: FitQuestion, terminal: Terminal): void {
	const place = fitPlace({ device, runtime: question.runtime });
	terminal.line(strong(id));
	for (const term of fit.terms) showTerm(term, terminal);
	const error = fit.error_band === null ? '' : `within ${formatCount(fit.error_band * 100)} %`;
	terminal.line(strong(`  ${'Needed'.padEnd(28)}${amount(fit.need_bytes).padStart(10)}  `), quiet(error));
	const have = `${device.name}, ${formatBytes(device.memory_bytes)}. ${place.have.basis}`;
	terminal.line(strong(`  ${'Available'.padEnd(28)}${amount(fit.have_bytes).padStart(10)}  `), quiet(have));
	terminal.line();
	terminal.line(strong(words[fit.verdict]));
	if (fit.max_context !== null) terminal.line(`The most context that fits: ${formatCount(fit.max_context)} tokens.`);
	const { tokens_per_second: speed } = fit;
	if (speed !== null) terminal.line(`About ${formatCount(speed.value)} tokens per second. `, quiet(speed.basis));
}

function showDevices({ devices, current }: HardwareAnswer, terminal: Terminal): void {
	const wide = Math.max(...devices.map(({ id }) => id.length));
	const row = (device: Device) => {
		const { id, name, memory_bytes, bandwidth_bytes_per_second: bandwidth, kind } = device;
		const speed = bandwidth === null ? '' : `, ${formatDecimalBytes(bandwidth)}/s`;
		const usable = `${formatBytes(usableMemory(device).bytes)} of ${formatBytes(memory_bytes)} usable`;
		return `${id === current ? '*' : ' '} ${id.padEnd(wide)}  ${kind.padEnd(8)}  ${name} (${usable}${speed})`;
	};
	for (const device of devices) terminal.line(row(device));
	terminal.note('* is the current device; --device takes an id, --memory an amount.');
}

/** A "no" is an answer: exit code 0, with --check 3 unless it fits. 2 for a bad id or option, 5 for an unknown model. */
export const fitCommand = command({
	name: 'fit',
	summary: 'tell whether a model fits a device, term by term; without a model, list the devices',
	args: z.strictObject({
		id: optional('id', 'the model, such as Qwen/Qwen3-8B'),
		device: option('id', 'the device: one of this machine, an entered one or a preset'),
		memory: option('amount', 'an amount of memory instead, such as 16GB or 24GiB'),
		context: option('tokens', 'tokens of context: 32k, 131072; 8192 unless told'),
		cache_bits: option('bits', 'bits of the cache: 16, 8 or 4'),
		slots: option('number', 'conversations at once, each with that context'),
		runtime: option('name', 'what runs it: llama.cpp, ollama, vllm …; "modeldex compat" names them all'),
		quant: option('label', 'the GGUF file that is meant, such as Q5_K_M'),
		check: toggle('exit with 3 unless it fits'),
		...settingOptions(machineFlags),
	}),
	run: async ({ id, check, ...args }, terminal) => {
		if (id !== undefined) parseRepositoryId(id);
		const { withApp } = await import('./machine.ts');
		return await withApp(args, terminal, async ({ fits, hardware }, signal) => {
			const question = questionOf(args); // runtimes of the registry file are known now
			if (id === undefined) {
				const answer = await hardware.read();
				if (terminal.json) terminal.document(answer);
				else showDevices(answer, terminal);
				return 0;
			}
			const answer = await fits.read(id, { ...question, signal });
			if (terminal.json) terminal.document(answer.fit);
			else show(answer, question, terminal);
			const isYes = answer.fit.verdict === 'fits' || answer.fit.verdict === 'tight';
			return check && !isYes ? noCode : 0;
		});
	},
});
