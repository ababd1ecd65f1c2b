// `modeldex discover --stats`: what this machine has counted of its runs, as tables or one document.
import { formatCount, formatDuration } from '#lib/core/format.ts';
import {
	telemetryRows,
	telemetryWindows,
	telemetryWords,
	type TelemetryKind,
	type TelemetryReport,
} from '#lib/core/telemetry.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

const chapters: readonly { kind: TelemetryKind; title: string }[] = [
	{ kind: 'fetches', title: 'Reads of configurations' },
	{ kind: 'classes', title: 'What models are' },
	{ kind: 'backoffs', title: 'Pauses' },
	{ kind: 'loader_failures', title: 'Models that did not load' },
];

/** A row of a table: its name, a word about it, and a cell per window. */
interface Row {
	name: string;
	about: string;
	cells: string[];
}

function durationRows({ windows }: TelemetryReport): Row[] {
	const of = (name: string, figure: 'p50_ms' | 'p95_ms'): Row => ({
		name,
		about: '',
		cells: telemetryWindows.map(({ key }) => {
			const ms = windows[key]?.durations[figure] ?? null;
			return ms === null ? '–' : formatDuration(ms);
		}),
	});
	return [of('half within', 'p50_ms'), of('95 % within', 'p95_ms')];
}

function show(title: string, rows: readonly Row[], terminal: Terminal): void {
	const heads = telemetryWindows.map(({ label }) => label);
	const left = Math.max(title.length, ...rows.map(({ name, about }) => `  ${name}  ${about}`.length));
	const wide = heads.map((head, at) => Math.max(head.length, ...rows.map(({ cells }) => cells[at]?.length ?? 0)));
	const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padStart((wide[at] ?? 0) + 2)).join('');
	terminal.line(strong(title.padEnd(left)), quiet(line(heads)));
	for (const { name, about, cells } of rows) {
		terminal.line(`  ${name}  `, quiet(about), ' '.repeat(left - name.length - about.length - 4), line(cells));
	}
}

/** Prints the report; before anything was counted, one sentence that says so. */
export function showStats(report: TelemetryReport, terminal: Terminal): void {
	if (terminal.json) return terminal.document(report);
	if (report.since === null) return terminal.note('Nothing has been counted yet.');
	for (const { kind, title } of chapters) {
		const rows = telemetryRows(report, kind);
		if (rows.length === 0) continue;
		const cell = (count: number | null) => (count === null ? '–' : formatCount(count));
		show(
			title,
			rows.map(({ name, counts }) => ({ name, about: telemetryWords(kind, name), cells: counts.map(cell) })),
			terminal,
		);
		if (kind === 'fetches') show('How long they took', durationRows(report), terminal);
	}
	for (const { model_id, code } of report.loader_failures) terminal.line(`  ${model_id}  `, quiet(code));
}
