// The activity page as a person meets it: empty, with figures, on a phone, in the dark, without JavaScript.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { machineClock } from '#lib/server/clock.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Telemetry } from '#lib/server/telemetry.ts';
import { startApp, type AppServer } from '../support/app-server.ts';

const home = mkdtempSync(join(tmpdir(), 'modeldex-activity-'));
const longId = `${'some-organisation'.repeat(3)}/${'a-model-name-'.repeat(6)}GGUF`;
let app: AppServer;
let empty: AppServer;
let database: Database;

test.beforeAll(async () => {
	app = await startApp({ home });
	empty = await startApp();
	database = openDatabase({ directory: home, now: () => new Date(), prepare: migrate }).database;
	const telemetry = new Telemetry({ database, clock: machineClock });
	for (let index = 0; index < 1200; index += 1) {
		telemetry.fetched(index % 10 === 0 ? '404' : '200', 20 + index);
		telemetry.classified(index % 3 === 0 ? 'encoder' : 'gen');
	}
	telemetry.backoff({ reason: '429', waitMs: 61_000 });
	telemetry.loaderFailure(longId, 'out_of_memory');
	telemetry.ended({ fetched: 5000, filtered: 3100, errors: [], durationMs: 65_000, requests: 1210, cancelled: true });
	telemetry.close();
});
test.afterAll(async () => {
	database.close();
	await Promise.all([app.stop(), empty.stop()]);
	rmSync(home, { recursive: true, force: true });
});

test('says that there is nothing yet, and how to begin', async ({ page }) => {
	await page.goto(`${empty.url}/models`);
	await page.getByRole('link', { name: 'Activity' }).click();
	await expect(page.getByTestId('nothing-yet')).toContainText('npx modeldex discover');
	await expect(page.getByRole('table')).toHaveCount(0);
});

for (const javaScriptEnabled of [true, false]) {
	test(`shows the figures ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async ({ browser }) => {
		const page = await browser.newPage({ javaScriptEnabled });
		await page.goto(`${app.url}/telemetry`);
		const row = (name: RegExp) => page.getByRole('row', { name });
		await expect(row(/^200 read 1,080 1,080 1,080$/)).toBeVisible();
		await expect(row(/^404 no configuration 120 120 120$/)).toBeVisible();
		await expect(row(/^gen can write text 800 800 800$/)).toBeVisible();
		await expect(page.getByText('All of them together: 1 min 1 s.')).toBeVisible();
		await expect(row(/5,000 3,100 1,210 0 1 min 5 s Cancelled$/)).toBeVisible();
		await expect(page.getByText(/^Half of 1,200 took up to \d/)).toHaveCount(3);
		await expect(page.getByText(longId)).toBeVisible();
		await page.close();
	});

	test(`switches a feature off and on ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async ({ browser }) => {
		const page = await browser.newPage({ javaScriptEnabled });
		await page.goto(`${app.url}/telemetry`);
		await page.getByRole('button', { name: 'Switch off for everyone' }).focus();
		await page.keyboard.press('Enter');
		await expect(page.getByText('It is switched off for everyone.')).toBeVisible();
		expect(await (await fetch(`${app.url}/models`)).text()).toContain('loadChatModelsWorker:false');
		await page.getByRole('button', { name: 'Lift the switch-off' }).click();
		await expect(page.getByText('It is on for everyone unless told otherwise.')).toBeVisible();
		expect(await (await fetch(`${app.url}/models`)).text()).toContain('loadChatModelsWorker:true');
		await page.close();
	});
}

for (const scheme of ['light', 'dark'] as const) {
	test(`fits a phone and is usable by everyone in ${scheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 390, height: 844 } });
		const page = await context.newPage();
		for (const { url } of [app, empty]) {
			await page.goto(`${url}/telemetry`);
			await page.locator('html[data-hydrated]').waitFor();
			expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
			expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
		}
		await context.close();
	});
}
