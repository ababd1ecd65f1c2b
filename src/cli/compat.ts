// `modeldex compat <id>`: which runtimes load a model, why not, and what would run instead.
import { z } from 'zod';
import type { CompatibilityReport } from '#lib/core/compatibility.ts';
import { parseRepositoryId } from '#lib/core/repository.ts';
import { parseRuntime, runtimeName, type Runtimes } from '#lib/core/runtime.ts';
import type { ModelCompatibility } from '#lib/server/compatibility.ts';
import { command, list, positional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** The answer in one word; a no that rests on something unknown is none. */
function verdict({ compatible, confidence }: CompatibilityReport): string {
	if (compatible) return confidence === 'high' ? 'yes' : `yes (${confidence} confidence)`;
	return confidence === 'none' ? 'no' : 'not known';
}

function show({ id, runtimes, problems }: ModelCompatibility, known: Runtimes, terminal: Terminal): void {
	terminal.line(strong(id));
	const wide = Math.max(...runtimes.map(({ runtime }) => runtimeName(runtime, known).length));
	for (const report of runtimes) {
		terminal.line();
		terminal.line(strong(runtimeName(report.runtime, known).padEnd(wide)), `  ${verdict(report)}`);
		const { compatible, reasons, warnings, recommendations } = report;
		for (const reason of reasons) terminal.line('  ', compatible ? quiet(reason) : reason);
		for (const warning of warnings) terminal.line(`  Note: ${warning}`);
		for (const { text } of recommendations) terminal.line(`  Try: ${text}`);
	}
	for (const { message } of problems) terminal.note(`Note: ${message}`);
}

/** A no is an answer: exit code 0, with --check 3 when a named runtime (or, with none named, any at all) does not load it. */
function exitCode(reports: readonly CompatibilityReport[], isNamed: boolean): number {
	const loads = reports.filter(({ compatible }) => compatible).length;
	return (isNamed ? loads === reports.length : loads > 0) ? 0 : 3;
}

export const compatCommand = command({
	name: 'compat',
	summary: 'say which runtimes load a model, and why not',
	args: z.strictObject({
		id: positional('id', 'the model, such as Qwen/Qwen3-8B'),
		runtime: list('name', 'only this runtime; all when left out'),
		strict_context: toggle('take a context longer than the runtime has for a no'),
		check: toggle('exit code 3 when the answer is no'),
		...settingOptions(machineFlags),
	}),
	run: async ({ id, runtime, strict_context, check, ...settings }, terminal) => {
		parseRepositoryId(id);
		const { withApp } = await import('./machine.ts');
		return withApp(settings, terminal, async ({ catalog, compatibility }, signal) => {
			const runtimes = [...new Set(runtime.map((name) => parseRuntime(name, catalog.runtimes)))];
			const found = await compatibility.read(id, { runtimes, strictContext: strict_context, signal });
			if (terminal.json) terminal.document(found);
			else show(found, catalog.runtimes, terminal);
			return check ? exitCode(found.runtimes, runtimes.length > 0) : 0;
		});
	},
});
