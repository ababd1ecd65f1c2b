// Switches features on and off for users: the environment, what is stored, and a trace of every change.
import { createHash } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import {
	decideRollout,
	isPercent,
	type Rollout,
	type RolloutDecision,
	type RolloutSetting,
} from '#lib/core/registry/rollout.ts';
import type { Database } from '#lib/server/database.ts';
import { features, type Feature } from '#lib/server/features.ts';
import {
	addFlagChange,
	addListed,
	flagChanges,
	flagWrites,
	isListed,
	listedUsers,
	readFlag,
	removeListed,
	saveFlag,
	type FlagChange,
	type FlagList,
	type StoredFlag,
} from '#lib/server/store/flags.ts';

interface FlagsOptions {
	database: Database;
	/** What the environment says, by flag. */
	environment: ReadonlyMap<string, RolloutSetting>;
	date: () => Date;
	/** Other features than the product's own; for tests. */
	features?: readonly Feature[];
}

/** A flag as people see it: the stored part with both lists. */
export interface FlagState extends StoredFlag {
	testUsers: string[];
	denied: string[];
}

const firstSalt = 'v1';
const flagShape = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const longestName = 200;
/** Changes that are told at once. */
const mostChanges = 200;

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest();

function isName(name: string): boolean {
	return name !== '' && name.length <= longestName && !/[\u0000-\u001f\u007f]/.test(name);
}

function checkName(what: string, name: string): void {
	if (isName(name)) return;
	throw new Failure('bad_request', `The ${what} has to be a text of 1 to ${longestName} characters.`);
}

function checkFlag(flag: string): void {
	if (flag.length <= longestName && flagShape.test(flag)) return;
	throw new Failure('bad_request', 'A flag is named in small letters, digits and single dashes.');
}

/**
 * The flags of all features. Every question reads the database anew (some 50 µs), so a change counts at once in every
 * process. "Off" wins, whoever says it: the environment or the kill switch here. Otherwise the environment's `on` or
 * percentage takes the place of the stored percentage; both lists hold in either case.
 */
export class Flags {
	readonly #database: Database;
	readonly #environment: ReadonlyMap<string, RolloutSetting>;
	readonly #date: () => Date;
	readonly #features: ReadonlyMap<string, Feature>;
	/** States as they were read, for as long as nothing has been written. */
	readonly #states = new Map<string, { stamp: string; state: FlagState }>();

	constructor({ database, environment, date, features: known = features }: FlagsOptions) {
		this.#database = database;
		this.#environment = environment;
		this.#date = date;
		this.#features = new Map(known.map((feature) => [feature.flag, feature]));
	}

	/** Has this user the feature? Null is a user nobody knows, who never has it. */
	isOn(flag: string, userId: string | null): boolean {
		return this.explain(flag, userId).isOn;
	}

	/** Has this user the feature, and why? */
	explain(flag: string, userId: string | null): RolloutDecision {
		const told = this.#environment.get(flag);
		const decision = decideRollout(this.#rollout(flag, told), userId, sha256);
		const variable = this.#features.get(flag)?.variable ?? 'the environment';
		const isTold =
			decision.rule === 'kill_switch'
				? told === 'off'
				: told !== undefined && (decision.rule === 'percentage' || decision.rule === 'default');
		return isTold ? { ...decision, reason: `${decision.reason} (${variable} says so.)` } : decision;
	}

	#rollout(flag: string, told: RolloutSetting | undefined): Rollout {
		const stored = this.#stored(flag);
		const list = (name: FlagList) => ({
			has: (userId: string) => isName(userId) && isListed(this.#database, { flag, list: name }, userId),
		});
		return {
			flag,
			salt: stored.salt,
			isKilled: told === 'off' || stored.isKilled,
			denied: list('deny'),
			testUsers: list('test'),
			percent: typeof told === 'number' ? told : told === 'on' ? null : stored.percent,
			fallback: told === 'on' || (this.#features.get(flag)?.fallback ?? false),
		};
	}

	#stored(flag: string): StoredFlag {
		return readFlag(this.#database, flag) ?? { isKilled: false, percent: null, salt: firstSalt };
	}

	/** What is stored of a flag; the environment is not in it. The same object as long as nothing has changed. */
	state(flag: string): FlagState {
		const stamp = flagWrites.stamp(this.#database);
		const known = this.#states.get(flag);
		if (known?.stamp === stamp) return known.state;
		const users = (list: FlagList) => listedUsers(this.#database, { flag, list });
		const state = { ...this.#stored(flag), testUsers: users('test'), denied: users('deny') };
		this.#states.set(flag, { stamp, state });
		return state;
	}

	/** Who changed what, the newest first. */
	changes(flag: string): FlagChange[] {
		return flagChanges(this.#database, flag, mostChanges);
	}

	/** Takes the feature from everyone, test users too, from the next question on. */
	disable(flag: string, who: string): void {
		this.#write(flag, { what: 'kill_switch', who, change: (stored) => ({ ...stored, isKilled: true }) });
	}

	/** Lifts the kill switch: percentage and lists hold again as they were. */
	enable(flag: string, who: string): void {
		this.#write(flag, { what: 'kill_switch', who, change: (stored) => ({ ...stored, isKilled: false }) });
	}

	/** Rolls out to a percentage of users, 0 to 100 with two decimals; null: the feature's default for everyone. */
	setPercent(flag: string, percent: number | null, who: string): void {
		if (percent !== null && !isPercent(percent)) {
			throw new Failure('bad_request', 'A percentage goes from 0 to 100 and has at most two decimals.');
		}
		this.#write(flag, { what: 'percent', who, change: (stored) => ({ ...stored, percent }) });
	}

	/** Deals the users anew: other users are among the first percent from now on. */
	setSalt(flag: string, salt: string, who: string): void {
		checkName('salt', salt);
		this.#write(flag, { what: 'salt', who, change: (stored) => ({ ...stored, salt }) });
	}

	/** Gives the user the feature whatever the percentage. */
	addTestUser(flag: string, userId: string, who: string): void {
		this.#list({ flag, list: 'test', isAdded: true }, userId, who);
	}

	/** Treats a test user like everyone else again. */
	removeTestUser(flag: string, userId: string, who: string): void {
		this.#list({ flag, list: 'test', isAdded: false }, userId, who);
	}

	/** Keeps the feature from the user, a test user too. */
	deny(flag: string, userId: string, who: string): void {
		this.#list({ flag, list: 'deny', isAdded: true }, userId, who);
	}

	/** Takes the user off the deny list. */
	allow(flag: string, userId: string, who: string): void {
		this.#list({ flag, list: 'deny', isAdded: false }, userId, who);
	}

	#write(flag: string, { what, who, change }: Writing): void {
		checkFlag(flag);
		checkName('name of who changes it', who);
		this.#database.transaction(() => {
			const before = this.#stored(flag);
			const after = change(before);
			const [old, value] = [told(what, before), told(what, after)];
			if (old === value) return;
			saveFlag(this.#database, flag, after);
			addFlagChange(this.#database, { flag, at: this.#date().toISOString(), who, what, old, new: value });
		});
	}

	#list({ flag, list, isAdded }: Listing, userId: string, who: string): void {
		checkFlag(flag);
		checkName('user id', userId);
		checkName('name of who changes it', who);
		this.#database.transaction(() => {
			const isNew = (isAdded ? addListed : removeListed)(this.#database, { flag, list }, userId);
			if (!isNew) return;
			const [old, value] = isAdded ? [null, userId] : [userId, null];
			addFlagChange(this.#database, { flag, at: this.#date().toISOString(), who, what: list, old, new: value });
		});
	}
}

interface Writing {
	what: 'kill_switch' | 'percent' | 'salt';
	who: string;
	change: (stored: StoredFlag) => StoredFlag;
}

interface Listing {
	flag: string;
	list: FlagList;
	isAdded: boolean;
}

/** One value of a flag as the trace of changes writes it. */
function told(what: Writing['what'], { isKilled, percent, salt }: StoredFlag): string | null {
	if (what === 'kill_switch') return isKilled ? 'off' : 'on';
	return what === 'salt' ? salt : percent === null ? null : String(percent);
}
