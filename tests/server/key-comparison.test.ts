// How keys are compared: always as two digests of one length by the one function that takes the same time for any two.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Sessions, type Credentials } from '#lib/server/session.ts';

vi.mock('node:crypto', async (original) => {
	const crypto = await original<typeof import('node:crypto')>();
	return { ...crypto, timingSafeEqual: vi.fn<typeof crypto.timingSafeEqual>(crypto.timingSafeEqual) };
});

const compare = vi.mocked(timingSafeEqual);
const key = 'correct horse';
const sessions = new Sessions({ key, now: () => 0, random: randomBytes });
const nobody: Credentials = { authorization: null, apiKey: null, cookie: null, address: '10.0.0.1' };
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** Both sides of every comparison since the test began, in hexadecimal. */
const compared = () =>
	compare.mock.calls.map((sides) =>
		sides.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('hex')),
	);

beforeEach(() => void compare.mockClear());

const shown: [string, string][] = [
	['the key itself', key],
	['a wrong first letter', 'xorrect horse'],
	['a wrong last letter', 'correct horsx'],
	['a prefix', 'correct'],
	['one letter more', `${key}!`],
	['a megabyte', 'x'.repeat(1_000_000)],
	['SQL', "' OR '1'='1"],
];

describe('a key', () => {
	it.each(shown)('[S41] as bearer, as x-api-key and on the page is compared in one way: %s', (_, text) => {
		const bearer = sessions.admit({ ...nobody, authorization: `Bearer ${text}` });
		const header = sessions.admit({ ...nobody, apiKey: text });
		let page: unknown = null;
		try {
			sessions.signIn(text, text.slice(0, 20));
		} catch (error) {
			page = error;
		}
		const sides = [digest(key), digest(text)];
		expect(compared()).toEqual([sides, sides, sides]);
		const isRight = text === key;
		expect([bearer, header, page].map((refused) => refused === null)).toEqual([isRight, isRight, isRight]);
	});

	it('beyond ASCII is compared by its bytes', () => {
		const bytes = Buffer.from('schlüssel', 'utf8');
		expect(sessions.admit({ ...nobody, apiKey: bytes.toString('latin1') })?.code).toBe('invalid_api_key');
		expect(compared()).toEqual([[digest(key), digest('schlüssel')]]);
	});

	it('that is missing is compared with nothing', () => {
		expect(sessions.admit(nobody)?.code).toBe('invalid_api_key');
		expect(compared()).toEqual([]);
	});
});
