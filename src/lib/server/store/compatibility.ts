// Questions to the kept answers about runtimes: one per model, good for one commit and one state of rules and lists.
import { text, type Database } from '#lib/server/database.ts';

/** What an answer depends on: the model's commit, and a mark of the rules, the lists and everything else it was made of. */
export interface AnswerKey {
	id: string;
	revision: string;
	stamp: string;
}

/** The kept reports as JSON; null when there are none for this very key. */
export function readReports(database: Database, { id, revision, stamp }: AnswerKey): string | null {
	const sql = 'SELECT reports FROM compatibility WHERE id = ? AND revision = ? AND stamp = ?';
	return text(database.first(sql, [id, revision, stamp])?.[0] ?? null);
}

/** Keeps reports in place of what was kept for the model before. */
export function saveReports(database: Database, { id, revision, stamp }: AnswerKey, reports: string): void {
	database.run(
		`INSERT INTO compatibility (id, revision, stamp, reports) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
			revision = excluded.revision, stamp = excluded.stamp, reports = excluded.reports`,
		[id, revision, stamp, reports],
	);
}
