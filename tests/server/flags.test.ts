// Feature flags on a real database: who has what and why, instantly off, the environment's word, a trace of changes.
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import type { RolloutSetting } from '#lib/core/registry/rollout.ts';
import { readSettings } from '#lib/server/config.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { loadChatModelsWorker } from '#lib/server/features.ts';
import { Flags } from '#lib/server/flags.ts';
import { migrate } from '#lib/server/migrations.ts';
import { readMeta } from '#lib/server/store/meta.ts';
import { temporaryFolder } from '../support/folder.ts';

const folder = temporaryFolder();
const date = () => new Date('2026-11-21T12:00:00Z');
let made = 0;

function open(directory = `${folder}/${made++}`): Database {
	return openDatabase({ directory, now: date, prepare: migrate }).database;
}

function flagsOn(database: Database, told: Record<string, RolloutSetting> = {}): Flags {
	return new Flags({ database, environment: new Map(Object.entries(told)), date });
}

const worker = loadChatModelsWorker.flag;
const codeOf = (work: () => unknown): string => {
	try {
		work();
		return 'none';
	} catch (error) {
		return error instanceof Failure ? error.code : 'crash';
	}
};

describe('Flags', () => {
	it('holds what the feature holds until told otherwise, for any flag', () => {
		const flags = flagsOn(open());
		expect(flags.isOn(worker, 'ann')).toBe(true);
		expect(flags.isOn(worker, null)).toBe(false);
		expect(flags.isOn('tier-race', 'ann')).toBe(false);
		flags.setPercent('tier-race', 100, 'me');
		expect(flags.isOn('tier-race', 'ann')).toBe(true);
		expect(flags.isOn('registry', 'ann')).toBe(false);
		flags.setPercent('tier-race', null, 'me');
		expect(flags.explain('tier-race', 'ann').rule).toBe('default');
	});

	it('is off at once for everyone, test users too, and comes back as it was', () => {
		const flags = flagsOn(open());
		flags.setPercent(worker, 50, 'me');
		flags.addTestUser(worker, 'tess', 'me');
		const users = ['tess', ...Array.from({ length: 50 }, (_, index) => `user-${index}`)];
		const before = users.filter((userId) => flags.isOn(worker, userId));
		expect(before).toContain('tess');
		expect(before.length).toBeLessThan(users.length);
		flags.disable(worker, 'me');
		expect(users.filter((userId) => flags.isOn(worker, userId))).toEqual([]);
		expect(flags.explain(worker, 'tess').rule).toBe('kill_switch');
		flags.enable(worker, 'me');
		expect(users.filter((userId) => flags.isOn(worker, userId))).toEqual(before);
	});

	it('keeps lists: denied beats test user, and both can be undone', () => {
		const flags = flagsOn(open());
		flags.setPercent(worker, 0, 'me');
		flags.addTestUser(worker, 'tess', 'me');
		flags.addTestUser(worker, 'ünï', 'me');
		expect(flags.explain(worker, 'tess')).toMatchObject({ isOn: true, rule: 'test_user' });
		flags.deny(worker, 'tess', 'me');
		expect(flags.explain(worker, 'tess')).toMatchObject({ isOn: false, rule: 'deny_list' });
		expect(flags.state(worker)).toEqual({
			isKilled: false,
			percent: 0,
			salt: 'v1',
			testUsers: ['tess', 'ünï'],
			denied: ['tess'],
		});
		flags.allow(worker, 'tess', 'me');
		flags.removeTestUser(worker, 'tess', 'me');
		expect(flags.explain(worker, 'tess')).toMatchObject({ isOn: false, rule: 'percentage' });
	});

	it('deals users anew with another salt', () => {
		const flags = flagsOn(open());
		flags.setPercent('registry', 20, 'me');
		expect(flags.explain('registry', 'user-123').bucket).toBe(7678);
		flags.setSalt('registry', 'v2', 'me');
		expect(flags.explain('registry', 'user-123')).toMatchObject({ isOn: true, bucket: 1762 });
	});

	it('is one answer in two connections to one database, from the next question on', () => {
		const directory = `${folder}/two`;
		const [one, two] = [flagsOn(open(directory)), flagsOn(open(directory))];
		expect(two.isOn(worker, 'ann')).toBe(true);
		one.disable(worker, 'me');
		expect(two.isOn(worker, 'ann')).toBe(false);
		two.enable(worker, 'you');
		two.deny(worker, 'ann', 'you');
		expect(one.explain(worker, 'ann').rule).toBe('deny_list');
		expect(one.changes(worker).map(({ who }) => who)).toEqual(['you', 'you', 'me']);
	});

	it('remembers who changed what, when, from what to what; not what changed nothing', () => {
		const flags = flagsOn(open());
		flags.enable(worker, 'me');
		flags.setPercent(worker, 12.5, 'me');
		flags.setPercent(worker, 12.5, 'me');
		flags.setPercent(worker, 33.33, 'you');
		flags.disable(worker, 'me');
		flags.setSalt(worker, 'v2', 'me');
		flags.addTestUser(worker, 'tess', 'me');
		flags.addTestUser(worker, 'tess', 'me');
		flags.removeTestUser(worker, 'tess', 'you');
		flags.setPercent('other', 1, 'me');
		const at = '2026-11-21T12:00:00.000Z';
		expect(flags.changes(worker)).toEqual([
			{ flag: worker, at, who: 'you', what: 'test', old: 'tess', new: null },
			{ flag: worker, at, who: 'me', what: 'test', old: null, new: 'tess' },
			{ flag: worker, at, who: 'me', what: 'salt', old: 'v1', new: 'v2' },
			{ flag: worker, at, who: 'me', what: 'kill_switch', old: 'on', new: 'off' },
			{ flag: worker, at, who: 'you', what: 'percent', old: '12.5', new: '33.33' },
			{ flag: worker, at, who: 'me', what: 'percent', old: null, new: '12.5' },
		]);
	});

	it('refuses percentages, names and users that are none, and writes nothing then', () => {
		const flags = flagsOn(open());
		const wrong = [
			() => flags.setPercent(worker, 100.01, 'me'),
			() => flags.setPercent(worker, 0.001, 'me'),
			() => flags.setPercent(worker, NaN, 'me'),
			() => flags.setPercent('Tier Race', 5, 'me'),
			() => flags.disable('', 'me'),
			() => flags.disable(worker, ''),
			() => flags.addTestUser(worker, '', 'me'),
			() => flags.deny(worker, 'a\nb', 'me'),
			() => flags.setSalt(worker, 'x'.repeat(201), 'me'),
		];
		for (const work of wrong) expect(codeOf(work)).toBe('bad_request');
		expect(flags.changes(worker)).toEqual([]);
	});
});

describe('the environment', () => {
	it('off beats everything that is stored, and says so', () => {
		const database = open();
		flagsOn(database).addTestUser(worker, 'tess', 'me');
		const flags = flagsOn(database, { [worker]: 'off' });
		flags.setPercent(worker, 100, 'me');
		flags.enable(worker, 'me');
		expect(flags.explain(worker, 'tess')).toEqual({
			isOn: false,
			rule: 'kill_switch',
			bucket: null,
			reason: 'It is switched off for everyone. (FEATURE_LOAD_CHAT_MODELS_WORKER says so.)',
		});
	});

	it('on or a percentage takes the place of the stored one; kill switch and lists still hold', () => {
		const database = open();
		const stored = flagsOn(database);
		stored.setPercent(worker, 0, 'me');
		const on = flagsOn(database, { [worker]: 'on' });
		expect(on.explain(worker, 'ann')).toMatchObject({ isOn: true, reason: expect.stringContaining('FEATURE_LOAD_') });
		stored.setPercent(worker, 100, 'me');
		const none = flagsOn(database, { [worker]: 0 });
		expect(none.explain(worker, 'ann')).toMatchObject({ isOn: false, rule: 'percentage' });
		stored.addTestUser(worker, 'tess', 'me');
		expect(none.explain(worker, 'tess')).toMatchObject({ isOn: true, reason: 'This user is one of its test users.' });
		stored.disable(worker, 'me');
		expect(on.explain(worker, 'ann')).toMatchObject({ isOn: false, reason: 'It is switched off for everyone.' });
	});

	it.each([
		['on', 'on'],
		['off', 'off'],
		['25', 25],
		['0.5%', 0.5],
	])('is read: %s', (text, expected) => {
		const { features } = readSettings({ FEATURE_LOAD_CHAT_MODELS_WORKER: text, HOME: folder }, () => null);
		expect([...features]).toEqual([[worker, expected]]);
	});

	it('says nothing when it is not set, and is refused in one sentence when it cannot be read', () => {
		for (const text of [undefined, '', ' ']) {
			const env = { FEATURE_LOAD_CHAT_MODELS_WORKER: text, HOME: folder };
			expect(readSettings(env, () => null).features.size).toBe(0);
		}
		const read = () => readSettings({ FEATURE_LOAD_CHAT_MODELS_WORKER: 'maybe', HOME: folder }, () => null);
		expect(read).toThrow(
			'FEATURE_LOAD_CHAT_MODELS_WORKER is set to something that is not on, off or a percentage such as 25%.',
		);
	});
});

describe('the user of this machine', () => {
	it('keeps one id as long as the database lives, and differs from that of others', () => {
		const directory = `${folder}/user`;
		const first = open(directory);
		const id = readMeta(first, 'user');
		expect(id).toMatch(/^user-[0-9a-f]{12}$/);
		first.close();
		expect(readMeta(open(directory), 'user')).toBe(id);
		expect(readMeta(open(), 'user')).not.toBe(id);
	});
});
