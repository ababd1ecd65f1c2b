// Questions to the keys of the gateway. The database holds digests: a key cannot be read out of it.
import { z } from 'zod';
import type { KeyBudget, RegistryKey } from '#lib/core/registry/key.ts';
import { number, text, type Database, type Row } from '#lib/server/database.ts';
import { Changes } from '#lib/server/store/changes.ts';

/** Keys that were made or ended. */
export const keyChanges = new Changes();

const specsSchema = z.array(z.string());
const windowSchema = z.enum(['minute', 'hour', 'day', 'week', 'month']);

const columns =
	'id, name, prefix, user, specs, budget, budget_window, rpm, expires_at, revoked_at, last_used_at, created_at';

function budgetOf(usd: number | null, window: string | null): KeyBudget | null {
	return usd === null ? null : { usd, window: windowSchema.parse(window) };
}

function toKey(row: Row): RegistryKey {
	const [id, name, prefix, user, specs, budget, window, rpm, expires, revoked, used, created] = row;
	return {
		id: text(id) ?? '',
		name: text(name) ?? '',
		prefix: text(prefix) ?? '',
		user: text(user),
		specs: specsSchema.parse(JSON.parse(text(specs) ?? '[]')),
		budget: budgetOf(number(budget), text(window)),
		rpm: number(rpm),
		expires_at: text(expires),
		revoked_at: text(revoked),
		last_used_at: text(used),
		created_at: text(created) ?? '',
	};
}

/** Keeps a new key; `digest` is the SHA-256 of the whole key in hex. */
export function addKey(database: Database, key: RegistryKey, digest: string): void {
	const { id, name, prefix, user, specs, budget, rpm, expires_at, created_at } = key;
	database.run(
		`INSERT INTO registry_keys (id, name, prefix, user, specs, budget, budget_window, rpm, expires_at, created_at, digest)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		[
			id,
			name,
			prefix,
			user,
			JSON.stringify(specs),
			budget?.usd ?? null,
			budget?.window ?? null,
			rpm,
			expires_at,
			created_at,
			digest,
		],
	);
	keyChanges.note(database);
}

/** A key with its digest; null when there is none of this id. */
export function readKey(database: Database, id: string): { key: RegistryKey; digest: string } | null {
	const row = database.first(`SELECT ${columns}, digest FROM registry_keys WHERE id = ?`, [id]);
	return row === null ? null : { key: toKey(row), digest: text(row[12]) ?? '' };
}

/** Every key, the newest first. */
export function listKeys(database: Database): RegistryKey[] {
	return database.all(`SELECT ${columns} FROM registry_keys ORDER BY created_at DESC, id`).map(toKey);
}

/** Ends a key; false when it had ended or never was. */
export function revokeKey(database: Database, id: string, at: string): boolean {
	keyChanges.note(database);
	return database.run('UPDATE registry_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', [at, id]) > 0;
}

/** Notes that the key was used. */
export function touchKey(database: Database, id: string, at: string): void {
	database.run('UPDATE registry_keys SET last_used_at = ? WHERE id = ?', [at, id]);
}
