// Keys of the gateway: made once and shown once, kept as digests, and looked at anew as soon as one of them has changed.
import { hash, timingSafeEqual } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import { keyMark, type KeyOrder, type RegistryKey } from '#lib/core/registry/key.ts';
import type { Database } from '#lib/server/database.ts';
import { addKey, keyChanges, listKeys, readKey, revokeKey, touchKey } from '#lib/server/store/keys.ts';

interface KeysOptions {
	database: Database;
	date: () => Date;
	/** Unpredictable bytes. */
	random: (bytes: number) => Uint8Array;
}

const keyShape = /^mdx_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/;
/** How often the time of the last use is written down; more often would be a write for every request. */
const touchMs = 60_000;
const longestName = 100;

function digest(key: string): Buffer {
	return hash('sha256', Buffer.from(key, 'latin1'), 'buffer');
}

/** Compared with where there is no such key, so that both take the same way. */
const nobody = digest('nobody');

function refused(sentence = 'That is no key of this gateway.'): Failure {
	return new Failure('invalid_api_key', sentence);
}

interface Kept {
	key: RegistryKey;
	digest: Buffer;
}

/** The keeper of the gateway's keys. */
export class Keys {
	readonly #database: Database;
	readonly #date: () => Date;
	readonly #random: (bytes: number) => Uint8Array;
	readonly #touched = new Map<string, number>();
	/** Keys as they were read, for as long as the table has not changed. */
	#read = { stamp: '', keys: new Map<string, Kept>() };

	constructor({ database, date, random }: KeysOptions) {
		this.#database = database;
		this.#date = date;
		this.#random = random;
	}

	/** Makes a key. `secret` is the key itself: it can be shown now and never again. Throws `usage` for a name that is none. */
	create(order: KeyOrder): { key: RegistryKey; secret: string } {
		if (order.name.trim() === '' || order.name.length > longestName || /[\u0000-\u001f\u007f]/.test(order.name)) {
			throw new Failure('usage', `The name of a key has 1 to ${longestName} characters.`);
		}
		const id = Buffer.from(this.#random(4)).toString('hex');
		const prefix = `${keyMark}${id}`;
		const secret = `${prefix}_${Buffer.from(this.#random(32)).toString('base64url')}`;
		const none = { revoked_at: null, last_used_at: null };
		const key: RegistryKey = { ...order, ...none, id, prefix, created_at: this.#date().toISOString() };
		addKey(this.#database, key, digest(secret).toString('hex'));
		return { key, secret };
	}

	/** Every key ever made, the newest first. */
	list(): RegistryKey[] {
		return listKeys(this.#database);
	}

	/** Ends a key from the next request on, in every process. Throws `not_found`; ending it again changes nothing. */
	revoke(id: string): RegistryKey {
		const bare = id.startsWith(keyMark) ? id.slice(keyMark.length, keyMark.length + 8) : id;
		revokeKey(this.#database, bare, this.#date().toISOString());
		const found = readKey(this.#database, bare);
		if (found === null) throw new Failure('not_found', 'There is no key with this id; "registry key list" shows them.');
		return found.key;
	}

	/** The key behind this text. Throws `invalid_api_key` for one that is unknown, revoked or over. */
	admit(text: string): RegistryKey {
		const id = keyShape.exec(text)?.[1] ?? '';
		const found = id === '' ? null : this.#find(id);
		const kept = found?.digest ?? nobody;
		const isSame = kept.length === 32 && timingSafeEqual(kept, digest(text));
		if (found === null || !isSame) throw refused();
		const { key } = found;
		const now = this.#date();
		if (key.revoked_at !== null) throw refused('This key was revoked.');
		if (key.expires_at !== null && key.expires_at <= now.toISOString())
			throw refused('This key is over; ask for a new one.');
		this.#touch(key.id, now);
		return key;
	}

	#find(id: string): Kept | null {
		const stamp = keyChanges.stamp(this.#database);
		if (stamp !== this.#read.stamp) this.#read = { stamp, keys: new Map() };
		const { keys } = this.#read;
		const known = keys.get(id);
		if (known !== undefined) return known;
		const row = readKey(this.#database, id);
		if (row === null) return null; // not remembered: ids that are none have no end
		const found = { key: row.key, digest: Buffer.from(row.digest, 'hex') };
		keys.set(id, found);
		return found;
	}

	#touch(id: string, now: Date): void {
		if (now.getTime() - (this.#touched.get(id) ?? -Infinity) < touchMs) return;
		this.#touched.set(id, now.getTime());
		touchKey(this.#database, id, now.toISOString());
	}
}
