// What `modeldex discover` prints, from scripted messages: progress for terminals, tables, JSON, exit codes.
import { describe, expect, it } from 'vitest';
import { printDiscovery, type DiscoverView } from '../../src/cli/discover-run.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { candidateLimit, type DiscoveryMessage, type DiscoveryMeta } from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { entry } from '../support/models.ts';

interface Shown {
	json?: boolean;
	/** Is the person's side a terminal? */
	tty?: boolean;
	view?: Partial<DiscoverView>;
}

async function print(messages: DiscoveryMessage[], { json = false, tty = false, view = {} }: Shown = {}) {
	const texts = { stdout: '', stderr: '' };
	const stream = (name: 'stdout' | 'stderr') => ({
		write: (text: string) => (texts[name] += text),
		isTTY: tty && name === 'stderr',
		columns: 60,
	});
	const base = { env: {}, build: '', version: 'test', json };
	const terminal = new Terminal({ ...base, stdout: stream('stdout'), stderr: stream('stderr') });
	async function* play() {
		yield* messages;
	}
	const chosen = { classes: [], showsGuesses: false, isStream: false, ...view };
	const ended = await printDiscovery(play(), chosen, terminal).catch((error: unknown) => ({ error }));
	return { ...texts, ended };
}

const id = 'run-1';
const meta = (changed: Partial<DiscoveryMeta> = {}): DiscoveryMeta => ({
	fetched: 6,
	filtered: 1,
	errors: [],
	durationMs: 12_300,
	requests: 7,
	...changed,
});
const model = (name: string, changed: Partial<ModelEntry> = {}) =>
	entry({ id: name, classification: 'gen', confidence: 'high', fetchStatus: 'ok', ...changed });
const models = [
	model('org/chat'),
	model('org/guess', { confidence: 'low' }),
	model('org/bert', { classification: 'encoder' }),
	model('org/locked', { classification: 'auth-protected', fetchStatus: '403', gated: 'manual' }),
	model('org/odd', { classification: 'unknown', confidence: 'low' }),
	model('org/later', {
		classification: 'unknown',
		confidence: 'low',
		excluded_by: candidateLimit,
		fetchStatus: 'none',
	}),
];
const done = (changed: Partial<DiscoveryMeta> = {}, rows = models): DiscoveryMessage => ({
	action: 'listChatModels:done',
	id,
	models: rows,
	meta: meta(changed),
});
const progress = (modelId: string, ts: number): DiscoveryMessage => ({
	action: 'listChatModels:progress',
	id,
	modelId,
	status: 'classified',
	delta: { classification: 'gen' },
	ts,
});

describe('a table', () => {
	it('shows the chat models that are no guess, and counts the rest on stderr', async () => {
		const { stdout, stderr, ended } = await print([done()]);
		expect(stdout).toMatch(/^Model +Family .*\norg\/chat .*\n$/);
		expect(stderr.split('\n')).toEqual([
			'1 shown of 6 listed: 2 can chat, 1 is an encoder, 2 unknown, 1 locked (7 requests, 12.3 s).',
			'1 more is a guess: see --show-low-confidence.',
			'1 was not looked at: --continue goes on there.',
			'',
		]);
		expect(ended).toEqual({ id, exitCode: 0 });
	});

	it('shows guesses and other classes when asked', async () => {
		const guesses = await print([done()], { view: { showsGuesses: true } });
		expect(guesses.stdout.match(/^org\/\w+/gm)).toEqual(['org/chat', 'org/guess']);
		const classes = await print([done()], { view: { classes: ['encoder', 'auth-protected'] } });
		expect(classes.stdout.match(/^org\/\w+/gm)).toEqual(['org/bert', 'org/locked']);
		expect(classes.stdout).toContain('auth-protected (high)');
	});

	it('is none when there is nothing to show', async () => {
		expect((await print([done({ fetched: 0 }, [])])).stdout).toBe('');
	});
});

describe('JSON', () => {
	it('is one document with every model and how the run went', async () => {
		const { stdout } = await print([progress('org/chat', 1), done()], { json: true });
		expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, id, complete: true, models, meta: meta() });
	});

	it('holds only the classes that were asked for', async () => {
		const { stdout } = await print([done()], { json: true, view: { classes: ['encoder'] } });
		expect(JSON.parse(stdout).models.map((one: ModelEntry) => one.id)).toEqual(['org/bert']);
	});

	it('is a line per message as a stream, harmless to terminals', async () => {
		const all = [progress('org/\u001b[2J\u202e', 1), done()];
		const { stdout } = await print(all, { view: { isStream: true } });
		expect(stdout).not.toMatch(/\u001b|\u202e/);
		expect(
			stdout
				.trimEnd()
				.split('\n')
				.map((line) => JSON.parse(line)),
		).toEqual(all);
	});
});

describe('progress', () => {
	it('is one line that is rewritten, at most ten times a second, and gone at the end', async () => {
		const many = Array.from({ length: 50 }, (_, index) => progress(`org/m${index}`, index * 10));
		const { stderr } = await print([...many, done()], { tty: true });
		const lines = stderr.split('\r\u001b[K');
		expect(lines.length).toBeLessThanOrEqual(8);
		expect(lines[1]).toBe('1 listed · 1 can chat');
		expect(lines[2]).toBe('11 listed · 11 can chat');
		expect(lines.at(-1)).toMatch(/^1 shown of 6 listed/);
		for (const line of lines.slice(0, -1)) expect(line).not.toContain('\n');
	});

	it('stays silent where stderr is no terminal', async () => {
		expect((await print([progress('org/a', 1), done()])).stderr).not.toContain('\r');
	});
});

describe('the exit code', () => {
	it.each<[string, number, Partial<DiscoveryMeta>, ModelEntry[]]>([
		['0 for a whole run', 0, {}, models],
		[
			'0 for locked models: they are an answer',
			0,
			{ errors: [{ modelId: 'org/locked', code: 'gated', message: 'x' }] },
			models,
		],
		[
			'0 for a run that was slowed down',
			0,
			{ errors: [{ modelId: '', code: 'rate_limited', message: 'Slowed.' }] },
			models,
		],
		['3 for a model that failed', 3, {}, [model('org/bad', { fetchStatus: 'error', classification: 'unknown' })]],
		['3 for a list that broke off', 3, { errors: [{ modelId: '', code: 'hub_error', message: 'Not whole.' }] }, models],
		['3 for a limit that was reached', 3, { rate_limited: true }, models],
		['130 for an interrupted run', 130, { cancelled: true }, models],
	])('is %s', async (_, code, changed, rows) => {
		const { ended, stderr } = await print([done(changed, rows)]);
		expect(ended).toEqual({ id, exitCode: code });
		if (changed.cancelled) expect(stderr).toContain('Interrupted: this is what was known by then.\n');
		for (const { modelId, message } of changed.errors ?? []) {
			if (modelId === '') expect(stderr).toContain(`${message}\n`);
		}
		const json = await print([done(changed, rows)], { json: true });
		expect(JSON.parse(json.stdout).complete).toBe(code === 0);
	});

	it('is that of the failure for a run that could not start', async () => {
		const failed = (code?: string): DiscoveryMessage => ({
			action: 'listChatModels:error',
			id,
			message: 'The Hub is away.',
			...(code === undefined ? {} : { code }),
		});
		expect((await print([failed('hub_unreachable')])).ended).toMatchObject({
			error: { code: 'hub_unreachable', exitCode: 5, message: 'The Hub is away.' },
		});
		expect((await print([failed('never_heard_of')])).ended).toMatchObject({ error: { code: 'internal', exitCode: 1 } });
		expect((await print([progress('org/a', 1)])).ended).toMatchObject({ error: expect.any(Error) });
	});
});
