// Rollouts: the same bucket everywhere, more percent only adds users, and the order of what decides.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
	decideRollout,
	isPercent,
	parseRollout,
	rolloutBucket,
	type Rollout,
	type RolloutRule,
} from '#lib/core/registry/rollout.ts';
import { seeded } from '../../support/seeded.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest();
const nobody: ReadonlySet<string> = new Set();
const rollout = (changed: Partial<Rollout> = {}): Rollout => ({
	flag: 'registry',
	salt: 'v1',
	isKilled: false,
	denied: nobody,
	testUsers: nobody,
	percent: null,
	fallback: false,
	...changed,
});
const decide = (changed: Partial<Rollout>, userId: string | null) => decideRollout(rollout(changed), userId, sha256);
const isOn = (changed: Partial<Rollout>, userId: string) => decide(changed, userId).isOn;

describe('rolloutBucket', () => {
	it.each([
		['v1', 'registry', 'user-123', 7678],
		['v1', 'registry', 'user-1', 8833],
		['v1', 'registry', '', 6369],
		['v1', 'registry', 'ünï', 9126],
		['v2', 'registry', 'user-123', 1762],
		['v1', 'tier-race', 'user-123', 9577],
	])('deals %s:%s:%s into %i', (salt, flag, userId, bucket) => {
		expect(rolloutBucket({ salt, flag, userId }, sha256)).toBe(bucket);
	});

	it('agrees with whole numbers of any size', () => {
		for (let index = 0; index < 2000; index += 1) {
			const expected = Number(sha256(`s:f:${index}`).readBigUInt64BE() % 10_000n);
			expect(rolloutBucket({ salt: 's', flag: 'f', userId: String(index) }, sha256)).toBe(expected);
		}
	});

	it('deals evenly, and one feature apart from another', () => {
		const users = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
		const share = (on: (userId: string) => boolean) => users.filter(on).length / users.length;
		const one = (userId: string) => isOn({ percent: 10 }, userId);
		const other = (userId: string) => isOn({ flag: 'tier-race', percent: 10 }, userId);
		expect(share(one)).toBeCloseTo(0.1, 2);
		expect(share(other)).toBeCloseTo(0.1, 2);
		expect(share((userId) => one(userId) && other(userId))).toBeCloseTo(0.01, 2);
	});
});

describe('decideRollout', () => {
	it('only adds users when the percentage grows, and nobody leaves', () => {
		const random = seeded(88);
		for (let round = 0; round < 3000; round += 1) {
			const userId = `user-${Math.floor(random() * 1e9).toString(36)}`;
			const [low = 0, high = 0] = [random(), random()]
				.map((part) => Math.round(part * 10_000) / 100)
				.sort((a, b) => a - b);
			const flag = random() < 0.5 ? 'registry' : 'tier-race';
			expect([
				userId,
				low,
				high,
				isOn({ flag, percent: low }, userId) && !isOn({ flag, percent: high }, userId),
			]).toEqual([userId, low, high, false]);
			expect(isOn({ flag, percent: 100 }, userId)).toBe(true);
			expect(isOn({ flag, percent: 0 }, userId)).toBe(false);
		}
	});

	it('keeps two decimals of a percent', () => {
		expect(decide({ percent: 76.78 }, 'user-123')).toMatchObject({ isOn: false, bucket: 7678 });
		expect(decide({ percent: 76.79 }, 'user-123')).toMatchObject({ isOn: true, bucket: 7678 });
		// 0.57 * 100 is 56.99999999999999 to a machine.
		const userId = Array.from({ length: 100_000 }, (_, index) => `u${index}`).find(
			(id) => rolloutBucket({ salt: 'v1', flag: 'registry', userId: id }, sha256) === 56,
		);
		expect(isOn({ percent: 0.57 }, userId ?? '')).toBe(true);
		expect(isOn({ percent: 0.56 }, userId ?? '')).toBe(false);
	});

	it('asks the kill switch, then the user, the deny list, the test users, the percentage and the default', () => {
		const both = new Set(['ann']);
		const steps: [Partial<Rollout>, string | null, boolean, RolloutRule][] = [
			[{ isKilled: true, testUsers: both, percent: 100, fallback: true }, 'ann', false, 'kill_switch'],
			[{ percent: 100, fallback: true }, null, false, 'no_user'],
			[{ percent: 100, fallback: true, testUsers: new Set(['']) }, '', false, 'no_user'],
			[{ denied: both, testUsers: both, percent: 100, fallback: true }, 'ann', false, 'deny_list'],
			[{ testUsers: both, percent: 0 }, 'ann', true, 'test_user'],
			[{ percent: 0, fallback: true }, 'ann', false, 'percentage'],
			[{ percent: 100 }, 'ann', true, 'percentage'],
			[{ fallback: true }, 'ann', true, 'default'],
			[{}, 'ann', false, 'default'],
		];
		for (const [changed, userId, on, rule] of steps) {
			expect(decide(changed, userId)).toMatchObject({
				isOn: on,
				rule,
				reason: expect.stringMatching(/^(It|This) .*\.$/),
			});
		}
		expect(decide({ percent: 25 }, 'user-123').reason).toBe(
			'It is on for 25 % of users; this one is out (bucket 7678 of 10000).',
		);
	});
});

describe('parseRollout', () => {
	it.each([
		['on', 'on'],
		[' OFF ', 'off'],
		['true', 'on'],
		['no', 'off'],
		['25', 25],
		['25%', 25],
		['0.5 %', 0.5],
		['33.33%', 33.33],
		['0', 0],
		['1%', 1],
		['100', 100],
	])('reads %s', (text, expected) => {
		expect(parseRollout(text)).toBe(expected);
	});

	it.each(['', '1', '101', '100.01%', '-5', '1e1', '0x10', '12.345%', '25 percent', 'onn', 'NaN', '٢٥'])(
		'takes "%s" for nothing',
		(text) => {
			expect(parseRollout(text)).toBeNull();
		},
	);

	it('knows a percentage from other numbers', () => {
		expect([0, 100, 33.33, 0.01, 0.57].every(isPercent)).toBe(true);
		expect([-0.01, 100.01, 0.001, NaN, Infinity].some(isPercent)).toBe(false);
	});
});
