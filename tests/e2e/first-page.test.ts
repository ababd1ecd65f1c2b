// What the first page costs and how it holds up: bytes of script, axe, widths.
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { servedApp } from '../support/served-app.ts';

const app = servedApp();
const { open } = app;

/** Bytes of all script the page has fetched so far, each file compressed by itself. */
function scripts(page: Page): () => Promise<number> {
	const files = new Map<string, Promise<Buffer>>();
	page.on('response', (response) => {
		if (/\.js(\?|$)/.test(response.url())) files.set(response.url(), response.body());
	});
	return async () => {
		const bodies = await Promise.all(files.values());
		return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
	};
}

test('the first page needs at most 90 kB of compressed script; the modal brings its own when it opens', async ({
	page,
}) => {
	const bytes = scripts(page);
	await open(page, '/models');
	await page.waitForLoadState('networkidle');
	const first = await bytes();
	process.stdout.write(`first-page script: ${first} bytes gzip\n`);
	expect(first).toBeLessThanOrEqual(90_000);
	await page.keyboard.press('f');
	await page.getByRole('dialog', { name: 'Filter Models' }).waitFor();
	expect(await bytes()).toBeGreaterThan(first + 10_000);
});

for (const scheme of ['light', 'dark'] as const) {
	test(`axe finds nothing serious in ${scheme} theme`, async ({ page }) => {
		test.slow();
		/** Looks at the whole page, or at the part that is new. */
		const check = async (state: string, part = 'html') => {
			const { violations } = await new AxeBuilder({ page }).include(part).analyze();
			const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
			expect(serious.map(({ id, nodes }) => `${state}: ${id} ${nodes[0]?.html}`)).toEqual([]);
		};
		await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
		await open(page, '/models?q=qwen3-8b');
		await check('list');
		await page.getByRole('button', { name: 'Show specs' }).first().click();
		await page
			.getByRole('button', { name: /^Where from/ })
			.first()
			.click();
		await page.getByRole('dialog').waitFor();
		await check('specs and where from');
		await page.keyboard.press('Escape');
		await page.getByRole('dialog').waitFor({ state: 'detached' });
		await page.getByRole('button', { name: /^Filter/ }).click();
		await page.getByRole('dialog', { name: 'Filter Models' }).waitFor();
		await check('filter', '[role=dialog]');
		await open(page, '/models?q=qwen3-8b&view=table');
		await check('table');
	});
}

for (const width of [390, 720, 1200, 2000]) {
	test(`nothing is wider than a screen of ${width} pixels`, async ({ page }) => {
		await page.setViewportSize({ width, height: 844 });
		for (const path of [
			'/models',
			'/models?view=table',
			'/models?quantization=2&min_params=1T',
			'/models?family=Qwen&gated=false',
		]) {
			await open(page, path);
			expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
		}
	});
}
