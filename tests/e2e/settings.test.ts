// Settings and about as a person uses them: choose defaults, take them along, bring them in, and never see a secret.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { servedApp } from '../support/served-app.ts';

const app = servedApp({ env: { HF_TOKEN: 'hf_CANARYCANARYCANARY' } });
const { open } = app;

test('defaults that are saved hold for a browser that has chosen nothing', async ({ page, browser }) => {
	await open(page, '/settings');
	await page.getByRole('combobox', { name: 'Default runtime' }).selectOption('vllm');
	await page.getByRole('combobox', { name: 'Default context' }).selectOption('32768');
	await page.getByRole('button', { name: 'Save defaults' }).click();
	await expect(page.getByText('Saved. This browser uses them, too.')).toBeVisible();
	await expect(page.getByTestId('place')).toContainText('32k');
	const other = await browser.newPage();
	await open(other, '/models');
	await expect(other.getByTestId('place')).toContainText('32k · vLLM');
	await other.close();
});

test('settings are exported and brought in; a file with faults is refused with its faults', async ({ page }, info) => {
	await open(page, '/settings');
	const [download] = await Promise.all([
		page.waitForEvent('download'),
		page.getByRole('link', { name: 'Export settings' }).click(),
	]);
	const document = JSON.parse(readFileSync(await download.path(), 'utf8'));
	expect(document.modeldex_settings).toBe(1);
	const path = (name: string) => join(info.outputPath(), name);
	const bringIn = async (name: string, text: string) => {
		writeFileSync(path(name), text);
		await page.getByLabel('File of settings').setInputFiles(path(name));
	};
	await bringIn(
		'good.json',
		JSON.stringify({ ...document, defaults: { runtime: null, context: 4096, cache_bits: 8 } }),
	);
	await expect(page.getByText('The settings were taken over.')).toBeVisible();
	await bringIn(
		'bad.json',
		JSON.stringify({ ...document, defaults: { runtime: 'abacus', context: 0, cache_bits: 8 } }),
	);
	await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(2);
	await bringIn('none.json', 'not json');
	await expect(page.getByText('The file is not JSON.')).toBeVisible();
});

test('what the environment decides is shown with its variable, and the token is not', async ({ page }) => {
	await open(page, '/settings');
	await expect(page.getByTestId('setting-HF_TOKEN')).toContainText('set, from HF_TOKEN');
	await expect(page.getByTestId('setting-HF_HUB_OFFLINE')).toContainText('on: nothing is asked');
	await expect(page.getByTestId('setting-HOST')).toContainText('As usual');
	await expect(page.getByTestId('data-folder')).toContainText(/(MiB|KiB)/);
	expect(await page.content()).not.toContain('CANARY');
	await page.getByRole('button', { name: 'Choose or add a device…' }).click();
	await expect(page.getByRole('dialog', { name: 'Where it should run' })).toBeVisible();
});

test('the theme is chosen here and in the head alike', async ({ page }) => {
	await open(page, '/settings');
	await page.getByRole('button', { name: 'Dark', exact: true }).click();
	await expect(page.locator('html')).toHaveClass(/dark/);
	await expect(page.getByRole('button', { name: 'Dark theme' })).toHaveAttribute('aria-pressed', 'true');
});

test('about names versions, sources and licences, with their texts', async ({ page, request }) => {
	await open(page, '/about');
	await expect(page.getByRole('heading', { name: 'Work of others' })).toBeVisible();
	await expect(page.getByRole('row', { name: /^zod / })).toContainText('MIT');
	await expect(page.getByText('SQLite', { exact: true })).toBeVisible();
	const texts = await (await request.get(`${app.url}/about/licences`)).text();
	expect(texts).toContain('Permission is hereby granted');
});

for (const scheme of ['light', 'dark'] as const) {
	test(`axe finds nothing serious in ${scheme} theme, on a phone too`, async ({ page }) => {
		test.slow();
		await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
		await page.setViewportSize({ width: 390, height: 844 });
		for (const path of ['/settings', '/about']) {
			await open(page, path);
			const { violations } = await new AxeBuilder({ page }).analyze();
			const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
			expect(serious.map(({ id, nodes }) => `${path}: ${id} ${nodes[0]?.html}`)).toEqual([]);
			expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
		}
	});
}
