// Questions to the feature flags: how each is rolled out, who is on its lists, and who changed what.
import { number, text, type Database, type Row } from '#lib/server/database.ts';
import { Changes } from '#lib/server/store/changes.ts';

/** Flags and lists that were changed. */
export const flagWrites = new Changes();

/** How one flag is rolled out. `percent` is 0 to 100; null when nobody set one. */
export interface StoredFlag {
	isKilled: boolean;
	percent: number | null;
	salt: string;
}

/** People with a rule of their own: they have the feature before everyone else, or not at all. */
export type FlagList = 'test' | 'deny';

/** One change. `old` and `new` are the values as texts; null where there was or is none. `at` is an ISO time. */
export interface FlagChange {
	flag: string;
	at: string;
	who: string;
	what: 'kill_switch' | 'percent' | 'salt' | FlagList;
	old: string | null;
	new: string | null;
}

/** The flag's row; null when nobody ever set anything. */
export function readFlag(database: Database, flag: string): StoredFlag | null {
	const row = database.first('SELECT is_killed, percent, salt FROM flags WHERE flag = ?', [flag]);
	if (row === null) return null;
	return { isKilled: number(row[0]) === 1, percent: number(row[1]), salt: text(row[2]) ?? '' };
}

/** Keeps the flag's row, in place of the one before. */
export function saveFlag(database: Database, flag: string, { isKilled, percent, salt }: StoredFlag): void {
	flagWrites.note(database);
	database.run(
		`INSERT INTO flags (flag, is_killed, percent, salt) VALUES (?, ?, ?, ?) ON CONFLICT (flag) DO UPDATE SET
			is_killed = excluded.is_killed, percent = excluded.percent, salt = excluded.salt`,
		[flag, isKilled, percent, salt],
	);
}

/** One of a flag's two lists. */
export interface ListKey {
	flag: string;
	list: FlagList;
}

/** Is this user on the list? */
export function isListed(database: Database, { flag, list }: ListKey, userId: string): boolean {
	const sql = 'SELECT 1 FROM flag_users WHERE flag = ? AND list = ? AND user_id = ?';
	return database.first(sql, [flag, list, userId]) !== null;
}

/** Everyone on the list, by name. */
export function listedUsers(database: Database, { flag, list }: ListKey): string[] {
	const sql = 'SELECT user_id FROM flag_users WHERE flag = ? AND list = ? ORDER BY user_id';
	return database.all(sql, [flag, list]).map(([userId]) => text(userId) ?? '');
}

/** Puts the user on the list; false when they were there already. */
export function addListed(database: Database, { flag, list }: ListKey, userId: string): boolean {
	flagWrites.note(database);
	const sql = 'INSERT OR IGNORE INTO flag_users (flag, list, user_id) VALUES (?, ?, ?)';
	return database.run(sql, [flag, list, userId]) > 0;
}

/** Takes the user off the list; false when they were not there. */
export function removeListed(database: Database, { flag, list }: ListKey, userId: string): boolean {
	flagWrites.note(database);
	const sql = 'DELETE FROM flag_users WHERE flag = ? AND list = ? AND user_id = ?';
	return database.run(sql, [flag, list, userId]) > 0;
}

/** Writes down a change. */
export function addFlagChange(database: Database, { flag, at, who, what, old, new: value }: FlagChange): void {
	const sql = 'INSERT INTO flag_changes (flag, at, who, what, old, new) VALUES (?, ?, ?, ?, ?, ?)';
	database.run(sql, [flag, at, who, what, old, value]);
}

const kinds = ['kill_switch', 'percent', 'salt', 'test', 'deny'] as const;

function toChange([flag, at, who, what, old, value]: Row): FlagChange {
	const kind = kinds.find((name) => name === what);
	if (kind === undefined) throw new TypeError('A change of a flag is of a kind nobody knows.');
	return {
		flag: text(flag) ?? '',
		at: text(at) ?? '',
		who: text(who) ?? '',
		what: kind,
		old: text(old),
		new: text(value),
	};
}

/** The changes of a flag, the newest first. */
export function flagChanges(database: Database, flag: string, most: number): FlagChange[] {
	const sql = 'SELECT flag, at, who, what, old, new FROM flag_changes WHERE flag = ? ORDER BY number DESC LIMIT ?';
	return database.all(sql, [flag, most]).map(toChange);
}
