// `modeldex search [text]`: the list of models with the filters, the sorting and the words of the API.
import { z } from 'zod';
import { parseMemory } from '#lib/core/amount.ts';
import { formatBits, formatCompact, formatCount, formatMethod, formatParameters } from '#lib/core/format.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { emptyQuery, parseQuery, type ListPage, type ModelQuery } from '#lib/core/query.ts';
import { command, list, option, optional } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { strong, type Terminal } from './terminal.ts';

/** What help says about each part of a query; a new filter does not compile without its words. */
const words: Record<Exclude<keyof ModelQuery, 'q'>, { value: string; about: string }> = {
	family: { value: 'name', about: 'architecture family, such as Qwen; Unknown is one too' },
	modality: { value: 'kind', about: 'any, text or multimodal' },
	quantization: { value: 'bits', about: '2, 3, 4, 5, 6, 8, fp16, other or unknown' },
	kind: { value: 'kind', about: 'gen, encoder, unknown or auth-protected' },
	author: { value: 'name', about: 'who published it' },
	license: { value: 'id', about: 'licence, such as apache-2.0' },
	gated: { value: 'yes-no', about: 'true: only models with a gate; false: only those without' },
	min_params: { value: 'count', about: 'at least so many parameters: 500M, 7B' },
	max_params: { value: 'count', about: 'at most so many parameters' },
	min_context: { value: 'tokens', about: 'context window of at least: 32k, 131072' },
	fits: { value: 'memory', about: 'only what fits: 16GB, 16GiB or the id of a device; "modeldex fit" lists them' },
	context: { value: 'tokens', about: 'the context at which it must fit; 8192 unless told' },
	source: { value: 'source', about: 'all, hub or mine (models on this machine)' },
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
	return parseQuery(params, { strict: true });
}

function quantizationOf({ quantization_bits, quantization_method, quantization }: ModelEntry): string {
	const parts = [
		quantization_bits === null ? null : formatBits(quantization_bits),
		quantization_method === null ? null : formatMethod(quantization_method),
	].filter((part) => part !== null);
	if (parts.length > 0) return parts.join(' ');
	return { fp16: '16-bit', other: 'full', unknown: 'Unknown' }[String(quantization)] ?? String(quantization);
}

const columns: { title: string; of: (entry: ModelEntry) => string }[] = [
	{ title: 'Model', of: (entry) => entry.id },
	{ title: 'Family', of: (entry) => entry.architecture_family },
	{ title: 'Params', of: ({ parameters_total: n }) => (n === null ? 'Unknown' : formatParameters(n)) },
	{ title: 'Context', of: ({ context_window: n }) => (n === null ? 'Unknown' : formatCount(n)) },
	{ title: 'Weights', of: quantizationOf },
	{ title: 'Downloads', of: ({ downloads: n }) => (n === null ? 'Unknown' : formatCompact(n)) },
];

/** Columns side by side; on a terminal the ids give way, so that a row stays one line. */
function show({ models, total, next_cursor }: ListPage, terminal: Terminal): void {
	const rows = [columns.map(({ title }) => title), ...models.map((entry) => columns.map(({ of }) => of(entry)))];
	const wide = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
	const others = wide.slice(1).reduce((sum, width) => sum + width + 2, 0);
	const idWidth =
		terminal.width === null ? (wide[0] ?? 0) : Math.max(20, Math.min(wide[0] ?? 0, terminal.width - others));
	rows.forEach((row, index) => {
		const cells = row.map((cell, at) => cut(cell, at === 0 ? idWidth : (wide[at] ?? 0)));
		const text = cells.join('  ').trimEnd();
		terminal.line(index === 0 ? strong(text) : text);
	});
	const shown = `${formatCount(models.length)} of ${formatCount(total)}`;
	terminal.note(next_cursor === null ? shown : `${shown}; more with --limit or --cursor (see --json)`);
}

function cut(text: string, width: number): string {
	return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
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
		const query = queryOf(typeof text === 'string' ? text : undefined, args);
		const { withApp } = await import('./machine.ts');
		await withApp(args, terminal, async ({ catalog, hardware }) => {
			if (query.fits !== null && parseMemory(query.fits) === null) await hardware.ready();
			const page = catalog.list(query);
			if (terminal.json) terminal.document(page);
			else if (page.models.length === 0) terminal.note('No model matches.');
			else show(page, terminal);
		});
	},
});
