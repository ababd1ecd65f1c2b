// A walk of somebody who writes scripts: found, measured, fetched, sorted and checked, all as JSON; then without the Hub.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { modeldex } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fitting, notes, rightShelves, shelves, sorter, tooLarge, walkRepos } from '../support/walk-world.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(120_000); // every step is a process of its own

const home = mkdtempSync(join(tmpdir(), 'modeldex-walk-script-'));
const folder = join(home, 'notes');
const registry = join(home, 'registry.yaml');
let hub: FakeHub;
let env: NodeJS.ProcessEnv;

test.beforeAll(async () => {
	hub = await startFakeHub({ repos: walkRepos() });
	env = { MODELDEX_HOME: join(home, 'data'), HF_HOME: join(home, 'hf'), HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
	for (const [path, text] of Object.entries(notes)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), text);
	}
	writeFileSync(
		registry,
		`version: 1
providers:
  lab: { type: openai-compatible, base_url: http://127.0.0.1:9/v1, prices: { a: { input: 1, output: 2 } } }
tiers:
  fast: { strategy: first, providers: [lab/a] }
defaults: { tier: fast }
`,
	);
});

test.afterAll(async () => {
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

/** Runs a command with --json; its one document. The exit code must be the one that is expected. */
async function json(words: string[], code = 0) {
	const ended = await modeldex([...words, '--json'], env);
	expect([words.join(' '), ended.code, ended.stderr]).toEqual([words.join(' '), code, expect.any(String)]);
	const document = JSON.parse(ended.stdout);
	expect(document.schemaVersion).toBe(1);
	return document;
}

const search = ['search', 'qwen', '--family', 'Qwen', '--quantization', '4', '--fits', '16GB', '--limit', '5'];
const sort = ['classify', '-i', folder, '--model', sorter.name, '--categories', shelves.join(',')];

/** The walk from the list to sorted texts, the same with the Hub and without. */
async function walk(): Promise<{ needed: number; sorted: unknown }> {
	const list = await json(search);
	const ids = list.models.map(({ id }: { id: string }) => id);
	expect(ids).toContain(fitting);

	const fit = await json(['fit', fitting, '--memory', '16GB']);
	expect(fit.verdict).toBe('fits');
	expect(fit.terms.reduce((sum: number, { bytes }: { bytes: number }) => sum + bytes, 0)).toBe(fit.need_bytes);
	await json(['fit', tooLarge, '--memory', '16GB', '--check'], 3);

	const { download } = await json(['model', 'download', sorter.id]);
	expect(download).toMatchObject({ model_id: sorter.id, state: 'ready', error: null });
	const mine = await json(['model', 'list']);
	expect(mine.models.map(({ id }: { id: string }) => id)).toEqual([sorter.id]);

	const { complete, results } = await json(sort);
	expect(complete).toBe(true);
	const sorted = results.map(({ id, category }: Record<string, string>) => [id?.slice(folder.length + 1), category]);
	expect(Object.fromEntries(sorted)).toEqual(rightShelves);

	const checked = await json(['registry', 'check', registry]);
	expect([checked.valid, checked.faults]).toEqual([true, []]);
	return { needed: fit.need_bytes, sorted };
}

let online: Awaited<ReturnType<typeof walk>>;

test('search, fit, model download, classify and registry check answer with one document each', async () => {
	// The list is asked for once; the shipped one would do, too, but a script wants what the Hub has now.
	await json(['discover', '--limit', '100']);
	online = await walk();
});

test('without the Hub every step says the same, from what is kept here', async () => {
	await hub.close();
	expect(await walk()).toEqual(online);
	const missing = await json(['model', 'download', 'acme/Never-seen'], 5);
	expect(missing.error.code).toBe('hub_unreachable');
});
