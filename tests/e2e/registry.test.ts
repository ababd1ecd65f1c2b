// The registry as a person begins, edits, tries, rolls out and simulates it, in a real browser in front of a provider on loopback.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';

let app: AppServer;
let provider: FakeProvider;
let home: string;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
	home = mkdtempSync(join(tmpdir(), 'modeldex-registry-'));
	provider = await startFakeProvider({
		scripts: {
			limited: { status: 429, body: { error: { message: 'slow down' } } },
			good: { text: ['Short', ' waves.'] },
		},
	});
	app = await startApp({ home });
});

test.afterAll(async () => {
	await app.stop();
	await provider.close();
	rmSync(home, { recursive: true, force: true });
});

const file = () => `version: 1
name: Lab
providers:
  lab:
    type: openai-compatible
    base_url: ${provider.url}
    prices: { limited: { input: 1, output: 2 }, good: { input: 1, output: 2 } }
  openai: { type: openai }
tiers:
  fast: { strategy: fallback, providers: [openai/gpt-4.1-mini, lab/limited, lab/good] }
defaults: { tier: fast }
`;

async function open(page: Page, path: string): Promise<void> {
	await page.goto(app.url + path);
	await page.locator('html[data-hydrated]').waitFor();
}

test('one begins with a small file by one press, and edits it with faults shown by line', async ({ page }) => {
	await open(page, '/models');
	await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Registry' }).click();
	await expect(page.getByTestId('registry-empty')).toBeVisible();
	await page.getByRole('button', { name: /^Begin with this.*Ollama/ }).click();
	await expect(page.getByTestId('tier')).toContainText('tier:default');
	await page.getByRole('link', { name: 'Edit the file' }).click();
	const field = page.getByRole('textbox', { name: 'The registry file, YAML' });
	await field.fill(file().replace('fallback', 'fallbak'));
	await page.getByTestId('faults').getByRole('button', { name: 'Line 10' }).click();
	await expect(field).toBeFocused();
	await expect(page.getByRole('button', { name: 'Save and put in force' })).toBeDisabled();
	await field.fill(file());
	await expect(page.getByTestId('changes')).toContainText('tiers.fast');
	await field.press('Control+s');
	await expect(page.getByTestId('verdict')).toContainText('Saved and in force');
	await expect(page.getByTestId('version')).toHaveCount(2);
});

test('an earlier file comes back by two presses', async ({ page }) => {
	await open(page, '/registry/edit');
	await page.getByRole('button', { name: /^Go back to/ }).click();
	await expect(page.getByRole('textbox', { name: 'The registry file, YAML' })).toHaveValue(/ollama/);
	await expect(page.getByTestId('changes')).toContainText('tiers.default');
	await page.getByRole('button', { name: 'Undo my changes' }).click();
	await expect(page.getByRole('textbox', { name: 'The registry file, YAML' })).toHaveValue(file());
});

test('the chat streams an answer and tells who was asked and why', async ({ page }) => {
	await open(page, '/registry/try');
	await page.getByRole('textbox', { name: 'Message' }).fill('Why is the sky blue?');
	await page.keyboard.press('Enter');
	await expect(page.getByTestId('chat')).toContainText('Short waves.');
	const tries = page.getByTestId('trace').getByTestId('attempt');
	await expect(tries).toHaveCount(3);
	await expect(tries.nth(0)).toContainText('No key');
	await expect(tries.nth(1)).toContainText('rate_limit, HTTP 429');
	await expect(tries.nth(2)).toContainText('The one before failed');
	await page.getByRole('link', { name: 'Its own page' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('tier:fast');
	await page.getByRole('link', { name: 'Go through it again' }).click();
	await page.getByRole('button', { name: 'Go through it again' }).click();
	await expect(page.getByTestId('simulation')).toContainText('lab/good answered');
});

test('the overview shows keys that are missing, health and the last error; usage shows the request', async ({
	page,
}) => {
	await open(page, '/registry');
	const candidates = page.getByTestId('candidate');
	await expect(candidates.nth(0)).toContainText('No key');
	await expect(candidates.nth(1)).toContainText('last error rate_limit');
	await expect(candidates.nth(2)).toContainText('p95');
	await open(page, '/registry/usage');
	await expect(page.getByTestId('usage-total')).toContainText('every price is known');
	await expect(page.getByTestId('request')).toHaveCount(1);
});

test('a user’s bucket decides at each percentage, and the switch holds at once', async ({ page }) => {
	await open(page, '/registry/rollout');
	await page.getByRole('spinbutton').fill('25');
	await page.getByRole('textbox', { name: 'Where does a user stand?' }).fill('user-123');
	await expect(page.getByTestId('bucket')).toContainText('Bucket 7,678 of 10,000: out at 25 %, in from 76.79 % on.');
	await page.getByRole('button', { name: 'Set 25 %' }).click();
	await expect(page.getByTestId('rollout-state')).toContainText('for 25 % of users');
	await page.getByRole('textbox', { name: 'Add to: Test users' }).fill('ada');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: 'Take ada off: Test users' })).toBeVisible();
	await page.getByRole('button', { name: 'Switch off for everyone now' }).click();
	await expect(page.getByTestId('rollout-state')).toContainText('Off for everyone');
	await page.getByRole('button', { name: 'Switch on' }).click();
	await expect(page.getByTestId('rollout-state')).toContainText('for 25 % of users');
});

test('a key is shown once, opens the gateway, and is ended', async ({ page }) => {
	await open(page, '/registry/keys');
	await page.getByRole('textbox', { name: 'Name' }).fill('CI');
	await page.getByRole('button', { name: 'Make the key' }).click();
	const secret = await page.getByTestId('secret').innerText();
	const models = () => fetch(`${app.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
	expect((await models()).status).toBe(200);
	await open(page, '/registry/keys');
	expect(await page.content()).not.toContain(secret);
	await page.getByRole('button', { name: /^Revoke/ }).click();
	await page.getByRole('button', { name: /^Revoke for good/ }).click();
	await expect(page.getByTestId('key')).toContainText('revoked');
	expect((await models()).status).toBe(401);
});

test('simulated limits show who answers instead', async ({ page }) => {
	await open(page, '/registry/simulate');
	await page.getByLabel('Behaviour of openai/gpt-4.1-mini').selectOption('limited');
	await page.getByRole('button', { name: 'Run it' }).click();
	await expect(page.getByTestId('who')).toContainText('100 answered');
	await expect(page.getByTestId('simulation')).toContainText('p95');
	expect(provider.requests.length).toBeLessThan(10);
});

test('light and dark, wide and narrow, without what axe finds serious', async ({ page }) => {
	test.slow();
	for (const [colorScheme, width] of [
		['light', 1440],
		['dark', 390],
	] as const) {
		await page.emulateMedia({ colorScheme });
		await page.setViewportSize({ width, height: 844 });
		for (const name of ['', '/edit', '/try', '/usage', '/rollout', '/keys', '/simulate']) {
			await open(page, `/registry${name}`);
			expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
			const { violations } = await new AxeBuilder({ page }).analyze();
			expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
		}
	}
});
