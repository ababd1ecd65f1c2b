// Keys and sessions: who is let in, for how long, and how often one may guess.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sessions, sessionSeconds, type Credentials } from '#lib/server/session.ts';

const nobody: Credentials = { authorization: null, apiKey: null, cookie: null, address: '10.0.0.1' };

function make(key: string | null = 'correct horse') {
	const clock = { now: 1_000_000 };
	return { clock, sessions: new Sessions({ key, now: () => clock.now, random: randomBytes }) };
}

describe('keys', () => {
	it('are asked of nobody when none is set', () => {
		const { sessions } = make(null);
		expect(sessions.required).toBe(false);
		expect(sessions.admit(nobody)).toBeNull();
		expect(() => sessions.signIn('', 'x')).toThrow('not the key of this server');
	});

	it.each([
		['nothing', {}],
		['a wrong key', { authorization: 'Bearer wrong' }],
		['a prefix', { authorization: 'Bearer correct' }],
		['one character more', { authorization: 'Bearer correct horse!' }],
		['another scheme', { authorization: 'Basic correct horse' }],
		['the key without a scheme', { authorization: 'correct horse' }],
		['nothing after the scheme', { authorization: 'Bearer ' }],
		['SQL', { authorization: "Bearer ' OR '1'='1" }],
		['a megabyte', { authorization: `Bearer ${'x'.repeat(1_000_000)}` }],
		['a wrong x-api-key', { apiKey: 'wrong' }],
		['an empty x-api-key', { apiKey: '' }],
		['a made-up session', { cookie: 'x'.repeat(43) }],
	])('refuses %s', (_, shown) => {
		expect(make().sessions.admit({ ...nobody, ...shown })).toMatchObject({ code: 'invalid_api_key', status: 401 });
	});

	it('come in by either header, in any case of the scheme, and beyond ASCII as UTF-8 bytes', () => {
		const { sessions } = make();
		for (const authorization of ['Bearer correct horse', 'bearer correct horse', 'BEARER  correct horse ']) {
			expect(sessions.admit({ ...nobody, authorization })).toBeNull();
		}
		expect(sessions.admit({ ...nobody, apiKey: 'correct horse' })).toBeNull();
		const bytes = Buffer.from('schlüssel', 'utf8').toString('latin1');
		expect(make('schlüssel').sessions.admit({ ...nobody, apiKey: bytes })).toBeNull();
	});

	it('must not contradict each other', () => {
		const both = { ...nobody, authorization: 'Bearer correct horse', apiKey: 'other' };
		expect(make().sessions.admit(both)).toMatchObject({ code: 'bad_request', status: 400 });
		expect(make().sessions.admit({ ...both, apiKey: 'correct horse' })).toBeNull();
	});
});

describe('sessions', () => {
	it('open with the key, stay open while used, and end by time or on request', () => {
		const { sessions, clock } = make();
		const id = sessions.signIn('correct horse', 'x');
		expect(id).toMatch(/^[\w-]{43}$/);
		clock.now += sessionSeconds * 900;
		expect(sessions.admit({ ...nobody, cookie: id })).toBeNull();
		clock.now += sessionSeconds * 900;
		expect(sessions.admit({ ...nobody, cookie: id })).toBeNull();
		clock.now += sessionSeconds * 1001;
		expect(sessions.admit({ ...nobody, cookie: id })).not.toBeNull();
		const other = sessions.signIn('correct horse', 'x');
		expect(other).not.toBe(id);
		sessions.signOut(other);
		expect(sessions.admit({ ...nobody, cookie: other })).not.toBeNull();
	});

	it('do not make a wrong key right', () => {
		const { sessions } = make();
		const cookie = sessions.signIn('correct horse', 'x');
		expect(sessions.admit({ ...nobody, cookie, authorization: 'Bearer wrong' })).not.toBeNull();
	});

	it('are kept for the latest thousand browsers only', () => {
		const { sessions } = make();
		const ids = Array.from({ length: 1001 }, () => sessions.signIn('correct horse', 'x'));
		expect(sessions.admit({ ...nobody, cookie: ids[0] ?? '' })).not.toBeNull();
		expect(sessions.admit({ ...nobody, cookie: ids[1000] ?? '' })).toBeNull();
	});
});

describe('guessing', () => {
	it('stops after ten wrong keys a minute from one address, for the right key too', () => {
		const { sessions, clock } = make();
		for (let at = 0; at < 10; at += 1) expect(() => sessions.signIn('wrong', 'a')).toThrow('not the key');
		expect(() => sessions.signIn('correct horse', 'a')).toThrow('Too many wrong keys');
		expect(sessions.signIn('correct horse', 'b')).toBeTruthy();
		clock.now += 60_001;
		expect(sessions.signIn('correct horse', 'a')).toBeTruthy();
	});

	it('stops for programs after thousands', () => {
		const { sessions } = make();
		const wrong = { ...nobody, authorization: 'Bearer wrong' };
		for (let at = 0; at < 3000; at += 1) expect(sessions.admit(wrong)?.code).toBe('invalid_api_key');
		expect(sessions.admit(wrong)).toMatchObject({ code: 'too_many_attempts', status: 429 });
		expect(sessions.admit({ ...wrong, authorization: 'Bearer correct horse', address: 'other' })).toBeNull();
	});
});
