// `modeldex discover` as a process against a Hub: tables, JSON, limits, failures, Ctrl-C, and what is counted of it.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DiscoveryMessage } from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { openDatabase } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { cleanEnvironment, ensureBuilt, modeldex, projectFolder, type Ended } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';

vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

const chat = { model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 64, num_hidden_layers: 2 };
const encoder = { model_type: 'bert', architectures: ['BertModel'], hidden_size: 64, num_hidden_layers: 2 };
const file = (config: object) => ({ 'config.json': JSON.stringify(config), 'model.safetensors': 'x' });

let root: string;
let home: string;
let hub: FakeHub;
let made = 0;

beforeAll(async () => {
	ensureBuilt();
	root = mkdtempSync(join(tmpdir(), 'modeldex-discover-'));
	hub = await startFakeHub({
		repos: [
			fakeRepo({ id: 'org/first', downloads: 900, files: file(chat) }),
			fakeRepo({ id: 'org/second', downloads: 800, files: file({ ...chat, model_type: 'qwen3' }) }),
			fakeRepo({ id: 'org/encoder', downloads: 700, files: file(encoder) }),
			fakeRepo({ id: 'org/third', downloads: 600, files: file(chat) }),
			fakeRepo({ id: 'org/closed', downloads: 500, gated: 'manual', files: file(chat) }),
		],
	});
	// The first start takes in the shipped list, which need not happen for every test.
	home = join(root, 'started');
	await modeldex(['search'], { MODELDEX_HOME: home });
}, 180_000);
beforeEach(() => {
	freshHome();
	hub.resetStats();
});
afterEach(() => hub.clearFaults());
afterAll(async () => {
	await hub.close();
	rmSync(root, { recursive: true, force: true });
});

function freshHome(): void {
	home = join(root, `home-${made++}`);
	cpSync(join(root, 'started'), home, { recursive: true });
}

const environment = (more: NodeJS.ProcessEnv = {}) => ({
	MODELDEX_HOME: home,
	HF_ENDPOINT: hub.url,
	HF_HUB_OFFLINE: '0',
	...more,
});
const run = (words: string, more: NodeJS.ProcessEnv = {}) =>
	modeldex(['discover', ...words.split(' ').filter(Boolean)], environment(more));
const ids = (models: ModelEntry[]) => models.map(({ id }) => id);

/** Starts a command, calls `meanwhile` once the Hub was asked for a configuration, and waits for the end. */
async function interrupted(
	words: string[],
	meanwhile: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
	const env = { ...cleanEnvironment(home), ...environment() };
	const child = spawn(process.execPath, [join(projectFolder, 'bin/modeldex.js'), 'discover', ...words], { env });
	const texts = { stdout: '', stderr: '' };
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
	child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
	const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
	await vi.waitUntil(() => hub.count('org/third') > 0, { timeout: 20_000 });
	meanwhile((signal) => child.kill(signal));
	return { code: await closed, ...texts };
}

describe('modeldex discover', () => {
	it('finds the chat models, in the order of downloads', async () => {
		const { code, stdout, stderr } = await run('');
		expect(stdout.match(/^org\/\S+/gm)).toEqual(['org/first', 'org/second', 'org/third']);
		expect(stderr).toMatch(
			/^3 shown of 5 listed: 3 can chat, 1 is an encoder, 0 unknown, 1 locked \(\d+ requests, .*\)\.\n$/,
		);
		expect(code).toBe(0);
	});

	it('gives everything as one document, and every message as a stream', async () => {
		const { code, stdout } = await run('--json');
		const { schemaVersion, complete, models, meta } = JSON.parse(stdout);
		expect([code, schemaVersion, complete]).toEqual([0, 1, true]);
		expect(ids(models)).toEqual(['org/first', 'org/second', 'org/encoder', 'org/third', 'org/closed']);
		expect(meta).toMatchObject({ fetched: 5, requests: expect.any(Number) });
		const streamed = (await run('--stream')).stdout.trimEnd().split('\n');
		const messages: DiscoveryMessage[] = streamed.map((line) => JSON.parse(line));
		expect(messages.at(-1)).toMatchObject({ action: 'listChatModels:done', meta: { fetched: 5 } });
		expect(messages[0]).toMatchObject({ action: 'listChatModels:progress', modelId: 'org/first' });
	});

	it('hands its options on', async () => {
		const limited = JSON.parse((await run('--limit 2 --json')).stdout);
		expect(ids(limited.models)).toEqual(['org/first', 'org/second']);
		const { code, stdout } = await run('--class encoder');
		expect([code, stdout.match(/^org\/\S+/gm)]).toEqual([0, ['org/encoder']]);
		freshHome();
		hub.resetStats();
		await run('--concurrency 1 --json');
		expect(hub.stats.mostOpen).toBe(1);
	});

	it('reads so many configurations, and goes on where the last run stopped', async () => {
		const first = JSON.parse((await run('--max-candidates 2 --json')).stdout);
		const beyond = (models: ModelEntry[]) => ids(models.filter(({ excluded_by }) => excluded_by === 'candidate-limit'));
		expect(beyond(first.models).length).toBeGreaterThan(0);
		hub.resetStats();
		const second = JSON.parse((await run('--max-candidates 2 --continue --json')).stdout);
		expect(hub.count('org/first/')).toBe(0);
		expect(hub.count('/config.json')).toBeGreaterThan(0);
		expect(beyond(second.models).length).toBeLessThan(beyond(first.models).length);
		const { database } = openDatabase({ directory: home, now: () => new Date(), prepare: migrate });
		database.run('DELETE FROM discovery_runs');
		database.close();
		expect(await run('--continue')).toEqual({
			code: 5,
			stdout: '',
			stderr: 'The last run cannot be continued any more: leave out --continue.\n',
		});
	});

	it.each([
		['--continue', 'There is no earlier run to continue: "modeldex discover" makes one.'],
		['--limit 0', '"0" is not a value for --limit: expected a whole number from 1 to 50,000.'],
		['--max-candidates many', '"many" is not a value for --max-candidates: expected a whole number from 0 to 50,000.'],
		['--concurrency 65', '"65" is not a value for --concurrency: expected a whole number from 1 to 64.'],
		['--timeout-ms 1.5', '"1.5" is not a value for --timeout-ms: expected a whole number from 50 to 120,000.'],
		['--retries 1e1', '"1e1" is not a value for --retries: expected a whole number from 0 to 10.'],
		['--class chatty', '"chatty" is not a value for --class: expected gen, encoder, unknown, auth-protected.'],
		['--colour', 'There is no option "--colour". "modeldex help discover" shows how.'],
	])('refuses %s and asks nothing', async (words, sentence) => {
		expect(await run(words)).toEqual({ code: 2, stdout: '', stderr: `${sentence}\n` });
		expect(hub.stats.requests).toEqual([]);
	});

	it('ends with 3 and all the rest when one model cannot be read', async () => {
		hub.fault({ match: 'org/second/', fault: { kind: 'status', status: 500 } });
		const { code, stdout } = await run('--retries 0 --json');
		const { complete, models, meta } = JSON.parse(stdout);
		expect([code, complete]).toEqual([3, false]);
		expect(ids(models)).toHaveLength(5);
		expect(meta.errors).toContainEqual(expect.objectContaining({ modelId: 'org/second' }));
	});

	it('ends with 5 when nobody is there, in one sentence', async () => {
		const told = await run('', { HF_ENDPOINT: 'http://127.0.0.1:9' });
		expect([told.code, told.stdout]).toEqual([5, '']);
		expect(told.stderr).toMatch(/^[^\n]+\.\n$/);
		const json = await run('--json', { HF_ENDPOINT: 'http://127.0.0.1:9' });
		expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'hub_unreachable' } });
		const stream = await run('--stream', { HF_HUB_OFFLINE: '1' });
		expect([stream.code, JSON.parse(stream.stdout)]).toMatchObject([
			5,
			{ action: 'listChatModels:error', code: 'offline' },
		]);
	});

	it('shows what is known by then when it is interrupted', async () => {
		hub.fault({ match: 'org/third/', fault: { kind: 'stall', where: 'headers', ms: 30_000 } });
		const { code, stdout } = await interrupted(['--json'], (kill) => kill('SIGINT'));
		const { complete, models, meta } = JSON.parse(stdout);
		expect([code, complete, meta.cancelled]).toEqual([130, false, true]);
		expect(ids(models)).toContain('org/first');
		hub.clearFaults();
		expect(JSON.parse((await run('--stats --json')).stdout).runs).toMatchObject([{ is_cancelled: true }]);
	});
});

describe('modeldex discover --stats', () => {
	it('says that there is nothing yet, and asks nothing', async () => {
		expect(await run('--stats')).toEqual({ code: 0, stdout: '', stderr: 'Nothing has been counted yet.\n' });
		expect(JSON.parse((await run('--stats --json')).stdout)).toMatchObject({ since: null, windows: { run: null } });
		expect(hub.stats.requests).toEqual([]);
	});

	it('adds up what runs of other processes have told', async () => {
		await run('');
		hub.resetStats();
		const report = JSON.parse((await run('--stats --json')).stdout);
		expect(report.windows.all).toMatchObject({ runs: 1 });
		const count = (list: { name: string; count: number }[], name: string) =>
			list.find((one) => one.name === name)?.count ?? 0;
		expect(count(report.windows.run.classes, 'gen')).toBe(3);
		expect(count(report.windows.run.classes, 'encoder')).toBe(1);
		expect(count(report.windows.run.fetches, '200')).toBeGreaterThan(0);
		expect(report.windows.run.durations.count).toBeGreaterThan(0);
		expect(report.runs).toMatchObject([{ listed: 5, errors: expect.any(Number), is_cancelled: false }]);
		const { stdout } = await run('--stats');
		expect(stdout).toMatch(/^Reads of configurations +Last run +Today +All$/m);
		expect(stdout).toMatch(/^ {2}gen {2}can write text +3 +3 +3$/m);
		expect(hub.stats.requests).toEqual([]);
	});
});
