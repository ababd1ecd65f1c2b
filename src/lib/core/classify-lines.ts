// Classifications as lines: comma-separated for tables, and how sure a model was in words.
import type { Classification } from '#lib/core/classify.ts';

/** One cell, quoted where it must be, and never a formula. */
function csvCell(value: string | number | null): string {
	const text = value === null ? '' : String(value);
	// A spreadsheet would take such a cell for a formula.
	const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Columns of a comma-separated file of results. */
export const csvColumns = [
	'id',
	'category',
	'confidence',
	'calibrated',
	'choice',
	'margin',
	'method',
	'model',
	'abstained',
	'error',
] as const;

/** A result as a line of such a file. */
export function csvLine(line: Classification): string {
	const { id, category, confidence, calibrated, choice, margin, method, model, abstained, error } = line;
	return [id, category, confidence, String(calibrated), choice, margin, method, model, abstained, error?.code ?? null]
		.map(csvCell)
		.join(',');
}

/** How sure in words: a percentage only after calibration, else the share is called one. */
export function sureness({ confidence, calibrated, abstained, choice, error }: Classification): string {
	if (error !== null) return error.code;
	if (abstained !== null && confidence === null) return abstained;
	if (confidence === null) return 'no figure';
	const figure = calibrated ? `${Math.round(confidence * 100)} %` : `score ${confidence.toFixed(2)}`;
	return abstained === null ? figure : `${figure}, would be ${choice}`;
}
