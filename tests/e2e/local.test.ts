// Models on this machine as a person finds, compares and removes them, in a real browser over real folders.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { writeGguf } from '../support/gguf-writer.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { large, ollamaModel, put } from '../support/local-stores.ts';
import { shownCards } from '../support/shown-cards.ts';

const config = JSON.stringify({
	model_type: 'qwen3',
	architectures: ['Qwen3ForCausalLM'],
	hidden_size: 64,
	num_hidden_layers: 2,
});
let app: AppServer;
let home: string;
let ollama: string;

test.beforeAll(async () => {
	home = mkdtempSync(join(tmpdir(), 'modeldex-local-'));
	const cache = join(home, 'huggingface', 'hub');
	ollama = join(home, '.ollama', 'models');
	const body = large('w');
	cacheModel(cache, {
		id: 'acme/Small',
		commit: 'a'.repeat(40),
		files: { 'config.json': config, 'model.safetensors': body },
	});
	const folder = cacheModel(cache, { id: 'acme/Broken', commit: 'b'.repeat(40), files: {} });
	put(join(folder, 'blobs', `${'c'.repeat(64)}.incomplete`), 'dead');
	ollamaModel(ollama, { address: 'registry.ollama.ai/library/twin/1b', weights: body });
	ollamaModel(ollama, {
		address: 'registry.ollama.ai/library/tiny/1b',
		weights: writeGguf({ keys: { 'general.architecture': 'llama', 'llama.context_length': 4096 }, tensors: [] }),
	});
	put(join(home, 'mine', 'config.json'), config);
	app = await startApp({ home });
});

test.afterAll(async () => {
	await app.stop();
	rmSync(home, { recursive: true, force: true });
});

async function open(page: Page, path: string): Promise<void> {
	await page.goto(app.url + path);
	await page.locator('html[data-hydrated]').waitFor();
}

test('my models are listed with where they are, and filtered like any others', async ({ page }) => {
	await open(page, '/models');
	await expect(page.getByRole('link', { name: 'My models 3' })).toHaveAttribute('aria-current', 'true');
	const small = shownCards(page).filter({ hasText: 'Small' });
	await expect(small.getByTestId('local-copy')).toContainText('Hugging Face cache 1.1 MiB');
	await expect(small.getByTestId('local-copy')).toHaveAttribute(
		'title',
		'On this machine: Hugging Face cache (1.1 MiB)',
	);
	await open(page, '/models?source=mine&family=Llama');
	await expect(shownCards(page)).toHaveCount(1);
	await expect(shownCards(page)).toContainText('4,096 ctx');
	await page.getByRole('link', { name: 'Manage the models on this machine' }).click();
	await expect(page.getByRole('heading', { name: 'On this machine', level: 1 })).toBeVisible();
});

test('copies, folders and duplicates in light and dark, wide and narrow, without what axe finds serious', async ({
	page,
}) => {
	for (const [scheme, width] of [
		['light', 1440],
		['dark', 390],
	] as const) {
		await page.emulateMedia({ colorScheme: scheme });
		await page.setViewportSize({ width, height: 844 });
		await open(page, '/local');
		await expect(page.getByTestId('copy')).toHaveCount(4);
		await expect(page.getByTestId('copy').filter({ hasText: 'acme/Broken' })).toContainText('It cannot be used');
		await expect(page.getByTestId('duplicates')).toContainText('1.1 MiB in 2 places');
		await expect(page.getByTestId('gauge').first()).toContainText('free');
		expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
		const found = await new AxeBuilder({ page }).analyze();
		expect(found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
	}
});

test('a folder is added and forgotten, and a wrong one is refused in a sentence', async ({ page }) => {
	await open(page, '/local');
	const field = page.getByRole('textbox', { name: 'Search one more folder' });
	await field.fill('/no/such/folder');
	await field.press('Enter');
	await expect(page.getByTestId('folders').getByRole('alert')).toContainText('is no folder that can be read');
	await field.fill(join(home, 'mine'));
	await field.press('Enter');
	await expect(page.getByTestId('copy').filter({ hasText: 'folder.local' })).toHaveCount(1);
	await page.getByRole('button', { name: /^Stop searching/ }).click();
	await expect(page.getByTestId('copy').filter({ hasText: 'folder.local' })).toHaveCount(0);
	expect(existsSync(join(home, 'mine', 'config.json'))).toBe(true);
});

test('a model is removed after its name was typed, by keyboard, and dead downloads are cleared', async ({ page }) => {
	await open(page, '/local');
	await page.getByRole('button', { name: 'Clear: Downloads that never ended' }).click();
	await expect(page.getByTestId('reclaim')).toContainText('Nothing: every file');
	const button = page.getByRole('button', { name: 'Remove ollama.local/twin-1b from Ollama' });
	await button.focus();
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Remove ollama.local/twin-1b' });
	await expect(dialog.getByTestId('frees')).toContainText('1.1 MiB come free');
	await expect(dialog.getByRole('button', { name: 'Remove', exact: true })).toBeDisabled();
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await expect(button).toBeFocused();
	await page.keyboard.press('Enter');
	await dialog.getByRole('textbox').fill('ollama.local/twin-1b');
	await page.keyboard.press('Enter');
	await expect(dialog).toBeHidden();
	await expect(page.getByTestId('copy')).toHaveCount(3);
	await expect(page.getByTestId('duplicates')).toContainText('No bytes are known to be here twice');
	expect(existsSync(join(ollama, 'manifests', 'registry.ollama.ai', 'library', 'twin'))).toBe(false);
	expect(existsSync(join(ollama, 'manifests', 'registry.ollama.ai', 'library', 'tiny', '1b'))).toBe(true);
});

test('what another program brings is noticed without a reload of the server', async ({ page }) => {
	ollamaModel(ollama, { address: 'registry.ollama.ai/library/late/1b', weights: 'late' });
	await expect
		.poll(async () => (await (await fetch(`${app.url}/api/models?source=mine&q=late`)).json()).total, {
			timeout: 10_000,
		})
		.toBe(1);
	await open(page, '/local');
	await expect(page.getByTestId('copy').filter({ hasText: 'late' })).toHaveCount(1);
});
