// A walk of a platform engineer: what the servers run and why not, four side by side, a tier, who answered, a rollout.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import OpenAI from 'openai';
import { startApp, type AppServer } from '../support/app-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { fitting, plain, served, sorter, tooLarge, walkRepos } from '../support/walk-world.ts';
import { shownCards } from '../support/shown-cards.ts';

test.describe.configure({ mode: 'serial' });

const key = 'sk-walk-canary';
const home = mkdtempSync(join(tmpdir(), 'modeldex-walk-platform-'));
let hub: FakeHub;
let provider: FakeProvider;
let app: AppServer;
let page: Page;

test.beforeAll(async ({ browser }) => {
	hub = await startFakeHub({ repos: walkRepos() });
	provider = await startFakeProvider({
		key,
		scripts: {
			slow: { headersMs: 20_000, text: ['Too late.'] },
			quick: { text: ['Quick', ' answer.'] },
			limited: { status: 429, body: { error: { message: 'slow down' } } },
		},
	});
	app = await startApp({ home, env: { HF_ENDPOINT: hub.url, LAB_API_KEY: key } });
	page = await browser.newPage();
	await expect
		.poll(async () => (await (await fetch(`${app.url}/api/models?q=${sorter.id}`)).json()).models[0]?.downloads)
		.toBe(50e6); // the list of the Hub has come
});

test.afterAll(async () => {
	await page.close();
	await app.stop();
	await Promise.all([hub.close(), provider.close()]);
	rmSync(home, { recursive: true, force: true });
});

const card = (id: string) => shownCards(page).filter({ has: page.getByRole('link', { name: id, exact: true }) });

const file = () => `version: 1
name: Platform
providers:
  lab:
    type: openai-compatible
    base_url: ${provider.url}
    api_key_env: LAB_API_KEY
    prices: { slow: { input: 1, output: 2 }, quick: { input: 1, output: 2 }, limited: { input: 1, output: 2 } }
tiers:
  fast: { strategy: race, providers: [lab/slow, lab/quick] }
  high: { strategy: fallback, providers: [lab/limited, lab/quick] }
defaults: { tier: fast }
`;

async function open(path: string): Promise<void> {
	await page.goto(app.url + path);
	await page.locator('html[data-hydrated]').waitFor();
}

test('a comparison that somebody was sent says what the configurations say, also when nobody has read them before', async () => {
	await open(`/compare?ids=${fitting},${tooLarge}`);
	const table = page.getByTestId('comparison');
	await expect(table.locator('tr', { hasText: /^\s*Parameters/ }).first()).toContainText(/8\.2B\s*32\.8B/);
	await expect(table.locator('tr', { hasText: /^\s*Context/ }).first()).toContainText(/40,960 tokens\s*40,960 tokens/);
});

test('the list holds what vLLM runs, and says of the rest why it is not in it', async () => {
	await open('/models?q=qwen3');
	await page.keyboard.press('f');
	const dialog = page.getByRole('dialog', { name: 'Filter Models' });
	await dialog.getByRole('combobox', { name: 'Runtime' }).selectOption('vllm');
	await dialog.getByRole('button', { name: 'Apply' }).click();
	await expect(page).toHaveURL(/runtime=vllm/);
	await expect(card(served)).toHaveCount(1);
	await expect(card(fitting)).toHaveCount(0);
	await page.getByRole('button', { name: 'Why isn’t it here?' }).click();
	const why = page.getByRole('dialog', { name: 'Why isn’t it here?' });
	await why.getByRole('textbox', { name: 'Model' }).fill(`https://huggingface.co/${fitting}`);
	await why.getByRole('textbox', { name: 'Model' }).press('Enter');
	await expect(why.getByTestId('hidden-by')).toContainText('vLLM');
	await expect(why.getByRole('link', { name: served })).toBeVisible();
	await page.keyboard.press('Escape');
});

test('four models stand side by side, with what differs marked', async () => {
	await open('/models?q=qwen3&source=hub');
	for (const id of [fitting, tooLarge, served, plain]) {
		await card(id).getByRole('button', { name: 'Compare' }).click();
	}
	await page.getByRole('link', { name: 'Compare 4' }).click();
	const table = page.getByTestId('comparison');
	await expect(table.locator('thead th')).toHaveCount(4);
	await expect(table.locator('tr', { hasText: 'vLLM' }).first()).toHaveAttribute('data-differs', 'true');
	await page.getByRole('checkbox', { name: 'Only what differs' }).click();
	await expect(table.locator('tr[data-differs="false"]')).toHaveCount(0);
});

test('a tier file is written on the page and in force when it is saved', async () => {
	await open('/registry/edit');
	const field = page.getByRole('textbox', { name: 'The registry file, YAML' });
	await field.fill(file());
	await expect(page.getByTestId('changes')).toContainText('tiers.fast');
	await field.press('Control+s');
	await expect(page.getByTestId('verdict')).toContainText('Saved and in force');
	await page.getByRole('link', { name: 'Overview' }).click();
	await expect(page.getByTestId('tier')).toHaveCount(2);
	await expect(page.getByTestId('candidate').filter({ hasText: 'No key' })).toHaveCount(0);
});

/** Asks as an app would; the text, and the request's id. */
async function ask(model: string, user?: string): Promise<{ text: string; id: string; by: string | null }> {
	const headers = user === undefined ? {} : { 'x-modeldex-user': user };
	const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'none', maxRetries: 0, defaultHeaders: headers });
	const asked = { model, messages: [{ role: 'user' as const, content: 'Who answers?' }], stream: true as const };
	const { data, response } = await client.chat.completions.create(asked).withResponse();
	let text = '';
	for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
	return {
		text,
		id: response.headers.get('x-modeldex-request') ?? '',
		by: response.headers.get('x-modeldex-model'),
	};
}

const record = async (id: string) => (await fetch(`${app.url}/api/registry/requests/${id}`)).json();

test('the official client is answered by the winner of a race and by the one behind a failure; both can be read back', async () => {
	const race = await ask('tier:fast');
	expect(race).toMatchObject({ text: 'Quick answer.', by: 'lab/quick' });
	const fallback = await ask('tier:high');
	expect(fallback).toMatchObject({ text: 'Quick answer.', by: 'lab/quick' });

	expect(await record(race.id)).toMatchObject({
		strategy: 'race',
		served: 'lab/quick',
		attempts: [{ outcome: 'lost' }, { outcome: 'won' }],
	});
	await open('/registry/usage');
	await expect(page.getByTestId('request')).toHaveCount(2);
	await open(`/registry/requests/${fallback.id}`);
	const tries = page.getByTestId('attempt');
	await expect(tries.nth(0)).toContainText('rate_limit, HTTP 429');
	await expect(tries.nth(1)).toContainText('The one before failed');
	await expect(page.getByTestId('trace')).toContainText('lab/quick answered');
	expect(await page.content()).not.toContain(key);
});

test('at 25 % a user outside gets the first candidate and nothing else, one inside the race', async () => {
	await open('/registry/rollout');
	await page.getByRole('spinbutton').fill('25');
	await page.getByRole('button', { name: 'Set 25 %' }).click();
	await expect(page.getByTestId('rollout-state')).toContainText('for 25 % of users');
	const stands = async (user: string) => {
		await page.getByRole('textbox', { name: 'Where does a user stand?' }).fill(user);
		await expect(page.getByTestId('bucket')).toHaveText(/^Bucket/);
		return page.getByTestId('bucket').innerText();
	};
	expect(await stands('user-123')).toContain('out at 25 %');
	const users = Array.from({ length: 40 }, (_, at) => `user-${at}`);
	let inside = '';
	for (const user of users) if (inside === '' && / in at 25 %/.test(await stands(user))) inside = user;
	expect(inside).not.toBe('');

	provider.set('slow', { text: ['First in line.'] });
	const outside = await ask('tier:fast', 'user-123');
	expect(outside).toMatchObject({ text: 'First in line.', by: 'lab/slow' });
	expect(await record(outside.id)).toMatchObject({ strategy: 'first', attempts: [{ outcome: 'won' }] });
	provider.set('slow', { headersMs: 20_000 });
	const within = await ask('tier:fast', inside);
	expect(within.by).toBe('lab/quick');
	expect(await record(within.id)).toMatchObject({ strategy: 'race' });
});
