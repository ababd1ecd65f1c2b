// Models as a table on the terminal: one line each, the same columns wherever models are listed.
import { formatBits, formatCompact, formatCount, formatMethod, formatParameters } from '#lib/core/format.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

interface Column {
	title: string;
	of(entry: ModelEntry): string;
}

function quantizationOf({ quantization_bits, quantization_method, quantization }: ModelEntry): string {
	const parts = [
		quantization_bits === null ? null : formatBits(quantization_bits),
		quantization_method === null ? null : formatMethod(quantization_method),
	].filter((part) => part !== null);
	if (parts.length > 0) return parts.join(' ');
	return { fp16: '16-bit', other: 'full', unknown: 'Unknown' }[String(quantization)] ?? String(quantization);
}

const columns: readonly Column[] = [
	{ title: 'Model', of: (entry) => entry.id },
	{ title: 'Family', of: (entry) => entry.architecture_family },
	{ title: 'Params', of: ({ parameters_total: n }) => (n === null ? 'Unknown' : formatParameters(n)) },
	{ title: 'Context', of: ({ context_window: n }) => (n === null ? 'Unknown' : formatCount(n)) },
	{ title: 'Weights', of: quantizationOf },
	{ title: 'Downloads', of: ({ downloads: n }) => (n === null ? 'Unknown' : formatCompact(n)) },
];

/** What a model is and how sure that is, where a list holds more than one class. */
const classColumn: Column = {
	title: 'Class',
	of: ({ classification, confidence }) => `${classification} (${confidence})`,
};

function cut(text: string, width: number): string {
	return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

/**
 * Columns side by side under their titles; on a terminal the ids give way, so that a row stays one line. `below` gives
 * lines to stand under a row.
 */
export function showModels(
	models: readonly ModelEntry[],
	terminal: Terminal,
	{ withClass = false, below = () => [] }: { withClass?: boolean; below?: (entry: ModelEntry) => string[] } = {},
): void {
	const shown = withClass ? [...columns, classColumn] : columns;
	const rows = [shown.map(({ title }) => title), ...models.map((entry) => shown.map((column) => column.of(entry)))];
	const wide = shown.map((_, at) => rows.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), 0));
	const others = wide.slice(1).reduce((sum, width) => sum + width + 2, 0);
	const idWidth =
		terminal.width === null ? (wide[0] ?? 0) : Math.max(20, Math.min(wide[0] ?? 0, terminal.width - others));
	rows.forEach((row, index) => {
		const cells = row.map((cell, at) => cut(cell, at === 0 ? idWidth : (wide[at] ?? 0)));
		const text = cells.join('  ').trimEnd();
		terminal.line(index === 0 ? strong(text) : text);
		const entry = models[index - 1];
		for (const line of entry === undefined ? [] : below(entry)) terminal.line(quiet(line));
	});
}
