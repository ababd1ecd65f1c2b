// `modeldex model download` as a process: the path last, plans, exit codes, a server that does the work, Ctrl-C.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { cleanEnvironment, ensureBuilt, modeldex, projectFolder, startServer } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';

vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const files = { 'config.json': '{"model_type":"llama"}', 'model.safetensors': { seed: 1, size: 3_000_000, head } };
const good = fakeRepo({ id: 'org/good', files });
const shared = fakeRepo({
	id: 'org/shared',
	files: { ...files, 'model.safetensors': { seed: 2, size: 8_000_000, head } },
});
const closed = fakeRepo({ id: 'org/closed', gated: 'manual', files });

let home: string;
let hub: FakeHub;
let env: NodeJS.ProcessEnv;
let cache: string;

beforeAll(async () => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-download-'));
	cache = join(home, 'hub');
	hub = await startFakeHub({ repos: [good, shared, closed] });
	env = { MODELDEX_HOME: join(home, 'data'), HF_HUB_CACHE: cache, HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
}, 180_000);
afterEach(() => hub.clearFaults());
afterAll(async () => {
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

const run = (words: string, more: NodeJS.ProcessEnv = {}) =>
	modeldex(['model', 'download', ...words.split(' ')], { ...env, ...more });
const snapshot = (repo: typeof good) =>
	join(cache, `models--${repo.id.replace('/', '--')}`, 'snapshots', repo.refs.main ?? '');

describe('modeldex model download', () => {
	it('shows what it would fetch, and fetches nothing with --dry-run', async () => {
		const { code, stdout } = await run('org/good --dry-run');
		expect(code).toBe(0);
		expect(stdout).toMatch(
			/^org\/good at [0-9a-f]{12}\n {2}config\.json +22 B +\n {2}model\.safetensors +3 MB +\n {2}To fetch +3 MB\n$/,
		);
		const plan = JSON.parse((await run('org/good --dry-run --json')).stdout);
		expect(plan).toMatchObject({
			schemaVersion: 1,
			plan: { model_id: 'org/good', missing: 3_000_022, disk: { enough: true } },
		});
		expect(existsSync(cache)).toBe(false);
	});

	it('prints the folder last, and does nothing the second time', async () => {
		const first = await run('org/good');
		expect(first).toEqual({ code: 0, stdout: `${snapshot(good)}\n`, stderr: '' });
		expect(wrongFiles(cache, good)).toEqual([]);
		hub.resetStats();
		const again = JSON.parse((await run('org/good --json')).stdout);
		expect(again).toMatchObject({ download: { state: 'ready', model_id: 'org/good', path: snapshot(good) } });
		expect(hub.stats.requests.filter(({ origin }) => origin === 'cdn')).toEqual([]);
		expect((await run('org/good', { HF_HUB_OFFLINE: '1' })).code).toBe(0);
	});

	it('takes what is here when the Hub is away, says so, and asks again when it is back', async () => {
		expect((await run('org/good')).code).toBe(0);
		const away = await run('org/good', { HF_ENDPOINT: 'http://127.0.0.1:9' });
		expect([away.code, away.stdout]).toEqual([0, `${snapshot(good)}\n`]);
		expect(away.stderr).toContain('The Hub could not be asked whether there is something newer');
		expect(await run('org/good')).toMatchObject({ code: 0, stderr: '' });
		rmSync(join(snapshot(good), '..', '..', 'blobs'), { recursive: true });
		const gone = await run('org/good', { HF_ENDPOINT: 'http://127.0.0.1:9' });
		expect([gone.code, gone.stdout]).toEqual([5, '']);
		expect((await run('org/good')).code).toBe(0);
	});

	it.each([
		['org/missing', 5, 'not_found', /^org\/missing does not exist or is private; if it is yours, set HF_TOKEN/],
		['org/closed', 9, 'gated', /^org\/closed is gated: accept its conditions at http.*\/org\/closed and set HF_TOKEN/],
		['../x', 2, 'invalid_model_id', /^"\.\.\/x" is not a model id/],
		['org/good --revision a..b', 2, 'invalid_revision', /^"a\.\.b" is not a branch, tag or commit/],
		['org/good --include nothing.bin', 5, 'not_found', /^org\/good has no file "nothing\.bin"\.$/],
		['org/good --quant Q9', 5, 'not_found', /^org\/good has no complete GGUF file "Q9": it has no GGUF files\.$/],
	])('%s ends with %i %s', async (words, code, name, sentence) => {
		const ended = await run(`${words} --json`);
		expect(ended.code).toBe(code);
		const { error } = JSON.parse(ended.stdout);
		expect(error.code).toBe(name);
		expect(error.message).toMatch(sentence);
	});

	it('says what to do about damaged bytes, and ends with 6', async () => {
		hub.fault({ match: '/xet-bridge', fault: { kind: 'flip', at: 1000 } });
		const ended = await run('org/shared');
		expect([ended.code, ended.stdout]).toEqual([6, '']);
		expect(ended.stderr).toMatch(
			/model\.safetensors of org\/shared arrived damaged twice and was deleted: its SHA-256 is [0-9a-f]{64}, what came has [0-9a-f]{64}\. Try again later with: modeldex model download org\/shared/,
		);
		expect(existsSync(snapshot(shared))).toBe(false);
	});

	it('keeps what is here after Ctrl-C, and goes on from there', async () => {
		hub.resetStats();
		hub.fault({ match: '/xet-bridge', fault: { kind: 'drip', bytes: 200_000, everyMs: 50 }, times: 1 });
		const child = spawn(process.execPath, [join(projectFolder, 'bin/modeldex.js'), 'model', 'download', 'org/shared'], {
			env: { ...cleanEnvironment(home), ...env },
		});
		let stderr = '';
		child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
		const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
		await vi.waitUntil(() => hub.count('/xet-bridge') > 0, { timeout: 20_000 });
		child.kill('SIGINT');
		expect(await closed).toBe(130);
		expect(stderr).toMatch(/^Stopped; what is here is kept/);
		expect((await run('org/shared')).stdout).toBe(`${snapshot(shared)}\n`);
		expect(wrongFiles(cache, shared)).toEqual([]);
	});

	it('watches a server that shares the data folder, and lets it do the work', async () => {
		rmSync(join(cache, 'models--org--good'), { recursive: true });
		const server = await startServer({ ...env, HF_ENDPOINT: hub.url } as Record<string, string>);
		hub.resetStats();
		const [one, two] = await Promise.all([run('org/good'), run('org/good')]);
		expect([one.code, two.code, one.stdout, two.stdout]).toEqual([0, 0, `${snapshot(good)}\n`, `${snapshot(good)}\n`]);
		expect(hub.count('/resolve/') - hub.count('/api/')).toBeLessThanOrEqual(2);
		expect(hub.stats.requests.filter(({ origin }) => origin === 'cdn')).toHaveLength(1);
		const { downloads } = await (await fetch(`${server.url}/api/downloads`)).json();
		expect(
			downloads.map(({ model_id, state }: { model_id: string; state: string }) => [model_id, state]),
		).toContainEqual(['org/good', 'ready']);
		await server.stop();
		expect(wrongFiles(cache, good)).toEqual([]);
	});
});
