// Questions about which models were made from which: quantized, fine-tuned, merged and adapted from a base.
import { text, type Database } from '#lib/server/database.ts';

/** The models a model says it was made from, in the order of their ids; empty when it says none. */
export function basesOf(database: Database, id: string): string[] {
	const rows = database.all('SELECT DISTINCT base FROM bases WHERE id = ? ORDER BY base', [id]);
	return rows.flatMap((row) => text(row[0]) ?? []);
}

/** Models made from any of these bases, without `except`: the most downloaded first. */
export function madeFrom(database: Database, bases: readonly string[], except: string, limit: number): string[] {
	const rows = database.all(
		`SELECT DISTINCT models.id, models.downloads FROM bases JOIN models ON models.id = bases.id
		WHERE bases.base IN (SELECT value FROM json_each(?)) AND models.id <> ?
		ORDER BY models.downloads DESC, models.id LIMIT ?`,
		[JSON.stringify(bases), except, limit],
	);
	return rows.flatMap((row) => text(row[0]) ?? []);
}
