// For whom the registry's strategies are on: the file's rollout, and what was switched here, decided by one flag service.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import type { ModelsConfig, RolloutConfig } from '#lib/core/registry/config.ts';
import type { RolloutState } from '#lib/core/registry/view.ts';
import { decideRollout, isPercent, rolloutBucket, type RolloutDecision } from '#lib/core/registry/rollout.ts';
import type { Flags, FlagState } from '#lib/server/flags.ts';
import type { Registry } from '#lib/server/registry/registry.ts';
import type { Planner } from '#lib/server/registry/router.ts';

/** Name of the flag that holds what was switched here. */
export const registryFlag = 'registry';

const firstSalt = 'v1';
const everyone: RolloutConfig = { enabled: true, percent: 100, salt: firstSalt, testUsers: [], denied: [] };
const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest();

const users = z.array(z.string().min(1).max(200)).max(10_000);

/** A change; what is left out stays. `testUsers` and `denied` are the whole lists of those added here. */
export const rolloutChangeSchema = z.strictObject({
	enabled: z.boolean().optional(),
	percent: z.number().refine(isPercent, 'is a percentage from 0 to 100 with at most two decimals').optional(),
	salt: z.string().min(1).max(200).optional(),
	testUsers: users.optional(),
	denied: users.optional(),
});
export type RolloutChange = z.infer<typeof rolloutChangeSchema>;

/** The state for as long as neither of what it was made of has changed. */
interface Known {
	config: ModelsConfig;
	stored: FlagState;
	state: RolloutState;
	lists: { testUsers: ReadonlySet<string>; denied: ReadonlySet<string> };
}

/** Every question looks whether what is stored has changed, so switching off holds from the next request on, in every process. */
export class RegistryRollout {
	readonly #registry: Registry;
	readonly #flags: Flags;
	#known: Known | null = null;

	constructor({ registry, flags }: { registry: Registry; flags: Flags }) {
		this.#registry = registry;
		this.#flags = flags;
	}

	get state(): RolloutState {
		return this.#now.state;
	}

	/** The state with its lists as sets; made anew when the file or what is stored has changed. */
	get #now(): Known {
		const { config } = this.#registry;
		const stored = this.#flags.state(registryFlag);
		if (this.#known?.config === config && this.#known.stored === stored) return this.#known;
		const { isKilled, percent, salt, testUsers, denied } = stored;
		const base = config.rollout ?? everyone;
		const state: RolloutState = {
			enabled: base.enabled && !isKilled,
			percent: percent ?? base.percent,
			salt: salt === firstSalt ? base.salt : salt,
			testUsers: [...new Set([...base.testUsers, ...testUsers])],
			denied: [...new Set([...base.denied, ...denied])],
			source: percent !== null ? 'here' : config.rollout === undefined ? 'default' : 'file',
		};
		const lists = { testUsers: new Set(state.testUsers), denied: new Set(state.denied) };
		this.#known = { config, stored, state, lists };
		return this.#known;
	}

	/** Are the strategies on for this user? Null, a user nobody knows, only has what everyone has. */
	decide(user: string | null): RolloutDecision {
		const { state, lists } = this.#now;
		const { enabled, percent, salt } = state;
		if (user === null && enabled && percent === 100) {
			return { isOn: true, rule: 'default', bucket: null, reason: 'It is on for everyone.' };
		}
		const rollout = { flag: registryFlag, salt, isKilled: !enabled, percent, fallback: true, ...lists };
		return decideRollout(rollout, user, sha256);
	}

	/** Where a user's place is, 0 to 9,999: below a percentage's hundredfold, the user is in. */
	bucketOf(userId: string): number {
		return rolloutBucket({ salt: this.state.salt, flag: registryFlag, userId }, sha256);
	}

	/** On for everyone: lifts the switch and sets 100 %. */
	enableModels(who: string): void {
		this.#flags.enable(registryFlag, who);
		this.#flags.setPercent(registryFlag, 100, who);
	}

	/** Off for everyone, test users too, from the next request on. */
	disableModels(who: string): void {
		this.#flags.disable(registryFlag, who);
	}

	/** Sets the percentage, 0 to 100; whether it is switched on at all is another question. Throws `bad_request`. */
	setRolloutPercent(percent: number, who: string): void {
		this.#flags.setPercent(registryFlag, percent, who);
	}

	/** Always on for this user, unless it is off for everyone. */
	addTestUser(user: string, who: string): void {
		this.#flags.addTestUser(registryFlag, user, who);
	}

	/** Makes a change as one. Throws `bad_request`. A file that switches it off can only be changed in the file. */
	change({ enabled, percent, salt, testUsers, denied }: RolloutChange, who: string): RolloutState {
		if (enabled === true && this.#registry.config.rollout?.enabled === false) {
			throw new Failure('bad_request', 'The registry file has rollout.enabled: false, which only the file can lift.');
		}
		if (percent !== undefined) this.#flags.setPercent(registryFlag, percent, who);
		if (salt !== undefined) this.#flags.setSalt(registryFlag, salt, who);
		if (testUsers !== undefined) this.#list('testUsers', testUsers, who);
		if (denied !== undefined) this.#list('denied', denied, who);
		if (enabled === true) this.#flags.enable(registryFlag, who);
		if (enabled === false) this.#flags.disable(registryFlag, who);
		return this.state;
	}

	#list(which: 'testUsers' | 'denied', wanted: readonly string[], who: string): void {
		const now = this.#flags.state(registryFlag)[which];
		const isTest = which === 'testUsers';
		for (const user of wanted) {
			if (isTest) this.#flags.addTestUser(registryFlag, user, who);
			else this.#flags.deny(registryFlag, user, who);
		}
		for (const user of now.filter((one) => !wanted.includes(one))) {
			if (isTest) this.#flags.removeTestUser(registryFlag, user, who);
			else this.#flags.allow(registryFlag, user, who);
		}
	}
}

/**
 * Plans as the rollout has them: for whom it is not on yet, a tier or an experiment asks its first candidate and does nothing
 * cleverer. A candidate that was asked for itself is not touched.
 */
export function planned(registry: Registry, rollout: RegistryRollout): Planner['plan'] {
	return (spec, who) => {
		const plan = registry.plan(spec, who);
		if (!/^(tier|user):/.test(plan.route)) return plan;
		const { isOn, reason } = rollout.decide(who.user);
		if (isOn) return plan;
		return { ...plan, strategy: 'first', notes: [...plan.notes, `Rollout: ${reason} The first candidate is asked.`] };
	};
}
