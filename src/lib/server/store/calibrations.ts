// Questions to the table of calibrations: what was fitted for one model, dtype, template and set of categories.
import { z } from 'zod';
import { calibrationMethods } from '#lib/core/classify-calibration.ts';
import { text, type Database, type Row } from '#lib/server/database.ts';

const mapSchema = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('identity') }),
	z.object({ kind: z.literal('platt'), a: z.number(), b: z.number() }),
	z.object({ kind: z.literal('isotonic'), knots: z.array(z.tuple([z.number(), z.number()])) }),
]);

const fittedSchema = z.object({
	method: z.enum(calibrationMethods),
	calibration: z.object({
		temperature: z.number(),
		map: mapSchema,
		thresholds: z.record(z.string(), z.number()),
		texts: z.number(),
	}),
	metrics: z.record(z.string(), z.number().nullable()),
});

/** What scores depend on. `revision` and `dtype` are empty where a model has none. */
export interface CalibrationKey {
	model: string;
	revision: string;
	dtype: string;
	template: string;
	/** Digest of the categories, and of how the texts were put to the model. */
	categories: string;
}

/** One kept calibration. `metrics` are of the labelled texts, before and after. */
export type KeptCalibration = CalibrationKey & z.infer<typeof fittedSchema> & { made_at: string };

function toCalibration(row: Row): KeptCalibration {
	const [model = '', revision = '', dtype = '', template = '', categories = '', fitted = '{}', madeAt = ''] = row.map(
		(cell) => text(cell) ?? '',
	);
	return { model, revision, dtype, template, categories, ...fittedSchema.parse(JSON.parse(fitted)), made_at: madeAt };
}

const columns = 'model, revision, dtype, template, categories, fitted, made_at';

/** Every calibration, newest first. */
export function allCalibrations(database: Database): KeptCalibration[] {
	return database.all(`SELECT ${columns} FROM calibrations ORDER BY made_at DESC, model`).map(toCalibration);
}

/** The calibration of exactly this key; null when there is none. */
export function findCalibration(database: Database, key: CalibrationKey): KeptCalibration | null {
	const { model, revision, dtype, template, categories } = key;
	const sql = `SELECT ${columns} FROM calibrations WHERE model = ? AND revision = ? AND dtype = ? AND template = ? AND categories = ?`;
	const row = database.first(sql, [model, revision, dtype, template, categories]);
	return row === null ? null : toCalibration(row);
}

/** Keeps a calibration in place of an earlier one of its key. */
export function saveCalibration(database: Database, kept: KeptCalibration): void {
	const { model, revision, dtype, template, categories, made_at: madeAt, method, calibration, metrics } = kept;
	database.run(`INSERT OR REPLACE INTO calibrations (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`, [
		model,
		revision,
		dtype,
		template,
		categories,
		JSON.stringify({ method, calibration, metrics }),
		madeAt,
	]);
}

/** Forgets every calibration of a model and tells how many there were. */
export function deleteCalibrations(database: Database, model: string): number {
	return database.run('DELETE FROM calibrations WHERE model = ?', [model]);
}
