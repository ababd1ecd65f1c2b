// A database made to be copied, and a copy made a database of its own.
import type { Database } from '#lib/server/database.ts';

/** Names that a copy must not share with the database it was copied from, with what makes a new one. */
const ownNames = {
	database: 'lower(hex(randomblob(6)))',
	user: "'user-' || lower(hex(randomblob(6)))",
};

/** Makes the database one to copy: without names of its own. */
export function forget(database: Database): void {
	for (const key of Object.keys(ownNames)) database.run("UPDATE meta SET value = '' WHERE key = ?", [key]);
}

/** Gives a copied database names of its own; one that has them keeps them. */
export function nameOwn(database: Database): void {
	for (const [key, fresh] of Object.entries(ownNames)) {
		if (database.first("SELECT 1 FROM meta WHERE key = ? AND value = ''", [key]) === null) continue;
		database.run(`UPDATE meta SET value = ${fresh} WHERE key = ? AND value = ''`, [key]);
	}
}

/** Writes all of a database into a new file, without what was deleted from it. Throws `Failure('database')` where it cannot. */
export function writeCopy(database: Database, path: string): void {
	database.run('VACUUM INTO ?', [path]);
}
