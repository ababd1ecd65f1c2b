// Keys of the gateway: made once, kept as digests, limited, ended; and who may come in by which.
import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { allowsSpec, parseAllowed, parseBudget, parseExpiry, parseRpm, type KeyOrder } from '#lib/core/registry/key.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Callers, type Shown } from '#lib/server/registry/callers.ts';
import { Keys } from '#lib/server/registry/keys.ts';
import { Sessions } from '#lib/server/session.ts';

const order: KeyOrder = { name: 'ci', user: null, specs: [], budget: null, rpm: null, expires_at: null };
let now = Date.UTC(2026, 10, 21);
let database: Database;
let keys: Keys;
beforeEach(() => {
	now = Date.UTC(2026, 10, 21);
	database = openInMemory();
	migrate(database);
	keys = new Keys({ database, date: () => new Date(now), random: randomBytes });
});

const codeOf = (work: () => unknown) => {
	try {
		work();
		return null;
	} catch (error) {
		return error instanceof Error && 'code' in error ? error.code : error;
	}
};

describe('a key', () => {
	it('is 32 random bytes, shown once and kept as a digest', () => {
		const { key, secret } = keys.create({ ...order, specs: ['tier:fast'], budget: { usd: 5, window: 'day' }, rpm: 10 });
		expect(secret).toMatch(/^mdx_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/);
		expect(secret.startsWith(`${key.prefix}_`)).toBe(true);
		expect(keys.admit(secret)).toMatchObject({ name: 'ci', specs: ['tier:fast'], budget: { usd: 5 }, rpm: 10 });
		const kept = JSON.stringify(database.all('SELECT * FROM registry_keys'));
		expect(kept).not.toContain(secret.slice(-43));
		expect(JSON.stringify(keys.list())).not.toContain(secret.slice(-43));
	});

	it.each<[string, (secret: string) => string]>([
		['cut', (secret) => secret.slice(0, -1)],
		['longer', (secret) => `${secret}x`],
		['with another end', (secret) => secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')],
		['of another id', (secret) => secret.replace(/_[0-9a-f]{8}_/, '_00000000_')],
		['of a megabyte', (secret) => secret + 'x'.repeat(1024 * 1024)],
		['in other letters', () => 'mdx_ünï'],
		['with quotes', () => "mdx_' OR '1'='1"],
	])('that is %s is refused', (_, change) => {
		const { secret } = keys.create(order);
		expect(codeOf(() => keys.admit(change(secret)))).toBe('invalid_api_key');
	});

	it('ends when it is revoked, and at its time', () => {
		const { key, secret } = keys.create(order);
		const short = keys.create({ ...order, expires_at: new Date(now + 1000).toISOString() });
		expect(keys.admit(short.secret).name).toBe('ci');
		now += 1000;
		expect(codeOf(() => keys.admit(short.secret))).toBe('invalid_api_key');
		expect(keys.revoke(key.prefix).revoked_at).toBe(new Date(now).toISOString());
		expect(codeOf(() => keys.admit(secret))).toBe('invalid_api_key');
		expect(codeOf(() => keys.revoke('deadbeef'))).toBe('not_found');
	});

	it('notes its use once a minute, not with every request', () => {
		const { secret } = keys.create(order);
		const used = () => keys.list()[0]?.last_used_at;
		keys.admit(secret);
		const first = used();
		now += 30_000;
		keys.admit(secret);
		expect(used()).toBe(first);
		now += 31_000;
		keys.admit(secret);
		expect(used()).toBe(new Date(now).toISOString());
	});
});

describe('what a key is for', () => {
	it.each([
		[[], 'lab/a', true],
		[['tier:fast'], 'tier:fast', true],
		[['tier:fast'], 'tier:faster', false],
		[['tier:*'], 'tier:high', true],
		[['lab/*'], 'lab/org/model:free', true],
		[['lab/*'], 'labs/a', false],
		[['lab/m.1'], 'lab/mx1', false],
		[['*'], 'user:ann:check', true],
	])('%j covers %s: %s', (specs, spec, wanted) => {
		expect(allowsSpec({ specs }, spec)).toBe(wanted);
	});

	it('is read from words', () => {
		expect(parseAllowed('lab/*')).toBe('lab/*');
		expect(codeOf(() => parseAllowed('a b'))).toBe('usage');
		expect(parseBudget('5/day')).toEqual({ usd: 5, window: 'day' });
		expect(parseBudget('$0.5')).toEqual({ usd: 0.5, window: 'month' });
		expect(codeOf(() => parseBudget('5/year'))).toBe('usage');
		expect(parseRpm('60')).toBe(60);
		expect(codeOf(() => parseRpm('0'))).toBe('usage');
		expect(parseExpiry('12h', now)).toBe('2026-11-21T12:00:00.000Z');
		expect(parseExpiry('2027-01-31', now)).toBe('2027-01-31T00:00:00.000Z');
		expect(codeOf(() => parseExpiry('2020-01-01', now))).toBe('usage');
		expect(codeOf(() => parseExpiry('soon', now))).toBe('usage');
	});
});

describe('who asks', () => {
	const shown: Shown = {
		authorization: null,
		apiKey: null,
		cookie: null,
		address: '127.0.0.1',
		claimedUser: null,
		path: '/v1/models',
	};
	const callers = (key: string | null) =>
		new Callers({ keys, sessions: new Sessions({ key, now: () => now, random: randomBytes }), userId: 'user-1' });

	it('without any key is the one user of this machine, or whom a program here names', () => {
		expect(callers(null).admit(shown)).toEqual({ user: 'user-1', key: null });
		expect(callers(null).admit({ ...shown, claimedUser: 'ann' })).toEqual({ user: 'ann', key: null });
		expect(callers(null).admit({ ...shown, authorization: 'Bearer anything' }).user).toBe('user-1');
		expect(codeOf(() => callers(null).admit({ ...shown, claimedUser: 'ann', address: '10.0.0.2' }))).toBe('forbidden');
	});

	it('with a key of the gateway is its user, in each way of sending it', () => {
		const { secret } = keys.create({ ...order, user: 'bob' });
		for (const sent of [
			{ authorization: `Bearer ${secret}` },
			{ authorization: `bearer ${secret}` },
			{ apiKey: secret },
		]) {
			expect(callers('house-key').admit({ ...shown, ...sent })).toMatchObject({ user: 'bob', key: { name: 'ci' } });
		}
		const twice = { authorization: `Bearer ${secret}`, apiKey: 'another' };
		expect(codeOf(() => callers(null).admit({ ...shown, ...twice }))).toBe('bad_request');
		const other = { authorization: `Bearer ${secret}`, claimedUser: 'ann' };
		expect(codeOf(() => callers(null).admit({ ...shown, ...other }))).toBe('forbidden');
	});

	it('[S42] with a key of the gateway gets nowhere else', () => {
		const { secret } = keys.create(order);
		for (const path of ['/api/models', '/models', '/v11']) {
			const asked = { ...shown, authorization: `Bearer ${secret}`, path };
			expect(codeOf(() => callers(null).admit(asked))).toBe('insufficient_scope');
		}
	});

	it('with a made-up key of the gateway is refused, even where nobody has to show one', () => {
		expect(codeOf(() => callers(null).admit({ ...shown, authorization: 'Bearer mdx_00000000_x' }))).toBe(
			'invalid_api_key',
		);
	});

	it('needs the key of the server where there is one', () => {
		expect(codeOf(() => callers('house-key').admit(shown))).toBe('invalid_api_key');
		expect(callers('house-key').admit({ ...shown, authorization: 'Bearer house-key' }).user).toBe('user-1');
	});
});
