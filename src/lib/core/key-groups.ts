// Which groups of known keys an object holds, found in one walk over it, so that absent keys need not be asked for.
import type { JsonObject } from '#lib/core/listing.ts';
import { keyGroups, type KeyGroup } from '#lib/core/tables/config-keys.ts';

/** A set of key groups, one bit each. There are fewer than 31 groups, so that it is a small integer. */
export type GroupSet = number;

function isGroup(name: string): name is KeyGroup {
	return Object.hasOwn(keyGroups, name);
}

const names = Object.keys(keyGroups).filter(isGroup);
const bits = new Map<KeyGroup, GroupSet>(names.map((name, index) => [name, 1 << index]));

function vocabularyOf(): Map<string, GroupSet> {
	const found = new Map<string, GroupSet>();
	for (const name of names) {
		for (const key of keyGroups[name]) {
			const top = key.split('.')[0] ?? key;
			found.set(top, (found.get(top) ?? 0) | bitOf(name));
		}
	}
	return found;
}

/** The bit of a group. A look-up: code that runs for every model asks once and keeps the answer. */
export function bitOf(group: KeyGroup): GroupSet {
	return bits.get(group) ?? 0;
}

/** A key of a group; `inner` is the key inside the object under `key`, for keys with a dot. */
export interface GroupKey {
	key: string;
	inner: string | null;
	/** Both, as the table has them. */
	path: string;
}

/** The keys of a group, in the order in which they count. */
export function keysOf(group: KeyGroup): GroupKey[] {
	return keyGroups[group].map((path) => {
		const dot = path.indexOf('.');
		return dot < 0 ? { key: path, inner: null, path } : { key: path.slice(0, dot), inner: path.slice(dot + 1), path };
	});
}

const vocabulary = vocabularyOf();

/** Groups a key belongs to; 0 when it is in none. */
export function groupsOfKey(key: string): GroupSet {
	return vocabulary.get(key) ?? 0;
}

/** A copy of an object without a prototype, and the groups of which it holds at least one key, whatever the value. */
export interface TamedObject {
	config: JsonObject;
	groups: GroupSet;
}

/**
 * Copies an object into one without a prototype, and notes which groups of keys it holds. Objects of
 * JSON.parse have a hidden class each, so that asking them for keys they lack is slow (about 100 ns each, and a file is
 * asked for a few hundred); objects without a prototype are hash tables and answer in a tenth of that.
 */
export function tame(object: JsonObject): TamedObject {
	const config: JsonObject = Object.assign(Object.create(null), object);
	if (config['__proto__'] !== undefined) delete config['__proto__'];
	let groups = 0;
	for (const key in object) groups |= vocabulary.get(key) ?? 0;
	return { config, groups };
}
