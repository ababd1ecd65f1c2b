// The page of discovery: its states, its keys, and what it tells who cannot see it.
import { expect, test } from '@playwright/test';
import { startApp } from '../support/app-server.ts';
import { app, hub, open, row, setUp, start, summary, tearDown } from '../support/discover-page.ts';
import { shownCards } from '../support/shown-cards.ts';

test.describe('the page', () => {
	test.beforeAll(setUp);
	test.afterAll(tearDown);
	test.beforeEach(() => hub.clearFaults());

	test('without JavaScript a sentence says what to do instead', async ({ browser }) => {
		const context = await browser.newContext({ javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(`${app.url}/discover`);
		await expect(page.getByText('Discovery shows models as they are found, which needs JavaScript.')).toBeVisible();
		await expect(page.getByRole('button', { name: 'Discover' })).toBeHidden();
		await page.getByRole('main').getByRole('link', { name: 'The list of models' }).click();
		await expect(page).toHaveURL(`${app.url}/models`);
		await context.close();
	});

	test('the network work is a worker’s, or the page’s own where that is switched off', async ({ page }) => {
		const env = { HF_ENDPOINT: hub.url, FEATURE_LOAD_CHAT_MODELS_WORKER: 'off' };
		const without = await startApp({ env });
		for (const [url, workers] of [
			[app.url, 1],
			[without.url, 0],
		] as const) {
			await page.goto(`${url}/discover`);
			await start(page);
			await expect(summary(page)).toContainText('Done in', { timeout: 30_000 });
			await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
			expect(page.workers()).toHaveLength(workers);
		}
		await without.stop();
	});

	test('offline it says so, and leads to what works', async ({ page }) => {
		const offline = await startApp();
		await page.goto(`${offline.url}/discover`);
		await start(page);
		await expect(page.getByRole('alert')).toContainText(/offline/i);
		await expect(page.getByRole('alert').getByRole('link', { name: 'The list of models' })).toBeVisible();
		await offline.stop();
	});

	test('the models page loads nothing of discovery until its panel is opened', async ({ page }) => {
		const scripts: Promise<string>[] = [];
		page.on('response', (response) => {
			if (/\.js(\?|$)/.test(response.url())) scripts.push(response.text());
		});
		const holds = async () => (await Promise.all(scripts)).some((text) => text.includes('cancelListChatModels'));
		await page.goto(`${app.url}/models`);
		await page.locator('html[data-hydrated]').waitFor();
		await page.waitForLoadState('networkidle');
		expect(await holds()).toBe(false);
		await page.getByRole('main').getByRole('button', { name: 'Discover' }).click();
		await page.getByTestId('discovery-panel').getByRole('button', { name: 'Discover', exact: true }).click();
		await expect(summary(page)).toBeVisible();
		expect(await holds()).toBe(true);
		await expect(shownCards(page).first()).toBeVisible();
	});

	for (const width of [390, 720, 1200, 2000]) {
		test(`nothing is wider than a screen of ${width} pixels`, async ({ page }) => {
			await page.setViewportSize({ width, height: 844 });
			await open(page);
			await page.getByText('Options').click();
			const excess = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
			expect(await excess()).toBeLessThanOrEqual(0);
			await start(page);
			await expect(summary(page)).toBeVisible();
			expect(await excess()).toBeLessThanOrEqual(0);
		});
	}
});
