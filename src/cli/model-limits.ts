// `modeldex model limits`: how many downloads may run at once and how fast, shown and set; a server on this folder obeys.
import { z } from 'zod';
import { limitSentence, limitWords, parseLimits } from '#lib/core/download-limits.ts';
import { command, option } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';

/** Shows the limits, and sets those that are given first. */
export const modelLimits = command({
	name: 'model limits',
	summary: 'show or set how many downloads may run at once, and how fast all together',
	args: z.strictObject({
		parallel: option('n', 'downloads at once, 1 to 8'),
		rate: option('amount', 'most per second of all together, such as 5MB; "none" takes the cap away'),
		...settingOptions(machineFlags),
	}),
	run: async ({ parallel, rate, ...args }, terminal) => {
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ downloads }) => {
			const before = limitWords(downloads.limits);
			const wanted = { parallel: parallel ?? before.parallel, rate: rate ?? before.rate };
			if (parallel !== undefined || rate !== undefined) downloads.setLimits(parseLimits(wanted));
			const { limits } = downloads;
			if (terminal.json) terminal.document({ limits });
			else terminal.line(limitSentence(limits));
			return 0;
		});
	},
});
