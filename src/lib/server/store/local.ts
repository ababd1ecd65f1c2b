// Questions to what is kept of this machine's models: folders a person named, pinned commits.
import { z } from 'zod';
import { modelFileSchema, type ModelFile } from '#lib/core/model.ts';
import { text, type Database } from '#lib/server/database.ts';

/** A folder that a person named. `id`: the model it holds, when they said so. */
export interface AddedFolder {
	path: string;
	id: string | null;
}

/** The folders that were named, by path. */
export function addedFolders(database: Database): AddedFolder[] {
	const rows = database.all('SELECT path, id FROM local_folders ORDER BY path');
	return rows.map(([path = null, id = null]) => ({ path: text(path) ?? '', id: text(id) }));
}

/** Keeps a folder; naming it again changes only its model. */
export function addFolder(database: Database, { path, id }: AddedFolder, addedAt: string): void {
	const sql = `INSERT INTO local_folders (path, id, added_at) VALUES (?, ?, ?)
		ON CONFLICT (path) DO UPDATE SET id = excluded.id`;
	database.run(sql, [path, id, addedAt]);
}

/** Forgets a folder; false when it was not named. */
export function forgetFolder(database: Database, path: string): boolean {
	return database.run('DELETE FROM local_folders WHERE path = ?', [path]) > 0;
}

/** The commit and files that a name stands for on this machine. */
export interface Pin {
	name: string;
	id: string;
	revision: string;
	files: ModelFile[];
	pinnedAt: string;
}

const filesSchema = z.array(modelFileSchema);

/** The pin of a name; null when it has none, or an older Modeldex wrote it in another form. */
export function findPin(database: Database, name: string): Pin | null {
	const row = database.first('SELECT id, revision, files, pinned_at FROM pins WHERE name = ?', [name]);
	const files = filesSchema.safeParse(JSON.parse(text(row?.[2] ?? null) ?? 'null'));
	if (row === null || !files.success) return null;
	const [id = null, revision = null, , pinnedAt = null] = row;
	return {
		name,
		id: text(id) ?? '',
		revision: text(revision) ?? '',
		files: files.data,
		pinnedAt: text(pinnedAt) ?? '',
	};
}

/** Pins a name, once: a pin that is there stays. */
export function keepPin(database: Database, { name, id, revision, files, pinnedAt }: Pin): void {
	database.run(
		'INSERT INTO pins (name, id, revision, files, pinned_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING',
		[name, id, revision, JSON.stringify(files), pinnedAt],
	);
}
