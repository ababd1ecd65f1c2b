// Every way the API can fail, on the built product with secrets in its settings: one code, one sentence, nothing more.
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startApp, type AppServer } from '../support/app-server.ts';
import { ensureBuilt, plain, projectFolder, sendRaw, type RawAnswer } from '../support/built-server.ts';
import type { FakeFault } from '../support/fake-hub-faults.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes on a machine that may be busy

const key = 'sesame-CANARY-open-please';
const token = 'hf_CANARYcanaryCANARY1234';
const secrets = { MODELDEX_KEY: key, HF_TOKEN: token, OPENAI_API_KEY: 'sk-CANARYcanaryCANARY1234567890' };
const config = JSON.stringify({ model_type: 'llama', hidden_size: 64, num_hidden_layers: 2, vocab_size: 100 });
/** What a careless Hub might say: the token it was sent. */
const careless = `Bearer ${token} is not welcome, ${token}!`;

const faults: Record<string, FakeFault> = {
	Refusing: { kind: 'status', status: 403, body: JSON.stringify({ error: careless }), type: 'application/json' },
	Shouting: { kind: 'status', status: 403, headers: { 'x-error-message': careless } },
	Doubting: { kind: 'status', status: 401, body: careless, type: 'text/plain' },
	Puzzled: { kind: 'status', status: 418, body: careless, type: 'text/plain' },
	Removed: { kind: 'status', status: 451, body: careless },
	Failing: { kind: 'status', status: 500, body: `<html>${careless}</html>` },
	Down: { kind: 'status', status: 503, body: careless },
	Cutting: { kind: 'reset', after: 0 },
	Leading: { kind: 'redirect', to: `http://ada:${token}@evil.example/?token=${token}` },
	Lost: { kind: 'redirect', to: null },
	Silent: { kind: 'stall', where: 'headers', ms: 60_000 },
	Limiting: { kind: 'limited', seconds: 100 },
};

const homes = { hub: temporaryFolder(), torn: temporaryFolder(), odd: temporaryFolder() };
let fake: FakeHub;
let server: AppServer;
let torn: AppServer;
let odd: AppServer;

/** Tears one table on the disk. */
function tear(home: string): void {
	const path = join(home, 'modeldex.db');
	const database = new Libsql(path);
	const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'configs'").raw().get();
	const size = database.prepare('PRAGMA page_size').raw().get();
	const [[page], [bytes]] = z.tuple([z.tuple([z.number()]), z.tuple([z.number()])]).parse([root, size]);
	database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
	database.close();
	const file = openSync(path, 'r+');
	writeSync(file, Buffer.alloc(bytes, 0xff), 0, bytes, (page - 1) * bytes);
	closeSync(file);
}

/** Writes what no version of us has written, so that reading it is a mistake nobody foresaw. */
function confuse(home: string): void {
	const database = new Libsql(join(home, 'modeldex.db'));
	const row = ['bird/hf_CANARYbug', '{"id":7}', 'Qwen/Qwen3-8B'];
	database.prepare('UPDATE models SET id = ?, record = ? WHERE id = ?').run(row);
	database.close();
}

beforeAll(async () => {
	ensureBuilt();
	const named = Object.keys(faults).map((name) => fakeRepo({ id: `bird/${name}`, files: { 'config.json': config } }));
	const gated = fakeRepo({ id: 'bird/Gated', gated: 'manual', files: { 'config.json': config } });
	fake = await startFakeHub({ repos: [...named, gated], users: [{ token, name: 'ada' }] });
	for (const [name, fault] of Object.entries(faults)) fake.fault({ match: new RegExp(`bird/${name}\\b`), fault });
	const first = await Promise.all([startApp({ home: homes.torn }), startApp({ home: homes.odd })]);
	await Promise.all(first.map((app) => app.stop()));
	tear(homes.torn);
	confuse(homes.odd);
	[server, torn, odd] = await Promise.all([
		startApp({ home: homes.hub, env: { ...secrets, HF_HUB_OFFLINE: '0', HF_ENDPOINT: fake.url } }),
		startApp({ home: homes.torn, env: secrets }),
		startApp({ home: homes.odd, env: { ...secrets, MODELDEX_LOG: 'json' } }),
	]);
}, 180_000);
afterAll(async () => {
	await Promise.all([server.stop(), torn.stop(), odd.stop()]);
	await fake.close();
});

const port = ({ url }: AppServer) => Number(new URL(url).port);

interface Asked {
	method?: string;
	headers?: string[];
	body?: string;
}

/** Asks with the right key, unless the headers say otherwise. */
function ask(app: AppServer, path: string, { method = 'GET', headers, body = '' }: Asked = {}): Promise<RawAnswer> {
	const length = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
	const own = headers ?? [`Authorization: Bearer ${key}`];
	return plain(port(app), `${method} ${path}`, [`Host: 127.0.0.1:${port(app)}`, ...own, ...length], body, 30_000);
}

/** Nothing in this text is a secret, a trace, or a place on this machine. */
function expectClean(text: string): void {
	expect(text).not.toMatch(/CANARY/);
	expect(text).not.toMatch(/node_modules|file:\/\/|\n\s*at |\bat \S+ \(|\.[cm]?[jt]s:\d+|SELECT |SQLITE_/);
	for (const place of [...Object.values(homes), projectFolder, homedir(), process.cwd()]) {
		expect(text).not.toContain(place.replace(/\/$/, ''));
	}
}

const errorBody = z.strictObject({
	error: z.strictObject({ code: z.string().regex(/^[a-z_]+$/), message: z.string().min(10).max(400) }),
});

function expectFailure({ status, headers, body, text }: RawAnswer, wanted: [number, string]): string {
	const { error } = errorBody.parse(JSON.parse(body));
	expect([status, error.code]).toEqual(wanted);
	expect(headers['content-type']).toMatch(/^application\/json/);
	expect(error.message).not.toMatch(/[\r\n]/);
	expectClean(text);
	return error.message;
}

describe('an answer to a failed request holds one code and one sentence', () => {
	const list = '/api/models';
	const one = `${list}/config/bird/Gated`;
	const json = (body: string): Asked => ({ method: 'POST', body });

	it.each<[string, string, Asked, number, string]>([
		['a foreign name', list, { headers: ['Host: evil.example'] }, 403, 'host_not_allowed'],
		['a foreign page', list, { headers: ['Origin: https://evil.example'], method: 'POST' }, 403, 'cross_origin'],
		['the token in the URL', `${list}?q=${token}`, {}, 400, 'key_in_url'],
		['our key in the URL', `${list}?q=${key}`, {}, 400, 'key_in_url'],
		['no key', list, { headers: [] }, 401, 'invalid_api_key'],
		['a wrong key', list, { headers: ['X-Api-Key: sk-CANARYwrong'] }, 401, 'invalid_api_key'],
		['two keys', list, { headers: [`Authorization: Bearer ${key}`, 'X-Api-Key: sk-CANARY2'] }, 400, 'bad_request'],
		['another method', list, { method: 'DELETE' }, 405, 'method_not_allowed'],
		['no address', '/api/canary', {}, 404, 'not_found'],
		['an address that is none', '/api/%c0%ae', {}, 404, 'not_found'],
		['an unknown order', `${list}?sort=hf_CANARYsort`, {}, 400, 'invalid_query'],
		['a limit of nothing', `${list}?limit=0`, {}, 400, 'invalid_query'],
		['a made-up cursor', `${list}?cursor=hf_CANARYcursor`, {}, 400, 'invalid_query'],
		['a size in no unit', `${list}?min_params=sk-CANARYmany`, {}, 400, 'invalid_query'],
		['unknown bits', `${list}?quantization=99`, {}, 400, 'invalid_query'],
		['a path as an id', `${list}/..%2f..%2fetc%2fpasswd`, {}, 400, 'invalid_model_id'],
		['an id with an escape', `${list}/config/org%2fm%00`, {}, 400, 'invalid_model_id'],
		['an id of a command', `${list}/config/-rf/x`, {}, 400, 'invalid_model_id'],
		['a path as a revision', `${one}?revision=../../etc`, {}, 400, 'invalid_revision'],
		['neither yes nor no', `${one}?refresh=hf_CANARYyes`, {}, 400, 'invalid_query'],
		['an unknown parameter', `${one}?hf_CANARYname=1`, {}, 400, 'unknown_field'],
		['no body', `${list}/configs`, { method: 'POST' }, 400, 'invalid_json'],
		['half a body', `${list}/configs`, json('{"ids":["hf_CANARYhalf'), 400, 'invalid_json'],
		['an unknown field', `${list}/configs`, json('{"ids":["a/b"],"sk-CANARYfield":1}'), 400, 'unknown_field'],
		['a wrong field', `${list}/configs`, json('{"ids":"hf_CANARYtext"}'), 400, 'invalid_body'],
		['too many ids', `${list}/configs`, json(JSON.stringify({ ids: Array(201).fill('a/b') })), 400, 'invalid_body'],
		['too deep a body', `${list}/configs`, json('['.repeat(50_000)), 400, 'invalid_json'],
		['too large a body', `${list}/configs`, json(`"${'x'.repeat(100_000)}"`), 413, 'payload_too_large'],
	])('%s', async (_, path, asked, status, code) => {
		const host = asked.headers?.some((header) => header.startsWith('Host')) ?? false;
		const answer = host
			? await plain(port(server), `GET ${path}`, asked.headers ?? [])
			: await ask(server, path, asked);
		expectFailure(answer, [status, code]);
	});

	it('what is not HTTP, too large in the head, or of the wrong kind', async () => {
		expectFailure(await sendRaw(port(server), `hf_CANARYraw ${token}\r\n\r\n`), [400, 'bad_request']);
		const big = await ask(server, list, { headers: [`X-Token: ${token.repeat(1000)}`] });
		expectFailure(big, [431, 'headers_too_large']);
		const headers = [`Authorization: Bearer ${key}`, 'Content-Type: text/plain', 'Content-Length: 2'];
		const text = await plain(
			port(server),
			`POST ${list}/configs`,
			[`Host: 127.0.0.1:${port(server)}`, ...headers],
			'{}',
		);
		expectFailure(text, [415, 'unsupported_media_type']);
	});
});

describe('when the Hub', () => {
	/** All at once: some answers come only when patience has run out. */
	const answers = new Map<string, Promise<RawAnswer>>();
	beforeAll(() => {
		for (const name of ['Nothing', 'Gated', ...Object.keys(faults)]) {
			if (name === 'Doubting' || name === 'Limiting') continue;
			answers.set(name, ask(server, `/api/models/config/bird/${name}`));
		}
	});

	it.each<[string, number, string]>([
		['Nothing', 404, 'not_found'],
		['Gated', 403, 'gated'],
		['Refusing', 403, 'forbidden'],
		['Shouting', 403, 'forbidden'],
		['Puzzled', 502, 'hub_error'],
		['Removed', 403, 'disabled'],
		['Failing', 502, 'hub_error'],
		['Down', 502, 'hub_unreachable'],
		['Cutting', 502, 'hub_unreachable'],
		['Leading', 502, 'redirect_blocked'],
		['Lost', 502, 'too_many_redirects'],
		['Silent', 504, 'hub_timeout'],
	])('is %s', async (name, status, code) => {
		const answer = await answers.get(name);
		if (answer === undefined) throw new Error(`${name} was not asked for.`);
		expectFailure(answer, [status, code]);
	});

	it('fails in the middle of many, each line holds its own', async () => {
		const ids = ['Nothing', 'Refusing', 'Shouting', 'Removed', 'Down'].map((name) => `bird/${name}`);
		const { status, body, text } = await ask(server, '/api/models/configs', {
			method: 'POST',
			body: JSON.stringify({ ids }),
		});
		expect(status).toBe(200);
		const lines = body
			.trim()
			.split('\n')
			.map((line) => errorBody.extend({ id: z.string() }).parse(JSON.parse(line)));
		expect(lines.map(({ id }) => id).sort()).toEqual(ids.toSorted());
		expectClean(text);
	});

	it('limits us or turns the token down, which comes last because it holds for all', async () => {
		expectFailure(await ask(server, '/api/models/config/bird/Doubting'), [404, 'not_found']);
		expectFailure(await ask(server, '/api/models/config/bird/Limiting'), [503, 'rate_limited']);
	});

	it('was sent the token, or none of this has shown anything', () => {
		expect(fake.stats.requests.some(({ authorization }) => authorization?.includes(token))).toBe(true);
	});
});

describe('a damaged database', () => {
	it('is told as such, and not where it is', async () => {
		const message = expectFailure(await ask(torn, '/api/models/config/bird/Torn'), [503, 'database']);
		expect(message).toBe('The database cannot be used: its file is damaged.');
	});
});

describe('a bug', () => {
	const inLog = / under ([0-9a-f]+)\.?$/;

	it.each(['/api/models/bird/hf_CANARYbug', '/api/models?q=Qwen3-8B'])(
		'tells programs at %s no more than an id',
		async (path) => {
			const message = expectFailure(await ask(odd, path), [500, 'internal']);
			const [, id] = inLog.exec(message) ?? [];
			const line =
				odd
					.output()
					.split('\n')
					.find((text) => text.includes(`"${id}"`)) ?? '{}';
			const { event, path: logged, stack } = JSON.parse(line);
			expect([event, logged]).toEqual(['request_failed', path.split('?', 1)[0]?.replace('hf_CANARYbug', '•••')]);
			expect(stack).toMatch(/ZodError[^]*\n +at /);
		},
	);

	it.each(['/models/bird/hf_CANARYbug', '/models?q=Qwen3-8B'])('tells people at %s the same', async (path) => {
		const headers = [`Authorization: Bearer ${key}`, 'Accept: text/html'];
		const { status, body, text } = await ask(odd, path, { headers });
		expect(status).toBe(500);
		expect(body).toContain('Something went wrong inside Modeldex; the log has the details under');
		expectClean(text.replaceAll('hf_CANARYbug', ''));
		const [name, query = ''] = path.split('?');
		const data = await ask(odd, `${name}/__data.json?${query}`);
		expect(data.body).toContain('the log has the details under');
		expectClean(data.text.replaceAll('hf_CANARYbug', ''));
	});
});

describe('what stays behind', () => {
	it('[S39] holds no secret: neither the log nor any file of the data directories', () => {
		expect([server, torn, odd].map((app) => app.output()).join()).not.toMatch(/CANARY/);
		for (const home of Object.values(homes)) {
			for (const name of readdirSync(home, { recursive: true, encoding: 'utf8', withFileTypes: true })) {
				if (!name.isFile()) continue;
				expect(readFileSync(join(name.parentPath, name.name), 'latin1').includes(token)).toBe(false);
			}
		}
	});
});
