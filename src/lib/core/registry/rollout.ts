// For whom is a feature on? Kill switch, deny list, test users and a percentage, decided the same way for good.

/** SHA-256 of the UTF-8 bytes of a text. Handed in, because browsers and Node each have their own. */
export type Sha256 = (text: string) => ArrayLike<number>;

/** A list of user ids that is only ever asked about one of them; a `Set` will do. */
interface UserList {
	has(userId: string): boolean;
}

/**
 * What decides about one feature. `percent` is 0 to 100 with two decimals; null when nobody set one, and then
 * `fallback` holds for everyone. `salt` deals the users anew when it changes.
 */
export interface Rollout {
	flag: string;
	salt: string;
	isKilled: boolean;
	denied: UserList;
	testUsers: UserList;
	percent: number | null;
	fallback: boolean;
}

/** What decided, in the order in which it is asked. */
export type RolloutRule = 'kill_switch' | 'no_user' | 'deny_list' | 'test_user' | 'percentage' | 'default';

/** The answer for one user. `bucket` (0 to 9,999) is null where the user's place was not asked for. */
export interface RolloutDecision {
	isOn: boolean;
	rule: RolloutRule;
	bucket: number | null;
	/** One sentence for a person. */
	reason: string;
}

/** Users are dealt into so many buckets: one is 0.01 %. */
export const bucketCount = 10_000;

/** Who is dealt, for which feature, and with which salt. */
export interface RolloutKey {
	salt: string;
	flag: string;
	userId: string;
}

/**
 * The bucket of a user, 0 to 9,999: the first 8 bytes of SHA-256(`salt:flag:userId`) as a big-endian number, modulo
 * 10,000. The same in every process and language; features do not follow each other, as the flag is part of the key.
 */
export function rolloutBucket({ salt, flag, userId }: RolloutKey, sha256: Sha256): number {
	const digest = sha256(`${salt}:${flag}:${userId}`);
	let bucket = 0;
	// Byte by byte, so that no step exceeds 2^53.
	for (let at = 0; at < 8; at += 1) bucket = (bucket * 256 + (digest[at] ?? 0)) % bucketCount;
	return bucket;
}

/** Is this a percentage that can be rolled out: 0 to 100, at most two decimals? */
export function isPercent(value: number): boolean {
	return value >= 0 && value <= 100 && Math.abs(value * 100 - Math.round(value * 100)) < 1e-6;
}

function rule(isOn: boolean, name: RolloutRule, reason: string, bucket: number | null = null): RolloutDecision {
	return { isOn, rule: name, bucket, reason };
}

/**
 * Decides for one user. A raised percentage only ever adds users. Null or an empty id is a user nobody knows: off, never
 * by chance.
 */
export function decideRollout(rollout: Rollout, userId: string | null, sha256: Sha256): RolloutDecision {
	const { flag, salt, percent, fallback } = rollout;
	if (rollout.isKilled) return rule(false, 'kill_switch', 'It is switched off for everyone.');
	if (userId === null || userId === '') return rule(false, 'no_user', 'It is off where nobody knows who asks.');
	if (rollout.denied.has(userId)) return rule(false, 'deny_list', 'This user is on its deny list.');
	if (rollout.testUsers.has(userId)) return rule(true, 'test_user', 'This user is one of its test users.');
	if (percent === null) {
		return rule(fallback, 'default', `It is ${fallback ? 'on' : 'off'} for everyone unless told otherwise.`);
	}
	const bucket = rolloutBucket({ salt, flag, userId }, sha256);
	const isOn = bucket < Math.round(percent * (bucketCount / 100));
	const place = `bucket ${bucket} of ${bucketCount}`;
	return rule(
		isOn,
		'percentage',
		`It is on for ${percent} % of users; this one is ${isOn ? 'in' : 'out'} (${place}).`,
		bucket,
	);
}

/** A rollout in one word, as settings write it: `on`, `off`, or a percentage. */
export type RolloutSetting = 'on' | 'off' | number;

/**
 * Reads `on`, `off` or a percentage such as `25%`, `25` or `0.5%`. Null when the text is none of these, also for a bare
 * `1`: half of its writers would mean "on", the others one user in a hundred.
 */
export function parseRollout(text: string): RolloutSetting | null {
	const word = text.trim().toLowerCase();
	if (/^(on|true|yes)$/.test(word)) return 'on';
	if (/^(off|false|no)$/.test(word)) return 'off';
	if (!/^\d{1,3}(\.\d{1,2})? ?%?$/.test(word) || word === '1') return null;
	const percent = parseFloat(word);
	return isPercent(percent) ? percent : null;
}
