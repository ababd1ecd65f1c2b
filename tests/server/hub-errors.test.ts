// What the Hub's refusals become: one failure each, with a sentence that says what to do.
import { afterEach, describe, expect, it } from 'vitest';
import { failure } from '../support/failure.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { hubRig } from '../support/hub-rig.ts';

const config = '{"model_type":"llama"}';
const files = { 'config.json': config, 'README.md': '# Hello', 'model.safetensors': { seed: 1, size: 2000 } };
const gate = 'meadow/Gated';
const users = [
	{ token: 'hf_plain', name: 'ada' },
	{ token: 'hf_pending', name: 'bob', pending: [gate] },
	{ token: 'hf_rejected', name: 'cyd', rejected: [gate] },
	{ token: 'hf_accepted', name: 'dan', accepted: [gate] },
	{ token: 'hf_narrow', name: 'eve', accepted: [gate], canReadGated: false },
	{ token: 'hf_owner', name: 'fay', owners: ['meadow'] },
];
const repos = [
	fakeRepo({ id: 'meadow/Open', files, aliases: ['meadow/Old-Name'] }),
	fakeRepo({ id: gate, gated: 'manual', files }),
	fakeRepo({ id: 'meadow/Private', private: true, files }),
	fakeRepo({ id: 'meadow/Off', disabled: true, files }),
	fakeRepo({ id: 'meadow/Bare', files: { 'README.md': 'x' } }),
];
const { fake, hub, another } = await hubRig({ repos, users, quotas: { api: 5000 } });
afterEach(() => fake.clearFaults());

describe('the gate', () => {
	it.each([
		[null, 401, /set HF_TOKEN/],
		['hf_plain', 403, /accept its conditions at/],
		['hf_pending', 403, /waiting for its authors/],
		['hf_rejected', 403, /turned down/],
		['hf_narrow', 403, /token may not read gated models/],
	])('with the token %s answers %i', async (token, statusCode, sentence) => {
		const refused = await failure(another({ token }).file(gate, 'config.json'));
		expect(refused).toMatchObject({ code: 'gated', status: 403, statusCode });
		expect(refused.message).toMatch(sentence);
		expect(refused.message).toContain(gate);
	});

	it('is open for who was let in, and does not hide list fields or the README', async () => {
		expect((await another({ token: 'hf_accepted' }).file(gate, 'config.json'))?.text).toBe(config);
		expect((await hub.info(gate)).facts).toMatchObject({ id: gate, gated: 'manual' });
		expect((await hub.file(gate, 'README.md'))?.text).toBe('# Hello');
	});

	it('masks digests, which never become any', async () => {
		const tree = await hub.tree(gate);
		expect(tree.refused).toEqual([]);
		expect(tree.files).toContainEqual({ path: 'model.safetensors', size: 2000, sha256: null, lfs: true });
		const open = await another({ token: 'hf_accepted' }).tree(gate);
		expect(open.files.find(({ lfs }) => lfs)?.sha256).toMatch(/^[0-9a-f]{64}$/);
	});

	it('says nothing about files behind it', async () => {
		expect(await failure(hub.file(gate, 'nonsense.json'))).toMatchObject({ code: 'gated' });
	});
});

describe('missing things', () => {
	it('cannot tell missing from private for someone anonymous, and says so', async () => {
		for (const id of ['meadow/Nothing', 'meadow/Private']) {
			const refused = await failure(hub.info(id));
			expect(refused).toMatchObject({ code: 'not_found', status: 404, statusCode: 401 });
			expect(refused.message).toMatch(/does not exist or is private/);
		}
	});

	it('says that the token cannot see it when there is a good one', async () => {
		const refused = await failure(another({ token: 'hf_plain' }).info('meadow/Private'));
		expect(refused).toMatchObject({ code: 'not_found', statusCode: 404 });
		expect((await another({ token: 'hf_owner' }).info('meadow/Private')).facts.private).toBe(true);
	});

	it('gives null for a file that is not there', async () => {
		expect(await hub.file('meadow/Bare', 'config.json')).toBeNull();
	});

	it('takes a bare 404 for a missing file only when the model is there', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'status', status: 404 } });
		expect(await hub.file('meadow/Open', 'config.json')).toBeNull();
		expect(await failure(hub.file('meadow/Nothing', 'config.json'))).toMatchObject({ code: 'not_found' });
	});

	it('names a missing revision', async () => {
		const refused = await failure(hub.file('meadow/Open', 'config.json', { revision: 'v9' }));
		expect(refused.code).toBe('not_found');
		expect(refused.message).toContain('"v9"');
	});

	it('knows a disabled model', async () => {
		expect(await failure(hub.file('meadow/Off', 'config.json'))).toMatchObject({ code: 'disabled', status: 403 });
	});

	it.each([
		[403, 'forbidden'],
		[410, 'not_found'],
		[451, 'disabled'],
		[418, 'hub_error'],
	])('asks once when the Hub answers %i', async (status, code) => {
		fake.resetStats();
		fake.fault({ match: '/api/models/', fault: { kind: 'status', status } });
		expect(await failure(hub.info('meadow/Open'))).toMatchObject({ code, statusCode: status });
		expect(fake.stats.requests).toHaveLength(1);
	});
});

describe('a stale token', () => {
	it('is noticed by one question, told apart from a missing model, and not sent any more', async () => {
		fake.resetStats();
		const stale = another({ token: 'hf_revoked' });
		expect(stale.tokenState).toBe('unchecked');
		expect((await stale.file('meadow/Open', 'config.json'))?.text).toBe(config);
		expect(stale.tokenState).toBe('rejected');
		const refused = await failure(stale.info('meadow/Private'));
		expect(refused).toMatchObject({ code: 'unauthorized', status: 401 });
		expect(refused.message).toMatch(/does not accept your token/);
		expect((await failure(stale.file(gate, 'config.json'))).message).toMatch(/does not accept your token/);
		expect(fake.count('whoami')).toBe(1);
		const last = fake.stats.requests.at(-1);
		expect(last?.authorization).toBeNull();
	});

	it('is never in a message', async () => {
		const refused = await failure(another({ token: 'hf_revokedSECRET1234' }).info('meadow/Private'));
		expect(JSON.stringify(refused) + refused.message + refused.stack).not.toContain('SECRET');
	});

	it('does not make a good one look bad while the Hub will not say', async () => {
		const careful = another({ token: 'hf_revoked' });
		fake.fault({ match: 'whoami', times: 1, fault: { kind: 'status', status: 500 } });
		expect(await failure(careful.info('meadow/Open'))).toMatchObject({ code: 'not_found' });
		expect(careful.tokenState).toBe('unchecked');
	});
});

describe('renamed models', () => {
	it('follows to the new name with query and token, and says so', async () => {
		fake.resetStats();
		const moved = await another({ token: 'hf_plain' }).info('meadow/Old-Name', { hubId: repos[0]?._id ?? '' });
		expect(moved).toMatchObject({ movedTo: 'meadow/Open', replaced: false });
		const [first, second] = fake.stats.requests;
		expect(second?.path).toContain('/api/models/meadow/Open?expand=');
		expect(second?.path.split('?')[1]).toBe(first?.path.split('?')[1]);
		expect(second?.authorization).toBe('Bearer hf_plain');
	});

	it('notices when the name now leads to another repository', async () => {
		expect((await hub.info('meadow/Old-Name', { hubId: 'f'.repeat(24) })).replaced).toBe(true);
	});

	it('reads files under the new name', async () => {
		const file = await hub.file('meadow/Old-Name', 'config.json');
		expect(file).toMatchObject({ text: config, movedTo: 'meadow/Open' });
	});

	it('finds a name in another case', async () => {
		expect((await hub.info('MEADOW/open')).movedTo).toBe('meadow/Open');
	});
});

describe('bad names', () => {
	it.each([
		'../../etc',
		'org/../../x',
		'org/m?x=1',
		'org/m#f',
		'org/m%2f..',
		'x'.repeat(300),
		'ORG/модель',
		'-rf/x',
		'org/m\u0000',
	])('[S22] asks nothing of the Hub for %s', async (id) => {
		fake.resetStats();
		for (const work of [() => hub.info(id), () => hub.tree(id), () => hub.file(id, 'config.json')]) {
			expect(await failure((async () => work())())).toMatchObject({ code: 'invalid_model_id', status: 400 });
		}
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('asks nothing for a bad revision', async () => {
		fake.resetStats();
		const refused = await failure(hub.file('meadow/Open', 'config.json', { revision: '../main' }));
		expect(refused.code).toBe('invalid_revision');
		expect(fake.stats.requests).toHaveLength(0);
	});
});

describe('offline mode', () => {
	it('sends nothing at all', async () => {
		fake.resetStats();
		const silent = another({ offline: true, token: 'hf_plain' });
		expect(await failure(silent.info('meadow/Open'))).toMatchObject({ code: 'offline', status: 503 });
		expect(await failure(silent.file('meadow/Open', 'config.json', { probe: true }))).toMatchObject({
			code: 'offline',
		});
		expect(await failure(silent.list({}).next())).toMatchObject({ code: 'offline' });
		expect(silent.online).toBe(false);
		expect(fake.stats.requests).toHaveLength(0);
	});
});

describe('hostile file lists', () => {
	const entry = (path: string, extra: object = {}) => ({ type: 'file', path, oid: 'a'.repeat(40), size: 1, ...extra });
	const listed = async (...entries: object[]) => {
		fake.fault({ match: '/tree/', times: 1, fault: { kind: 'json', change: () => entries } });
		return hub.tree('meadow/Open');
	};

	it.each([
		'../../x',
		'/etc/x',
		'..\\..\\x',
		'C:\\x',
		'D:x',
		'\\\\host\\share',
		'a/../../b',
		'a//b',
		'con',
		'nul.txt',
		'x.',
		'x ',
		'y'.repeat(300),
		'\u202Egnp.exe',
		'a\u0000b',
		'e\u0301.txt',
		`${'d/'.repeat(600)}x`,
	])('[S23] refuses the name %j', async (path) => {
		const tree = await listed(entry(path), entry('config.json'));
		expect(tree.files.map((file) => file.path)).toEqual(['config.json']);
		expect(tree.refused).toMatchObject([{ code: 'unsafe_file_name' }]);
	});

	it('refuses the second of two names that differ only in case', async () => {
		const tree = await listed(entry('A.json'), entry('a.json'));
		expect(tree.files.map((file) => file.path)).toEqual(['A.json']);
		expect(tree.refused).toMatchObject([{ path: 'a.json', code: 'unsafe_file_name' }]);
	});

	it.each(['../../pwned', '', 'a'.repeat(63), 'A'.repeat(64), `"${'a'.repeat(64)}"`])(
		'[S24] refuses the digest %j',
		async (oid) => {
			const tree = await listed(entry('w.safetensors', { lfs: { oid, size: 5 } }), entry('x.json', { oid }));
			expect(tree.files).toEqual([]);
			expect(tree.refused).toMatchObject([{ code: 'invalid_digest' }, { code: 'invalid_digest' }]);
		},
	);

	it('refuses a commit that is none', async () => {
		fake.fault({
			match: '/api/models/',
			fault: { kind: 'json', change: (row) => ({ ...Object(row), sha: '../../x' }) },
		});
		expect(await failure(hub.info('meadow/Open'))).toMatchObject({ code: 'invalid_digest', status: 502 });
		fake.fault({
			match: '/resolve/',
			fault: { kind: 'headers', change: (headers) => ({ ...headers, 'x-repo-commit': '../../x' }) },
		});
		expect(await failure(hub.file('meadow/Open', 'config.json'))).toMatchObject({ code: 'invalid_digest' });
	});

	it('reads a tree of many pages', async () => {
		const many = Object.fromEntries(Array.from({ length: 2300 }, (_, i) => [`part/${i}.json`, '{}']));
		fake.world.set([...repos, fakeRepo({ id: 'meadow/Many', files: many })]);
		expect((await hub.tree('meadow/Many')).files).toHaveLength(2300);
		fake.world.set(repos);
	});
});
