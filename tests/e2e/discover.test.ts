// Discovery as a person meets it: press the button, watch models settle, cancel, try again, go on, use one.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import {
	app,
	holdSlow,
	hub,
	open,
	ownToken,
	row,
	setUp,
	start,
	summary,
	tab,
	tearDown,
} from '../support/discover-page.ts';

// What one run has read is no news to the next, so that these have a machine of their own each.
test.describe('a first run', () => {
	test.beforeEach(setUp);
	test.afterEach(tearDown);

	test('models appear, spin while they are read, and settle into what they are', async ({ page }) => {
		const problems: string[] = [];
		page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
		page.on('pageerror', (error) => problems.push(error.message));
		hub.fault({ match: 'Broken/resolve', fault: { kind: 'status', status: 500 } });
		hub.fault({ match: 'Slow/resolve', fault: { kind: 'stall', where: 'headers', ms: 3_000 }, times: 1 });
		await open(page);
		await expect(page.getByTestId('discovery-row')).toHaveCount(0);
		await start(page);
		await expect(row(page, 'meadow/Slow')).toContainText('Reading');
		await expect(row(page, 'meadow/Slow').locator('[data-spinner]')).toBeVisible();
		await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
		await expect(page.getByRole('progressbar', { name: 'Discovery' })).toBeVisible();
		await expect(page.getByTestId('hub-budget')).toBeVisible();
		await expect(row(page, 'meadow/Slow')).toContainText('Gen', { timeout: 15_000 });
		await expect(summary(page)).toContainText('Done in', { timeout: 30_000 });
		await expect(row(page, 'sentence-transformers/all-MiniLM-L6-v2')).toContainText('Encoder');
		await expect(row(page, 'sentence-transformers/all-MiniLM-L6-v2')).toContainText(
			'pre-filter: task sentence-similarity',
		);
		await expect(row(page, 'meadow/Reader')).toContainText('Encoder');
		await expect(row(page, 'shelf/Llama-2-7B-weights')).toContainText('Low confidence');
		await expect(row(page, 'meadow/Locked')).toContainText('Auth');
		await expect(row(page, 'meadow/Mystery')).toContainText('Unknown');
		await expect(row(page, 'meadow/Broken')).toContainText('Error');
		await expect(page.locator('[data-spinner]')).toHaveCount(0);
		await expect(page.getByRole('progressbar')).toHaveCount(0);
		await tab(page, /^Dropped early/).click();
		await expect(page.getByTestId('discovery-row')).toHaveCount(1);
		expect(problems).toEqual([]);
	});

	test('no encoder reaches the chat menu, doubtful ones only when asked; choosing one opens it', async ({ page }) => {
		await open(page);
		await start(page);
		await expect(summary(page)).toBeVisible();
		const menu = page.getByRole('combobox', { name: 'Use one' });
		await menu.click();
		const options = page.getByRole('option');
		await expect(options).toHaveCount(3);
		await page.keyboard.press('Escape');
		await tab(page, /^Chat models 3$/).click();
		await expect(page.getByText('2 of low confidence or unknown are hidden.')).toBeVisible();
		await page.getByRole('checkbox', { name: 'Show low-confidence models' }).click();
		await expect(page.getByTestId('discovery-row')).toHaveCount(5);
		await menu.click();
		await expect(options).toHaveCount(4);
		await expect(options.filter({ hasText: 'Llama-2-7B-weights' })).toContainText('Low confidence');
		await expect(options.filter({ hasText: /MiniLM|Reader|Locked/ })).toHaveCount(0);
		await page.keyboard.type('alpaco');
		await expect(options).toHaveCount(1);
		await page.keyboard.press('Enter');
		await expect(page).toHaveURL(`${app.url}/models/meadow/Alpaco-8B`);
	});

	test('a run is cancelled at any time, at the Hub too, and keeps what it found', async ({ page }) => {
		holdSlow();
		await open(page);
		await start(page);
		await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
		await expect(row(page, 'meadow/Slow')).toContainText('Reading');
		await page.getByRole('button', { name: 'Cancel', exact: true }).click();
		await expect(summary(page)).toContainText('Cancelled after', { timeout: 2_000 });
		await expect.poll(() => hub.stats.open).toBe(0);
		await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
		await expect(row(page, 'meadow/Slow')).toContainText('Not read');
	});

	test('a run goes on from page to page, and ends when the site is left', async ({ page }) => {
		holdSlow();
		await open(page);
		await start(page);
		await expect(row(page, 'meadow/Slow')).toContainText('Reading');
		await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Models' }).click();
		const panel = page.getByTestId('discovery-panel');
		await expect(panel.getByRole('progressbar', { name: 'Discovery' })).toBeVisible();
		expect(hub.stats.open).toBe(1);
		await panel.getByRole('link', { name: /models, one by one/ }).click();
		await expect(row(page, 'meadow/Slow')).toContainText('Reading');
		await page.close({ runBeforeUnload: false });
		await expect.poll(() => hub.stats.open).toBe(0);
	});

	test('errors are told by reason, and tried again', async ({ page }) => {
		const mend = hub.fault({ match: 'Broken/resolve', fault: { kind: 'status', status: 500 } });
		await open(page);
		await start(page);
		const errors = page.getByTestId('discovery-errors');
		await expect(errors).toContainText('The Hub answered with an error · 1 model', { timeout: 30_000 });
		mend();
		await errors.getByRole('button', { name: 'Retry: The Hub answered with an error' }).click();
		await expect(row(page, 'meadow/Broken')).toContainText('Gen');
		await expect(errors).toHaveCount(0);
		await expect(row(page, 'meadow/Reader')).toContainText('Encoder');
	});

	test('goes on with the next candidates, and keeps those it read', async ({ page }) => {
		await open(page);
		await page.getByText('Options').click();
		await page.getByLabel('Read up to').fill('2');
		await start(page);
		await expect(summary(page)).toBeVisible();
		await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
		await expect(row(page, 'meadow/Mystery')).toContainText('Not read');
		await page.getByRole('button', { name: 'Continue with the next 2' }).click();
		await expect(row(page, 'meadow/Locked')).toContainText('Auth');
		await expect(row(page, 'meadow/Mystery')).toContainText('Not read');
		await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
		await page.getByRole('button', { name: 'Continue with the next 2' }).click();
		await expect(row(page, 'meadow/Mystery')).toContainText('Unknown');
		expect(hub.count('Alpaco-8B/resolve')).toBe(1);
	});

	test('the token is used for the run and kept nowhere', async ({ page }) => {
		await open(page);
		await page.getByText('Options').click();
		await page.getByLabel('Hub token (optional)').fill(ownToken);
		await page.getByLabel('Read up to').fill('3');
		await start(page);
		await expect(summary(page)).toContainText('Done in');
		await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
		const used = hub.stats.requests.filter(({ authorization }) => authorization === `Bearer ${ownToken}`);
		expect(used.length).toBeGreaterThan(0);
		const kept = await page.evaluate(() =>
			JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
		);
		expect(kept).not.toContain(ownToken);
		expect(page.url()).not.toContain('hf_');
		await page.reload();
		await page.locator('html[data-hydrated]').waitFor();
		await expect(page.getByLabel('Hub token (optional)')).toHaveValue('');
		expect(app.output()).not.toContain(ownToken);
	});

	for (const scheme of ['light', 'dark'] as const) {
		test(`axe finds nothing serious in ${scheme} theme, before, during and after a run`, async ({ page }) => {
			test.slow();
			const check = async (state: string) => {
				const { violations } = await new AxeBuilder({ page }).analyze();
				const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
				expect(serious.map(({ id, nodes }) => `${state}: ${id} ${nodes[0]?.html}`)).toEqual([]);
			};
			await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
			hub.fault({ match: 'Broken/resolve', fault: { kind: 'status', status: 500 } });
			holdSlow();
			await open(page);
			await page.getByText('Options').click();
			await check('before');
			await start(page);
			await expect(row(page, 'meadow/Alpaco-8B')).toContainText('Gen');
			await check('during');
			await page.getByRole('checkbox', { name: 'Show low-confidence models' }).click();
			await page.getByRole('combobox', { name: 'Use one' }).click();
			await page.getByRole('listbox').waitFor();
			await check('menu');
			await page.keyboard.press('Escape');
			await page.getByRole('button', { name: 'Cancel', exact: true }).click();
			await expect(summary(page)).toBeVisible();
			await check('after');
		});
	}
});
