// `modeldex discover`: asks the Hub which of its models can chat, and tells how runs went with `--stats`.
import { z } from 'zod';
import { classifications } from '#lib/core/choice.ts';
import { discoveryDefaults, type DiscoveryParams } from '#lib/core/discovery.ts';
import { discoveryParamsSchema } from '#lib/core/discovery-order.ts';
import { Failure } from '#lib/core/failure.ts';
import { formatCount } from '#lib/core/format.ts';
import type { Classification } from '#lib/core/model.ts';
import { quoted } from '#lib/core/repository.ts';
import type { App } from '#lib/server/app.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';
import { command, list, option, toggle } from './command.ts';
import { printDiscovery } from './discover-run.ts';
import { showStats } from './discover-stats.ts';
import { machineFlags, settingOptions } from './settings.ts';

/** The id of the last run of the command line, which `--continue` goes on from. */
const lastRunKey = 'discover_last_run';

/** Options that are counts: the name on the command line, the parameter it stands for, and its words. */
const countOptions = [
	{ name: 'limit', param: 'listLimit', about: 'models to list, most downloaded first' },
	{ name: 'max_candidates', param: 'maxCandidates', about: 'configurations to read' },
	{ name: 'concurrency', param: 'concurrency', about: 'configurations to read at once' },
	{ name: 'timeout_ms', param: 'timeoutMs', about: 'milliseconds that a reply may take to begin' },
	{ name: 'retries', param: 'retries', about: 'further tries for one configuration' },
] as const;

const countArguments = Object.fromEntries(
	countOptions.map(({ name, param, about }) => [
		name,
		option('number', `${about}; ${formatCount(discoveryDefaults[param])} unless told`),
	]),
);

function paramsOf(args: Readonly<Record<string, unknown>>): DiscoveryParams {
	const params: DiscoveryParams = {};
	for (const { name, param } of countOptions) {
		const text = args[name];
		if (typeof text !== 'string') continue;
		const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
		const read = discoveryParamsSchema.shape[param].safeParse(count);
		if (!read.success) {
			const wanted = read.error.issues[0]?.message ?? 'expected a number';
			throw new Failure('usage', `"${quoted(text)}" is not a value for --${name.replaceAll('_', '-')}: ${wanted}.`);
		}
		params[param] = count;
	}
	return args.no_wait === true ? { ...params, wait: false } : params;
}

function classesOf(words: readonly string[]): Classification[] {
	return words.map((word) => {
		const found = classifications.find((name) => name === word);
		if (found !== undefined) return found;
		throw new Failure('usage', `"${quoted(word)}" is not a value for --class: expected ${classifications.join(', ')}.`);
	});
}

function lastRun({ database }: App): string {
	const id = readMeta(database, lastRunKey);
	if (id !== null) return id;
	throw new Failure('usage', 'There is no earlier run to continue: "modeldex discover" makes one.');
}

/** Runs are kept for a while only; what is said of it names the parameter, which nobody typed here. */
function inOurWords(error: unknown): unknown {
	if (!(error instanceof Failure) || error.code !== 'not_found') return error;
	return new Failure('not_found', 'The last run cannot be continued any more: leave out --continue.', { cause: error });
}

/** Exit code 3 when something could not be read, 5 when the Hub could not be asked at all. */
export const discoverCommand = command({
	name: 'discover',
	summary: 'find out which models of the Hub can chat',
	args: z.strictObject({
		...countArguments,
		continue: toggle('take the next configurations, after those of the last run'),
		no_wait: toggle('return what there is when the request limit is reached'),
		class: list('kind', 'gen, encoder, unknown or auth-protected; a table shows gen unless told, JSON all'),
		show_low_confidence: toggle('show chat models that are only a guess, too'),
		stream: toggle('print every message of the run as a line of JSON'),
		stats: toggle('show how runs went, and ask nothing'),
		...settingOptions(machineFlags),
	}),
	run: async (args, terminal) => {
		const params = paramsOf(args);
		const view = {
			classes: classesOf(args.class),
			showsGuesses: args.show_low_confidence,
			isStream: args.stream,
		};
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async (app, signal) => {
			if (args.stats) return showStats(app.telemetry.report(), terminal);
			const continued = args.continue ? { ...params, continueFrom: lastRun(app) } : params;
			const messages = app.discovery.start({ params: continued }, { signal });
			const { id, exitCode } = await printDiscovery(messages, view, terminal).catch((error: unknown) => {
				throw args.continue ? inOurWords(error) : error;
			});
			saveMeta(app.database, lastRunKey, id);
			return exitCode;
		});
	},
});
