// Words of the label lab: why nothing was chosen, how a run stands, how long it takes, and files to take away.
import type { ModelRun } from '#lib/client/classify-run.svelte.ts';
import type { LabText } from '#lib/client/classify-texts.ts';
import type { Estimate } from '#lib/client/classify.svelte.ts';
import { csvColumns, csvLine } from '#lib/core/classify-lines.ts';
import type { Abstention, Classification } from '#lib/core/classify.ts';
import { formatCount, formatDuration } from '#lib/core/format.ts';

const reasons: Record<Abstention, string> = {
	confidence: 'not sure enough',
	margin: 'two were too close',
	empty: 'the text is empty',
	binary: 'it is binary',
	no_rule: 'no rule fits its name',
	invalid_output: 'its answer was no category',
	failed: 'it failed',
};

/** Why a model chose nothing; null when it chose. */
export function abstentionWords({ abstained, error }: Classification): string | null {
	if (error !== null) return error.message;
	return abstained === null ? null : reasons[abstained];
}

/** How sure, honestly named: a probability only after calibration. */
export function confidenceWords({ confidence, calibrated, choice }: Classification): string {
	if (choice === null) return '';
	if (confidence === null) return 'tells no confidence';
	return calibrated
		? `${Math.round(confidence * 100)} % · calibrated`
		: `score ${confidence.toFixed(2)} · uncalibrated`;
}

/** The shares of a result, largest first. */
export function rankedScores({ scores }: Classification): [string, number][] {
	return Object.entries(scores).sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
}

/** How long a model will take, in words that say what that rests on. */
export function estimateWords({ texts, ms, measuredOn }: Estimate): string {
	if (texts === 0) return 'nothing left to ask';
	if (ms === null) return 'time unknown: nothing measured yet';
	return `about ${formatDuration(ms)}, measured on ${formatCount(measuredOn)} ${measuredOn === 1 ? 'text' : 'texts'} here`;
}

/** How a run stands, in words. */
export function runWords({ state, asked, answered, leftMs, pace }: ModelRun): string {
	const part = `${formatCount(answered)} of ${formatCount(asked)}`;
	const speed = pace === null ? '' : `, ${formatDuration(pace.msPerText)} a text`;
	switch (state) {
		case 'waiting':
			return 'waits for its turn';
		case 'running':
			return leftMs === null ? `${part}, time unknown so far` : `${part}, about ${formatDuration(leftMs)} left`;
		case 'done':
			return `done${speed}`;
		case 'cancelled':
			return `stopped after ${part}${speed}`;
		case 'failed':
			return `failed after ${part}`;
	}
}

/** Formats to take results away in. */
export const exportFormats = ['json', 'jsonl', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const types: Record<ExportFormat, string> = {
	json: 'application/json',
	jsonl: 'application/x-ndjson',
	csv: 'text/csv;charset=utf-8',
};

/** What goes into a file: every result with the name of its text and, where one was pressed, its label. */
interface ExportOptions {
	texts: readonly LabText[];
	runs: Iterable<ModelRun>;
	/** The right category of a text; null when nobody said. */
	labelOf: (text: LabText) => string | null;
	isComplete: boolean;
}

/** The results as a file's content. */
export function exported(format: ExportFormat, options: ExportOptions): { text: string; type: string } {
	const { texts, runs, labelOf, isComplete } = options;
	const rows = [...runs].flatMap((run) =>
		texts.flatMap((text) => {
			const result = run.results.get(text.id);
			const named = { name: text.name, path: text.path, label: labelOf(text), text: text.text };
			return result === undefined ? [] : [{ ...result, ...named, id: text.path ?? text.id }];
		}),
	);
	const type = types[format];
	if (format === 'json') {
		return { type, text: `${JSON.stringify({ schemaVersion: 1, complete: isComplete, results: rows }, null, 2)}\n` };
	}
	if (format === 'jsonl') return { type, text: rows.map((row) => `${JSON.stringify(row)}\n`).join('') };
	return { type, text: [csvColumns.join(','), ...rows.map(csvLine)].map((line) => `${line}\n`).join('') };
}
