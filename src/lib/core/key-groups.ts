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

/** The groups of which an object holds at least one key, whatever the value. */
export function groupsIn(object: JsonObject): GroupSet {
	let groups = 0;
	for (const key in object) groups |= vocabulary.get(key) ?? 0;
	return groups;
}

/**
 * A copy of an object without a prototype. Objects of JSON.parse have a hidden class each, so that asking them for keys
 * they lack is slow (about 60 ns each, and a file is asked for a hundred); objects without a prototype are hash tables and
 * answer in a sixth of that.
 */
export function copyOf(object: JsonObject): JsonObject {
	const copy: JsonObject = Object.assign(Object.create(null), object);
	if (copy['__proto__'] !== undefined) delete copy['__proto__'];
	return copy;
}
