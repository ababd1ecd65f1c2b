// `modeldex doctor`: what is well on this machine and what is not, one line each.
import { z } from 'zod';
import type { Finding } from '#lib/server/doctor.ts';
import { settingsOf } from '#lib/server/environment.ts';
import { command } from './command.ts';
import { machineFlags, settingOptions, withOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

const marks = { ok: 'ok  ', note: 'note', fail: 'FAIL' };

async function examineAll(args: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<Finding[]> {
	const [{ examine }, { createApp }, { untilInterrupted }] = await Promise.all([
		import('#lib/server/doctor.ts'),
		import('#lib/server/app.ts'),
		import('./machine.ts'),
	]);
	const settings = settingsOf(withOptions(terminal.env, args));
	const open = () => createApp({ settings, version: terminal.version, background: false });
	return untilInterrupted(async (signal) => {
		const findings: Finding[] = [];
		for await (const finding of examine({ settings, node: process.versions.node, open, signal })) {
			findings.push(finding);
			const { state, name, says } = finding;
			if (!terminal.json) terminal.line(state === 'ok' ? quiet(marks.ok) : strong(marks[state]), `  ${name}: ${says}`);
		}
		return findings;
	});
}

/** Exit code 3 when something is wrong that has to be put right. */
export const doctorCommand = command({
	name: 'doctor',
	summary: 'look at what Modeldex needs on this machine',
	args: z.strictObject(settingOptions(machineFlags)),
	run: async (args, terminal) => {
		const findings = await examineAll(args, terminal);
		const failed = findings.some(({ state }) => state === 'fail');
		if (terminal.json) terminal.document({ version: terminal.version, healthy: !failed, findings });
		return failed ? 3 : 0;
	},
});
