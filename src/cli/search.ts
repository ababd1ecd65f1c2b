// `modeldex search [text]`: the list of models with the filters, the sorting and the words of the API.
import { z } from 'zod';
import { parseMemory } from '#lib/core/amount.ts';
import { Failure } from '#lib/core/failure.ts';
import { formatCount } from '#lib/core/format.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { emptyQuery, unchecked, type ListPage, type ModelQuery } from '#lib/core/query.ts';
import type { App } from '#lib/server/app.ts';
import { askedQuery } from '#lib/server/asked-query.ts';
import { withRecommended } from '#lib/server/grouped.ts';
import { command, list, option, optional } from './command.ts';
import { showModels } from './model-table.ts';
import { machineFlags, settingOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

/** What help says about each part of a query; a new filter does not compile without its words. */
const words: Record<Exclude<keyof ModelQuery, 'q'>, { value: string; about: string }> = {
	family: { value: 'name', about: 'architecture family, such as Qwen; Unknown is one too' },
	modality: { value: 'kind', about: 'any, text or multimodal' },
	quantization: { value: 'bits', about: '2, 3, 4, 5, 6, 8, fp16, other or unknown' },
	kind: { value: 'kind', about: 'gen, encoder, unknown or auth-protected' },
	author: { value: 'name', about: 'who published it' },
	license: { value: 'id', about: 'licence, such as apache-2.0' },
	gated: { value: 'yes-no', about: 'true: only models with a gate; false: only those without' },
	size_class: {
		value: 'class',
		about: 'small (under 7B parameters), medium, large (from 30B), huge (from 100B) or unknown',
	},
	weight_class: {
		value: 'class',
		about: 'bytes of the weights: to-4gb, 4-8gb, 8-16gb, 16-32gb, 32-80gb, over-80gb or unknown',
	},
	min_params: { value: 'count', about: 'at least so many parameters: 500M, 7B' },
	max_params: { value: 'count', about: 'at most so many parameters' },
	min_context: { value: 'tokens', about: 'context window of at least: 32k, 131072' },
	runtime: { value: 'name', about: 'what it runs on: vllm, llama.cpp, ollama …; "modeldex compat" names them all' },
	show_incompatible: { value: 'yes-no', about: 'true: with --runtime, the others too' },
	fits: { value: 'memory', about: 'only what fits: 16GB, 16GiB or the id of a device; "modeldex fit" lists them' },
	context: { value: 'tokens', about: 'the context at which it must fit; 8192 unless told' },
	source: { value: 'source', about: 'all, hub or mine (models on this machine)' },
	group: { value: 'base', about: 'base: one row per base model, with its packings and the one to take' },
	sort: {
		value: 'by',
		about: 'downloads, likes, updated, created, params, context, size (estimated), name or trending',
	},
	order: { value: 'order', about: 'asc or desc' },
	limit: { value: 'number', about: 'rows, 1 to 200; 50 unless told' },
	cursor: { value: 'cursor', about: 'go on where a list stopped (next_cursor of --json)' },
};

const filterOptions = Object.fromEntries(
	Object.entries(words).map(([name, { value, about }]) => {
		const many = Object.entries(emptyQuery).some(([key, empty]) => key === name && Array.isArray(empty));
		return [name, many ? list(value, about) : option(value, about)];
	}),
);

function queryOf(text: string | undefined, args: Readonly<Record<string, unknown>>): ModelQuery {
	const params = new URLSearchParams(text === undefined ? {} : { q: text });
	for (const name of Object.keys(words)) {
		const value = args[name];
		for (const one of Array.isArray(value) ? value : [value]) if (typeof one === 'string') params.append(name, one);
	}
	const query = askedQuery(params);
	if (query.context !== null && query.fits === null) {
		throw new Failure('usage', '--context is the context at which it must fit: it goes with --fits.');
	}
	if (params.has('show_incompatible') && query.runtime === null) {
		throw new Failure('usage', '--show-incompatible goes with --runtime.');
	}
	return query;
}

/** The page; of a grouped list with the packing to take on the query's device, else on the current one. */
async function listed(query: ModelQuery, { catalog, hardware }: Pick<App, 'catalog' | 'hardware'>): Promise<ListPage> {
	const page = catalog.list(query);
	if (query.group === null) return page;
	return withRecommended(page, { query, checked: unchecked, device: await hardware.device(query.fits) });
}

/** What stands below a row of a grouped list. */
function packingsBelow({ packings }: ModelEntry): string[] {
	if (packings === undefined) return [];
	const { matches, total, base, recommended, variants } = packings;
	const more = total === 1 ? '1 packing' : `${formatCount(total)} packings`;
	const only = matches ? '' : '; the model itself does not match';
	const of = base === null ? '' : ` of ${base}`;
	const guesses = variants.filter(({ guessed }) => guessed).length;
	const guessed = guesses === 0 ? '' : ` (${formatCount(guesses)} by name)`;
	const take = recommended ? `Take ${recommended.id}: ${recommended.reason}` : 'None is known to fit and run here.';
	return [`  ${more}${of}${guessed}${only}. ${take}`];
}

function show({ models, total, matching, next_cursor }: ListPage, terminal: Terminal): void {
	showModels(models, terminal, { below: packingsBelow });
	const inside = matching === total ? '' : ` rows for ${formatCount(matching)} models`;
	const shown = `${formatCount(models.length)} of ${formatCount(total)}${inside}`;
	terminal.note(next_cursor === null ? shown : `${shown}; more with --limit or --cursor (see --json)`);
}

/** An empty list is an answer: exit code 0. A wrong filter is exit code 2, and names the filter. */
export const searchCommand = command({
	name: 'search',
	summary: 'find models by text and filters',
	args: z.strictObject({
		text: optional('text', 'words in the name'),
		...filterOptions,
		...settingOptions(machineFlags),
	}),
	run: async ({ text, ...args }, terminal) => {
		const { withApp } = await import('./machine.ts');
		await withApp(args, terminal, async ({ catalog, hardware }) => {
			const query = queryOf(typeof text === 'string' ? text : undefined, args); // runtimes of the registry file are known now
			if (query.fits !== null && parseMemory(query.fits) === null) await hardware.ready();
			const page = await listed(query, { catalog, hardware });
			if (terminal.json) terminal.document(page);
			else if (page.models.length === 0) terminal.note('No model matches.');
			else show(page, terminal);
		});
	},
});
