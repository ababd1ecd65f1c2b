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

/** The bit of a group. */
export function bitOf(group: KeyGroup): GroupSet {
	return bits.get(group) ?? 0;
}

const vocabulary = vocabularyOf();

/** Groups a key belongs to; 0 when it is in none. */
export function groupsOfKey(key: string): GroupSet {
	return vocabulary.get(key) ?? 0;
}

/** Groups of which the object holds at least one key, whatever its value. */
export function groupsIn(config: JsonObject): GroupSet {
	let found = 0;
	for (const key in config) found |= vocabulary.get(key) ?? 0;
	return found;
}
