// Downloads as a person orders, watches and mends them, in a real browser, against a fake Hub.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo, filesOf } from '../support/fake-hub-repo.ts';

const config = JSON.stringify({
	model_type: 'qwen3',
	architectures: ['Qwen3ForCausalLM'],
	hidden_size: 64,
	num_hidden_layers: 2,
});
const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const magic = Buffer.from('GGUF');
const small = fakeRepo({
	id: 'acme/Small',
	tags: ['license:apache-2.0'],
	cardData: { license: 'apache-2.0' },
	files: { 'README.md': '# Small', 'config.json': config, 'model.safetensors': { seed: 1, size: 3_000_000, head } },
});
const slow = fakeRepo({
	id: 'acme/Slow-and-with-a-name-that-is-longer-than-any-column',
	files: { 'config.json': config, 'model.safetensors': { seed: 2, size: 5_000_000, head } },
});
const damaged = fakeRepo({
	id: 'acme/Damaged',
	files: { 'config.json': config, 'model.safetensors': { seed: 3, size: 400_000, head } },
});
const gated = fakeRepo({
	id: 'acme/Gated',
	gated: 'manual',
	files: { 'config.json': config, 'model.safetensors': { seed: 4, size: 40_000, head } },
});
const quants = fakeRepo({
	id: 'acme/Quants-GGUF',
	tags: ['gguf'],
	files: {
		'q-Q4_K_M.gguf': { seed: 5, size: 50_000, head: magic },
		'q-Q8_0.gguf': { seed: 6, size: 90_000, head: magic },
		'README.md': '# Quants',
	},
});
let hub: FakeHub;
let app: AppServer;
let home: string;

test.beforeAll(async () => {
	home = mkdtempSync(join(tmpdir(), 'modeldex-downloads-'));
	hub = await startFakeHub({ repos: [small, slow, damaged, gated, quants] });
	app = await startApp({ home, env: { HF_ENDPOINT: hub.url } });
});

test.afterAll(async () => {
	await app.stop();
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

async function open(page: Page, path: string): Promise<void> {
	await page.goto(app.url + path);
	await page.locator('html[data-hydrated]').waitFor();
}

/** What the Hub says of a file: `xetHash` is in the address of its bytes. */
function fileOf(repo: typeof small, path: string) {
	const file = filesOf(repo.commits[0] ?? { sha: '', files: {} }).get(path);
	if (file === undefined) throw new Error(`${repo.id} has no ${path}.`);
	return file;
}

const row = (page: Page, name: string) => page.getByTestId('download-row').filter({ hasText: name });

async function order(page: Page, id: string): Promise<void> {
	await open(page, `/models/${id}`);
	await page.getByRole('button', { name: `Download ${id}` }).click();
	await page.getByTestId('plan').waitFor();
	await page
		.getByRole('dialog')
		.getByRole('button', { name: /^Download / })
		.click();
	await page.getByRole('dialog').waitFor({ state: 'detached' });
}

test('without downloads the page says so and where to begin', async ({ page }) => {
	await open(page, '/downloads');
	await expect(page.getByTestId('no-downloads')).toBeVisible();
	await expect(page.getByTestId('gauge')).toContainText('free');
	await expect(page.getByTestId('downloads-link')).toHaveCount(0);
});

test('from the model page to a finished, verified file, with its size before the click', async ({ page }) => {
	await open(page, '/models/acme/Small');
	await page.getByRole('button', { name: 'Download acme/Small' }).press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Download' });
	await expect(dialog.getByTestId('plan')).toContainText('2.9 MiB in 3 files');
	await expect(dialog.getByTestId('plan')).toContainText('Apache 2.0');
	await dialog.getByRole('button', { name: 'Download 2.9 MiB' }).press('Enter');
	await expect(dialog).toBeHidden();
	await expect(page.getByTestId('download-state').first()).toContainText('On this machine');
	await expect(page.getByTestId('download-news')).toHaveText('acme/Small is downloaded and verified.');
	const folder = join(home, 'huggingface', 'hub', 'models--acme--Small', 'snapshots', small.refs.main ?? '');
	const bytes = readFileSync(join(folder, 'model.safetensors'));
	expect(createHash('sha256').update(bytes).digest('hex')).toBe(fileOf(small, 'model.safetensors').sha256);
	await open(page, '/downloads');
	await expect(row(page, 'Small')).toContainText('Ready');
	await row(page, 'Small').getByText('Files (3)').click();
	await expect(row(page, 'Small')).toContainText('2.9 MiB, verified');
});

test('another quantization is chosen in the dialog', async ({ page }) => {
	await open(page, '/models/acme/Quants-GGUF');
	await page.getByRole('button', { name: 'Download acme/Quants-GGUF' }).click();
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByRole('radio', { name: /Q4_K_M/ })).toBeChecked();
	await dialog.getByRole('radio', { name: /Q8_0/ }).check();
	await dialog.getByRole('button', { name: 'Download 87.9 KiB' }).click();
	await expect(dialog).toBeHidden();
	await open(page, '/downloads');
	await expect(row(page, 'Quants')).toContainText('Q8_0');
	await expect(row(page, 'Quants')).toContainText('Ready');
});

test('a download is paused and resumed, and two pages show the same', async ({ page, context }) => {
	const free = hub.fault({
		match: fileOf(slow, 'model.safetensors').xetHash,
		fault: { kind: 'drip', bytes: 60_000, everyMs: 100 },
	});
	const other = await context.newPage();
	await open(other, '/models?q=zzzz');
	await order(page, slow.id);
	await expect(other.getByTestId('downloads-link')).toHaveText(/1/);
	await expect(page.getByTestId('download-state').first()).toContainText('%');
	await page.getByTestId('downloads-link').click();
	await expect(row(page, 'Slow')).toContainText(/MiB of 4\.8 MiB·?.*\/s.*left/);
	await open(other, '/downloads');
	await expect(row(other, 'Slow')).toContainText('Downloading');
	await row(page, 'Slow').getByRole('button', { name: 'Pause' }).press('Enter');
	await expect(row(page, 'Slow')).toContainText('Paused');
	await expect(row(other, 'Slow')).toContainText('Paused');
	await expect(page.getByTestId('downloads-link')).toHaveCount(0);
	free();
	await row(other, 'Slow').getByRole('button', { name: 'Resume' }).click();
	await expect(row(other, 'Slow')).toContainText('Ready');
	await expect(row(page, 'Slow')).toContainText('Ready');
	await expect(page.getByTestId('download-news')).toContainText('is downloaded and verified');
});

test('a gate is told before the click, with what to do', async ({ page }) => {
	await open(page, '/models/acme/Gated');
	await page.getByRole('button', { name: 'Download acme/Gated' }).click();
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByTestId('plan-gate')).toContainText('HF_TOKEN');
	await expect(dialog.getByRole('link', { name: /^Open the model on the Hub/ })).toHaveAttribute(
		'href',
		`${hub.url}/acme/Gated`,
	);
	await expect(dialog.getByRole('button', { name: /^Download/ })).toBeDisabled();
	await page.keyboard.press('Escape');
	await page.request.post(`${app.url}/api/downloads`, { data: { id: 'acme/Gated' } });
	await open(page, '/downloads');
	await expect(row(page, 'Gated').getByTestId('advice')).toContainText('HF_TOKEN=hf_… modeldex serve');
});

test('a damaged file fails with its sentence, and trying again mends it', async ({ page }) => {
	const free = hub.fault({ match: fileOf(damaged, 'model.safetensors').xetHash, fault: { kind: 'flip', at: 1000 } });
	await order(page, damaged.id);
	await open(page, '/downloads');
	const failed = page.getByTestId('failed');
	await expect(failed).toContainText('model.safetensors of acme/Damaged arrived damaged twice and was deleted');
	await expect(failed.getByTestId('advice').last()).toBeVisible();
	for (const [scheme, width] of [
		['light', 1440],
		['dark', 390],
	] as const) {
		await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
		await page.setViewportSize({ width, height: 844 });
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
		const found = await new AxeBuilder({ page }).analyze();
		expect(found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
	}
	free();
	await row(page, 'Damaged').getByRole('button', { name: 'Try again' }).click();
	await expect(row(page, 'Damaged')).toContainText('Ready');
	await row(page, 'Damaged').getByRole('button', { name: 'Forget' }).click();
	await expect(row(page, 'Damaged')).toHaveCount(0);
});

test('without scripts the list is whole, and its buttons and the model page work', async ({ browser }) => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(`${app.url}/models/acme/Damaged`);
	await page.getByRole('button', { name: 'Download', exact: true }).click();
	await expect(page).toHaveURL(`${app.url}/downloads`);
	await expect(row(page, 'Damaged')).toHaveCount(1);
	await row(page, 'Quants').getByRole('button', { name: 'Forget' }).click();
	await expect(row(page, 'Quants')).toHaveCount(0);
	await context.close();
});
