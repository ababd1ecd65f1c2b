// `modeldex classify`: sorts files into categories with a model on this machine, or by rules.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { blankClassification, type Classification } from '#lib/core/classify.ts';
import { defaultTemplate, labelKey, labelSet } from '#lib/core/classify-labels.ts';
import { Failure } from '#lib/core/failure.ts';
import { dollars } from '#lib/core/registry/record.ts';
import type { App } from '#lib/server/app.ts';
import type { Classifier, ClassifyOptions } from '#lib/server/classifier.ts';
import type { TextFile } from '#lib/server/text-files.ts';
import { categoriesOf, modelOptions, modeOf, numberOf, standardBytes } from './classify-input.ts';
import { earlierResults, fileSink, formats, terminalSink, type Format, type Sink } from './classify-output.ts';
import { command, list, option, rest, toggle } from './command.ts';
import { chosenModel, ensureModel, fetchOptions } from './model-choice.ts';
import { machineFlags, settingOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

const args = z.strictObject({
	files: rest('path', 'more files and folders'),
	input: list('path', 'a file or folder to sort, or - for standard input', 'i'),
	output: option('path', 'where results go; - or nothing for standard output', 'o'),
	...modelOptions,
	...fetchOptions,
	categories: option('names', 'names separated by commas, each "name" or "name: what belongs in it", or a .json file'),
	template: option('sentence', `sentence with {} for models that judge statements ("${defaultTemplate}")`),
	mode: option('mode', 'how sure a choice must be: best-guess, medium or high-confidence (best-guess)'),
	threshold: option('number', 'confidence below which no category is chosen'),
	multi: toggle('several categories may apply'),
	rules_first: toggle('let rules about paths answer where they are sure'),
	no_path: toggle('do not show the model the path of a file'),
	gather: option('how', 'how pieces of long texts count: mean or max (mean)'),
	include: list('glob', 'only files that fit'),
	exclude: list('glob', 'no files that fit'),
	max_bytes: option('number', 'bytes read of one file (1048576)'),
	format: option('format', `${formats.join(', ')} (table; json for a file that ends so)`),
	resume: toggle('keep results of the output file whose text, model and settings are the same'),
	provider: option('spec', 'a tier or candidate of the registry file to ask; texts go there (older name of --model)'),
	...settingOptions(machineFlags),
});
type Args = z.output<typeof args>;

function formatOf({ format, output }: Args, isJson: boolean): Format {
	const ending = /\.(jsonl?|csv)$/.exec(output ?? '')?.[1];
	const said = format ?? (isJson ? 'json' : (ending ?? 'table'));
	const found = formats.find((one) => one === said);
	if (found === undefined) throw new Failure('usage', `--format must be one of ${formats.join(', ')}.`);
	return found;
}

async function optionsOf(given: Args, terminal: Terminal): Promise<ClassifyOptions> {
	const { gather, template, dtype, multi, threshold, models_dir: store } = given;
	if (gather !== undefined && gather !== 'mean' && gather !== 'max')
		throw new Failure('usage', '--gather must be mean or max.');
	return {
		model: await chosenModel(given.model ?? given.provider, terminal),
		categories: labelSet(await categoriesOf(given.categories)),
		mode: modeOf(given.mode),
		threshold: numberOf('threshold', threshold, { least: 0, most: 1 }) ?? undefined,
		rules_first: given.rules_first,
		with_path: !given.no_path,
		gather,
		template,
		dtype,
		multi,
		allowFolder: true,
		store,
		force: given.force,
	};
}

/** One word for everything besides the text that a result depends on. */
function configDigest(options: ClassifyOptions, maxBytes: number): string {
	const {
		model,
		dtype,
		template,
		mode,
		threshold,
		multi,
		rules_first: rules,
		with_path: path,
		gather,
		categories,
	} = options;
	const all = [model, dtype, template, mode, threshold, multi, rules, path, gather, maxBytes, labelKey(categories)];
	const thresholds = categories.map((category) => category.threshold ?? null);
	return createHash('sha256')
		.update(JSON.stringify([all, thresholds]))
		.digest('hex')
		.slice(0, 16);
}

async function* filesOf(given: Args, maxBytes: number, signal: AbortSignal): AsyncGenerator<TextFile> {
	const inputs = [...given.input, ...given.files];
	if (inputs.length === 0) throw new Failure('usage', 'There is nothing to sort: -i names files and folders.');
	const { streamedText, walkTexts } = await import('#lib/server/text-files.ts');
	const { include, exclude } = given;
	for (const input of inputs) {
		if (input === '-') yield streamedText(await standardBytes(), '-', maxBytes);
		else yield* walkTexts([input], { include, exclude, maxBytes, signal });
	}
}

interface Counts {
	done: number;
	kept: number;
	failed: number;
	binary: number;
}

/** A result for a file that is no text: sorted by its path where rules know it, told apart from failures. */
async function unread(
	file: TextFile,
	options: ClassifyOptions,
	classifier: Run['classifier'],
): Promise<Classification> {
	const blank = blankClassification(file.id, options.model, 'none');
	if (file.problem === 'unreadable') {
		const error = { code: 'unreadable_file', message: 'The file cannot be read.' };
		return { ...blank, abstained: 'failed', error };
	}
	for await (const ruled of classifier.classify([{ id: file.id, text: '', path: file.path }], {
		...options,
		model: 'rules',
	})) {
		if (ruled.category !== null) return { ...ruled, warnings: ['It is binary: only its path was looked at.'] };
	}
	return { ...blank, abstained: 'binary' };
}

interface Run {
	classifier: Pick<Classifier, 'classify'>;
	given: Args;
	options: ClassifyOptions;
	sink: Sink;
	terminal: Terminal;
	signal: AbortSignal;
	earlier: Awaited<ReturnType<typeof earlierResults>>;
}

/** Results that come at different times, written in the order of the files. */
class InOrder {
	readonly #sink: Sink;
	/** One place per file; null until its result is there. */
	readonly #places: (object | null)[] = [];

	constructor(sink: Sink) {
		this.#sink = sink;
	}

	/** The result of the next file, or null when a model is asked about it. */
	add(result: object | null): Promise<void> {
		this.#places.push(result);
		return this.#flush();
	}

	/** The model's next result. */
	fill(result: object): Promise<void> {
		const at = this.#places.indexOf(null);
		if (at >= 0) this.#places[at] = result;
		return this.#flush();
	}

	async #flush(): Promise<void> {
		for (let first = this.#places[0]; first != null; first = this.#places[0]) {
			this.#places.shift();
			await this.#sink.write(first);
		}
	}
}

async function sortAll({ classifier, given, options, sink, terminal, signal, earlier }: Run): Promise<Counts> {
	const maxBytes = numberOf('max-bytes', given.max_bytes, { least: 1, most: 64 * 2 ** 20 }) ?? 2 ** 20;
	const config = configDigest(options, maxBytes);
	const counts: Counts = { done: 0, kept: 0, failed: 0, binary: 0 };
	const asked: TextFile[] = [];
	const written = new InOrder(sink);
	const texts = async function* () {
		for await (const file of filesOf(given, maxBytes, signal)) {
			const before = earlier.get(file.id);
			if (before?.sha256 === file.sha256 && before.config === config && before.error === null) {
				counts.kept += 1;
				await written.add(before);
			} else if (file.problem !== null) {
				const result = await unread(file, options, classifier);
				counts[result.error === null ? 'binary' : 'failed'] += 1;
				await written.add({ ...result, sha256: file.sha256, config });
			} else {
				asked.push(file);
				await written.add(null);
				yield { id: file.id, text: file.text, ...(file.path === '' ? {} : { path: file.path }) };
			}
		}
	};
	for await (const result of classifier.classify(texts(), { ...options, signal })) {
		const file = asked.shift();
		counts.done += 1;
		if (result.error !== null) counts.failed += 1;
		await written.fill({
			...result,
			truncated: result.truncated || (file?.truncated ?? false),
			sha256: file?.sha256 ?? '',
			config,
		});
		terminal.progress(`${counts.done.toLocaleString('en')} sorted …`);
	}
	return counts;
}

/** The machine's engines, with the route that `--provider` means under its spec; the model of the options becomes that spec. */
async function routed(app: App, given: Args, options: ClassifyOptions, terminal: Terminal) {
	const { RoutedEngines, routeOf } = await import('#lib/server/registry/route-engine.ts');
	const { Classifier } = await import('#lib/server/classifier.ts');
	const { registry, router } = app.routing;
	const spec = routeOf(given, registry, app.userId);
	const specs = spec === null ? [] : [spec];
	const engines = new RoutedEngines({ engines: app.engines, router, specs, user: app.userId });
	if (spec === null) return { engines, classifier: app.classifier };
	options.model = spec;
	terminal.note(`Every text is sent to ${spec}.`);
	return { engines, classifier: new Classifier({ engines, database: app.database, clock: app.clock }) };
}

/** Exit code 3 when some could not be sorted; abstaining is an answer. */
export const classifyCommand = command({
	name: 'classify',
	summary: 'sort files into categories with a model on this machine, or one of the registry file',
	args,
	run: async (given, terminal) => {
		const format = formatOf(given, terminal.json);
		const isFile = given.output !== undefined && given.output !== '-';
		if (given.resume && !isFile) throw new Failure('usage', '--resume needs the file of an earlier run as --output.');
		if (given.resume && format !== 'json' && format !== 'jsonl')
			throw new Failure('usage', '--resume needs results as json or jsonl: the other formats do not hold enough.');
		const options = await optionsOf(given, terminal);
		const { withApp } = await import('./machine.ts');
		return withApp(given, terminal, async (app, signal) => {
			const earlier = given.resume && given.output !== undefined ? await earlierResults(given.output) : new Map();
			const { engines, classifier } = await routed(app, given, options, terminal);
			const { model, dtype = null, store } = options;
			const check = () => engines.check(model, { ...options, dtype });
			const never = given.no_download || dtype !== null || store !== undefined;
			if (model !== 'rules')
				await ensureModel(app, { model, yes: given.yes, no_download: never, check }, terminal, signal);
			const sink =
				isFile && given.output !== undefined
					? await fileSink(given.output, format, earlier)
					: terminalSink(format, terminal);
			let isComplete = false;
			try {
				const counts = await sortAll({ classifier, given, options, sink, terminal, signal, earlier });
				isComplete = true;
				const parts = [
					`${counts.done} sorted`,
					`${counts.kept} kept`,
					`${counts.binary} binary`,
					`${counts.failed} failed`,
				];
				terminal.note(`${parts.join(', ')}.`);
				if (engines.hasRoutes)
					terminal.note(`Cost: ${engines.cost === null ? 'unknown' : `$${dollars(engines.cost)}`}.`);
				return counts.failed > 0 ? 3 : 0;
			} finally {
				await sink.end(isComplete);
			}
		});
	},
});
