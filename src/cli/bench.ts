// `modeldex bench run|compare|report`: measures models on labelled files, compares two reports, or shows one.
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { benchmarkMarkdown, compareReports, type BenchmarkReport } from '#lib/core/benchmark.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { App } from '#lib/server/app.ts';
import type { LabelledSet } from '#lib/server/benchmark.ts';
import { categoriesOf, textOf, wholeNumber } from './classify-input.ts';
import { command, list, option, positional, rest, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

const args = z.strictObject({
	what: positional('run|compare|report', 'measure, compare two reports, or show one as Markdown'),
	files: rest('report', 'reports of earlier runs: old and new to compare, one to show'),
	model: list('name', 'a model to measure beside the baselines', 'm'),
	provider: list('spec', 'a tier or candidate of the registry file to measure too; the files go there, at its price'),
	dtype: option('dtype', 'which of its files: q8, fp16, fp32, q4 …'),
	models_dir: option('folder', 'another folder that holds a folder per model'),
	data: option(
		'file',
		'labelled texts instead of the shipped files: {"label","text"} in each line, with "path" and "project" for files',
	),
	categories: option('names', 'what the labels mean: "name: what belongs in it" separated by commas, or a .json file'),
	limit: option('number', 'only so many files of each label'),
	no_path: toggle('do not show models the paths'),
	output: option('path', 'where the JSON goes; a .md beside it gets the table', 'o'),
	...settingOptions(machineFlags),
});
type Args = z.output<typeof args>;

/** What of a report is looked at; the rest is passed on as it is. */
const reportSchema = z.looseObject({
	schema_version: z.literal(1),
	dataset: z.looseObject({ sha256: z.string() }),
	runs: z.array(z.looseObject({ name: z.string(), metrics: z.looseObject({ accuracy: z.number() }).nullable() })),
});

function isReport(value: unknown): value is BenchmarkReport {
	return reportSchema.safeParse(value).success;
}

/** Does it hold everything that is shown of one? */
function isShowable(report: BenchmarkReport): boolean {
	try {
		return benchmarkMarkdown(report) !== '';
	} catch {
		return false; // something is missing: it was made by hand, or by something else
	}
}

async function reportIn(path: string): Promise<BenchmarkReport> {
	const text = await textOf(path);
	let value: unknown = null;
	try {
		value = JSON.parse(text);
	} catch {
		// said below: no report
	}
	if (isReport(value) && isShowable(value)) return value;
	throw new Failure('invalid_json', `"${quoted(path)}" is no report of "modeldex bench run".`);
}

/** The first files of each label; the set then has another name and another digest. */
function limited(set: LabelledSet, limit: number | null): LabelledSet {
	if (limit === null) return set;
	const seen = new Map<string, number>();
	const files = set.files.filter(({ label }) => {
		seen.set(label, (seen.get(label) ?? 0) + 1);
		return (seen.get(label) ?? 0) <= limit;
	});
	return { ...set, name: `${set.name} (${limit} of each label)`, sha256: `${set.sha256}-${limit}`, files };
}

/** The machine's engines with the named routes of the registry file. Throws `usage` for a name that is none. */
async function routed(app: App, specs: readonly string[]) {
	if (specs.length === 0) return app;
	const { RoutedEngines, routeOf } = await import('#lib/server/registry/route-engine.ts');
	const { Classifier } = await import('#lib/server/classifier.ts');
	const { database, clock, userId: user } = app;
	const { registry, router } = app.routing;
	const lost = specs.find((provider) => routeOf({ provider }, registry, user) === null);
	if (lost !== undefined) throw new Failure('usage', `"${quoted(lost)}" is no tier or candidate of the registry file.`);
	const engines = new RoutedEngines({ engines: app.engines, router, specs, user });
	return { engines, classifier: new Classifier({ engines, database, clock }) };
}

/** What `run` takes; settings are no part of what was measured, and may hold what is nobody’s business. */
const runOptions = [
	'model',
	'provider',
	'dtype',
	'models_dir',
	'data',
	'categories',
	'limit',
	'no_path',
	'output',
] as const;

/** The options of `run` as they were typed, each once for every value. */
function typed(given: Args): string[] {
	return runOptions.flatMap((name) => {
		const flag = `--${name.replaceAll('_', '-')}`;
		const value = given[name];
		if (value === undefined || value === false) return [];
		if (value === true) return [flag];
		return (Array.isArray(value) ? value : [value]).map((one) => `${flag} ${one}`);
	});
}

/** Throws `not_writable` before hours of measuring come to nothing. */
async function checkWritable(path: string): Promise<void> {
	try {
		if ((await stat(path).catch(() => null))?.isDirectory() === true) throw new Error('a folder');
		await access(dirname(resolve(path)), constants.W_OK);
	} catch (cause) {
		throw new Failure('not_writable', `The file "${quoted(path)}" cannot be written.`, { cause });
	}
}

async function run(given: Args, terminal: Terminal): Promise<number> {
	const { model, provider, dtype, models_dir: store, data, output } = given;
	if (output !== undefined && output !== '-') await checkWritable(output);
	const asked = [...model, ...provider];
	const { Benchmark, setOf, shippedSet } = await import('#lib/server/benchmark.ts');
	const own = { name: data ?? '', license: 'its own licence', annotators: 1 };
	const whole = data === undefined ? shippedSet() : setOf(await textOf(data), own);
	const { limit } = given;
	const set = limited(whole, limit === undefined ? null : wholeNumber('limit', limit, { least: 1, most: 10_000 }));
	const { withApp } = await import('./machine.ts');
	const report = await withApp(given, terminal, async (app, signal) => {
		const { clock } = app;
		const { engines, classifier } = await routed(app, provider);
		const provenance = {
			modeldex: terminal.version,
			node: process.versions.node,
			platform: `${process.platform} ${process.arch}`,
			processor: cpus()[0]?.model ?? 'unknown',
			memory_bytes: totalmem(),
			threads: Math.max(1, cpus().length - 1),
			date: clock.date().toISOString(),
			command: ['modeldex bench run', ...typed(given)].join(' '),
		};
		const onRun = (name: string) => terminal.progress(`measuring ${name} …`);
		const options = {
			models: asked,
			set,
			resamples: 2000,
			timed: 50,
			...(given.categories === undefined ? {} : { categories: await categoriesOf(given.categories) }),
			dtype,
			store,
			allowFolder: true,
			with_path: !given.no_path,
		};
		return new Benchmark({ classifier, engines, clock, provenance }).run({ ...options, onRun, signal });
	});
	terminal.progress(null);
	if (output !== undefined && output !== '-') {
		try {
			await writeFile(output, `${JSON.stringify(report, null, 2)}\n`);
			await writeFile(`${output.replace(/\.json$/, '')}.md`, benchmarkMarkdown(report));
		} catch (cause) {
			throw new Failure('not_writable', `The file "${quoted(output)}" cannot be written.`, { cause });
		}
	}
	if (terminal.json) terminal.document({ report });
	else terminal.line(benchmarkMarkdown(report));
	return report.runs.filter(({ name }) => asked.includes(name)).some(({ status }) => status === 'not measured') ? 3 : 0;
}

async function compare([old, fresh, ...more]: string[], terminal: Terminal): Promise<number> {
	if (old === undefined || fresh === undefined || more.length > 0)
		throw new Failure('usage', 'compare needs two reports: the old one and the new one.');
	const [before, after] = [await reportIn(old), await reportIn(fresh)];
	if (before.dataset.sha256 !== after.dataset.sha256)
		throw new Failure('usage', 'The two reports are of different files and cannot be compared.');
	const changes = compareReports(before, after);
	if (changes.length === 0) terminal.note('The two reports have no contestant in common: nothing was compared.');
	if (terminal.json) terminal.document({ changes });
	else {
		for (const { name, before: from, after: to, is_worse: worse } of changes) {
			terminal.line(`${worse ? 'WORSE' : 'ok   '}  ${(from * 100).toFixed(1)} % → ${(to * 100).toFixed(1)} %  ${name}`);
		}
	}
	return changes.some(({ is_worse: worse }) => worse) ? 3 : 0;
}

/** Exit code 3 when a model could not be measured, or became worse than chance explains. */
export const benchCommand = command({
	name: 'bench',
	summary: 'measure models and baselines on labelled texts, say which to take, and compare reports',
	args,
	run: async (given, terminal) => {
		if (given.what === 'run') {
			if (given.files.length > 0) throw new Failure('usage', 'run takes no report; models are named by --model.');
			return run(given, terminal);
		}
		const [vain] = typed(given);
		if (vain !== undefined && ['compare', 'report'].includes(given.what))
			throw new Failure('usage', `"${quoted(vain)}" has no effect on ${given.what}: it belongs to run.`);
		if (given.what === 'compare') return compare(given.files, terminal);
		if (given.what !== 'report')
			throw new Failure('usage', `There is no "bench ${quoted(given.what)}": run, compare or report.`);
		const [path, ...more] = given.files;
		if (path === undefined || more.length > 0) throw new Failure('usage', 'report needs the JSON of one earlier run.');
		const report = await reportIn(path);
		if (terminal.json) terminal.document({ report });
		else terminal.line(benchmarkMarkdown(report));
		return 0;
	},
});
