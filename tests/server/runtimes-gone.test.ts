// Runtimes belong to the app whose registry file has them; one that goes from the file is told to whoever had chosen it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestEvent } from '@sveltejs/kit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { emptyQuery } from '#lib/core/query.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { GET as models } from '../../src/routes/api/models/+server.ts';
import { GET as openApi } from '../../src/routes/api/openapi.json/+server.ts';
import { GET as settingsOf } from '../../src/routes/api/settings/+server.ts';
import { load } from '../../src/routes/models/+page.server.ts';
import { commands } from '../../src/cli/commands.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const file = (architecture: string) => `version: 1
runtimes:
  boxes: { base: vllm, name: Boxes for ${architecture}, architectures: [${architecture}] }
`;
const empty = 'version: 1\n';
const environment = (home: string) => ({ MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' });
const homes = [temporaryFolder(), temporaryFolder()] as const;
let here: App;
let there: App;

async function start(home: string, text: string): Promise<App> {
	writeFileSync(join(home, 'registry.yaml'), text);
	const settings = readSettings(environment(home), () => null);
	return createApp({ settings, version: '1.2.3', background: false });
}

beforeAll(async () => {
	here = await start(homes[0], file('LlamaForCausalLM'));
	there = await start(homes[1], file('Qwen2ForCausalLM'));
});
afterAll(() => Promise.all([here.close(), there.close()]));

/** What the models page is given in a browser with this cookie. */
async function page(app: App, cookie: string | undefined, query = 'source=hub&limit=5') {
	const url = new URL(`http://127.0.0.1/models?${query}`);
	const event = { url, locals: { app }, cookies: { get: () => cookie } };
	const data = await load(event as unknown as Parameters<typeof load>[0]);
	if (data === undefined) throw new Error('The page has nothing to show.');
	return data;
}

/** What a route answers to a query. */
async function answer(route: (event: never) => Response | Promise<Response>, app: App, query: string) {
	const url = new URL(`http://127.0.0.1/${query}`);
	const event: Partial<RequestEvent> = { url, request: new Request(url), locals: { app } as App.Locals };
	return (await route(event as never)).text();
}

/** What a command says and how it exits. */
async function command(home: string, name: string, args: string[]) {
	const [out, err]: [string[], string[]] = [[], []];
	const stdout = { write: (said: string) => out.push(said) };
	const stderr = { write: (said: string) => err.push(said) };
	const terminal = new Terminal({ stdout, stderr, env: environment(home), build: '', version: '1.2.3', json: false });
	const found = commands.find((one) => one.name === name);
	await found?.run(args, terminal);
	return out.join('') + err.join('');
}

describe('two apps with a runtime of the same id in one process', () => {
	it('answer each by its own file', () => {
		const classes = ({ catalog }: App) => {
			const { models: rows } = catalog.list({ ...emptyQuery, runtime: 'boxes', limit: 200 });
			return new Set(rows.flatMap(({ architectures }) => architectures ?? []).map((name) => name.toLowerCase()));
		};
		expect([...classes(here)]).toEqual(['llamaforcausallm']);
		expect([...classes(there)]).toEqual(['qwen2forcausallm']);
		expect([here, there].map(({ catalog }) => catalog.runtimes.own.map(({ name }) => name))).toEqual([
			['Boxes for LlamaForCausalLM'],
			['Boxes for Qwen2ForCausalLM'],
		]);
	});

	it('lose it each for itself, in lists and in the description of the API', async () => {
		await there.routing.registryFile.save(empty);
		expect(() => there.catalog.list({ ...emptyQuery, runtime: 'boxes' })).toThrow('"boxes" is not a value for runtime');
		expect(here.catalog.list({ ...emptyQuery, runtime: 'boxes' }).total).toBeGreaterThan(0);
		expect(await answer(openApi, there, '')).not.toContain('"boxes"');
		expect(await answer(openApi, here, '')).toContain('"boxes"');
		await there.routing.registryFile.save(file('Qwen2ForCausalLM'));
	});
});

describe('a chosen runtime that the file no longer has', () => {
	const gone = /^The runtime "boxes" is not in the registry file any more, so no runtime is checked: /;

	it('is told on the page of who chose it, and comes back with the file', async () => {
		expect(await page(there, 'runtime=boxes')).toMatchObject({ problems: [], checked: { check: 'boxes' } });
		await there.routing.registryFile.save(empty);
		expect(await page(there, 'runtime=boxes')).toMatchObject({
			problems: [expect.stringMatching(gone)],
			checked: { check: null },
		});
		expect((await page(there, 'runtime=vllm')).problems).toEqual([]);
		const filtered = await page(there, undefined, 'source=hub&runtime=boxes');
		expect(filtered).toMatchObject({ problems: [expect.stringMatching(/"boxes" is not a value for runtime/)] });
		expect(filtered.query.runtime).toBe(null);
		await there.routing.registryFile.save(file('Qwen2ForCausalLM'));
		expect(await page(there, 'runtime=boxes')).toMatchObject({ problems: [], checked: { check: 'boxes' } });
	});

	it('is told by the routes, and a default of it is kept for the day it returns', async () => {
		const defaults = { runtime: 'boxes', context: 8192, cache_bits: 16 };
		await there.preferences.save({ modeldex_settings: 1, defaults });
		await there.routing.registryFile.save(empty);
		for (const query of ['?runtime=boxes', '?check=boxes']) {
			await expect(answer(models, there, query)).rejects.toMatchObject({ code: 'invalid_query', status: 400 });
		}
		const kept: unknown = JSON.parse(await answer(settingsOf, there, ''));
		expect(kept).toMatchObject({ defaults: { runtime: null, gone: 'boxes' } });
		await there.preferences.save(kept);
		expect((await page(there, undefined)).problems).toEqual([expect.stringMatching(gone)]);
		await there.routing.registryFile.save(file('Qwen2ForCausalLM'));
		expect(there.preferences.place).toMatchObject({ runtime: 'boxes' });
	});

	it('is told on the command line, where nothing stands in for a name that was typed', async () => {
		await there.routing.registryFile.save(empty);
		const [{ id } = { id: '' }] = there.catalog.list({ ...emptyQuery, runtime: 'vllm', sort: 'params' }).models;
		await expect(command(homes[1], 'fit', [id, '--runtime', 'boxes'])).rejects.toThrow('"boxes" is not a value');
		expect(await command(homes[1], 'doctor', [])).toMatch(
			/default runtime.*"boxes" is not in the registry file any more/,
		);
		await expect(command(homes[1], 'search', ['--runtime', 'boxes'])).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(command(homes[1], 'compat', [id, '--runtime', 'boxes'])).rejects.toThrow(/did you mean/i);
	});
});
