// The models page as a person meets it, on the shipped snapshot with no network.
import { expect, test, type Page } from '@playwright/test';
import { servedApp } from '../support/served-app.ts';
import { shownCards } from '../support/shown-cards.ts';

const app = servedApp();
const { open } = app;

const cards = (page: Page) => shownCards(page);

/** The total the page shows, from words such as "312 of 5,104". */
async function total(page: Page): Promise<number> {
	const text = await page.getByTestId('result-count').innerText();
	return Number((/[\d,]+/.exec(text)?.[0] ?? 'NaN').replaceAll(',', ''));
}

test('/ leads to a full page of real models, offline, with no error on the console', async ({ page }) => {
	const problems: string[] = [];
	page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
	page.on('pageerror', (error) => problems.push(error.message));
	await open(page, '/');
	await expect(page).toHaveURL(/\/models$/);
	await expect(cards(page)).toHaveCount(50);
	expect(await total(page)).toBeGreaterThanOrEqual(4000);
	await expect(page.getByText(/offline/i).first()).toBeVisible();
	expect(problems).toEqual([]);
});

test('is readable and searchable without JavaScript', async ({ browser }) => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(`${app.url}/models?q=qwen&family=Qwen`);
	expect(await cards(page).count()).toBeGreaterThan(5);
	await expect(cards(page).first()).toContainText(/qwen/i);
	await page.getByRole('searchbox').fill('instruct');
	await page.getByRole('searchbox').press('Enter');
	await expect(page).toHaveURL(/q=instruct/);
	await expect(page).toHaveURL(/family=Qwen/);
	await expect(cards(page).first()).toContainText(/instruct/i);
	const first = await cards(page).first().innerText();
	await page.getByRole('link', { name: 'Next page' }).click();
	await expect(cards(page).first()).not.toContainText(first.split('\n')[0] ?? '');
	await context.close();
});

test('search narrows as one types, / focuses it, and the back button undoes a filter', async ({ page }) => {
	await open(page, '/models');
	const before = await total(page);
	await page.keyboard.press('/');
	await expect(page.getByRole('searchbox')).toBeFocused();
	await page.keyboard.type('gemma');
	await expect(page).toHaveURL(/q=gemma/);
	await expect.poll(() => total(page)).toBeLessThan(before);
	await expect(cards(page).first()).toContainText(/gemma/i);
	await page.keyboard.press('Escape');
	await expect(page.getByRole('searchbox')).not.toBeFocused();
	await expect(page.getByRole('searchbox')).toHaveValue('gemma');
});

test('the filter modal filters by architecture and quantization; chips take single choices away', async ({ page }) => {
	await open(page, '/models');
	await page.getByRole('button', { name: /^filter/i }).click();
	const dialog = page.getByRole('dialog', { name: 'Filter Models' });
	await expect(dialog).toBeVisible();
	await dialog.getByRole('checkbox', { name: /^Qwen\b/ }).click();
	await dialog.getByRole('checkbox', { name: /^4-bit/ }).click();
	await expect(dialog.getByText(/^[\d,]+ models?$/)).toBeVisible();
	await dialog.getByRole('button', { name: 'Apply' }).click();
	await expect(dialog).toBeHidden();
	await expect(page).toHaveURL(/family=Qwen/);
	await expect(page).toHaveURL(/quantization=4/);
	const both = await total(page);
	expect(both).toBeGreaterThan(0);
	for (const card of await cards(page).all()) await expect(card).toContainText('Qwen');
	await page.getByRole('link', { name: /remove.*4-bit/i }).click();
	await expect(page).not.toHaveURL(/quantization/);
	await expect.poll(() => total(page)).toBeGreaterThan(both);
	await page.goBack();
	await expect(page).toHaveURL(/quantization=4/);
	await expect.poll(() => total(page)).toBe(both);
});

test('Esc and Cancel leave everything as it was; Enter applies; focus returns to the button', async ({ page }) => {
	await open(page, '/models');
	const opener = page.getByRole('button', { name: /^filter/i });
	await page.keyboard.press('f');
	const dialog = page.getByRole('dialog', { name: 'Filter Models' });
	await dialog.getByRole('radio', { name: 'Multimodal' }).click();
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await expect(page).toHaveURL(/\/models$/);
	await opener.click();
	await dialog.getByRole('radio', { name: 'Multimodal' }).click();
	await page.keyboard.press('Enter');
	await expect(dialog).toBeHidden();
	await expect(page).toHaveURL(/modality=multimodal/);
	await expect(opener).toBeFocused();
});

test('keys pressed while the applied modal is taken down count as soon as it is gone', async ({ page }) => {
	await open(page, '/models');
	await page.keyboard.press('f');
	const dialog = page.getByRole('dialog', { name: 'Filter Models' });
	await dialog.getByRole('radio', { name: 'Multimodal' }).click();
	await page.evaluate(() => {
		const idle: IdleRequestCallback[] = []; // a browser with better things to do
		window.requestIdleCallback = (work) => idle.push(work);
		Reflect.set(window, 'rest', () => {
			window.requestIdleCallback = (work) => window.setTimeout(work, 0);
			for (const work of idle.splice(0)) window.requestIdleCallback(work);
		});
	});
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/modality=multimodal/);
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	await expect(dialog).toHaveCount(1);
	await page.evaluate(() => Reflect.get(window, 'rest')());
	await expect(dialog).toHaveCount(0);
	await expect(page.locator('[data-index="1"]:not([data-behind] *)')).toBeFocused();
});

test('specs open on demand, name where each fact is from, and close again', async ({ page }) => {
	await open(page, '/models?q=Qwen%2FQwen3-8B');
	const card = cards(page)
		.filter({ hasText: /Qwen3-8B/ })
		.first();
	await card.getByRole('button', { name: 'Show specs' }).click();
	await expect(card.getByText(/[\d,]+ tokens/).first()).toBeVisible();
	await card
		.getByRole('button', { name: /where .*from/i })
		.first()
		.click();
	await expect(page.getByText(/rule/i).first()).toBeVisible();
	await page.keyboard.press('Escape');
	await page.keyboard.press('j'); // from within the specs to the model after theirs
	await expect(page.locator('[data-index="1"]:not([data-behind] *)')).toBeFocused();
	await page.keyboard.press('k');
	await page.keyboard.press('s');
	await expect(card.getByRole('button', { name: 'Show specs' })).toBeVisible();
	await page.keyboard.press('s');
	await card.getByRole('button', { name: 'Hide specs' }).click();
	await expect(card.getByRole('button', { name: 'Show specs' })).toBeVisible();
});

test('an empty result says which filter did it and offers to drop it', async ({ page }) => {
	await open(page, '/models?family=Qwen&min_params=900000000000000');
	await expect(cards(page)).toHaveCount(0);
	await page.getByTestId('empty-state').getByRole('link', { name: /^drop/i }).first().click();
	await expect.poll(() => cards(page).count()).toBeGreaterThan(0);
});

test('scrolling brings more models and the DOM stays bounded', async ({ page }) => {
	await open(page, '/models');
	for (let round = 0; round < 15; round += 1) {
		const height = () => page.evaluate(() => document.documentElement.scrollHeight);
		const before = await height();
		await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
		await expect.poll(height).toBeGreaterThan(before);
	}
	expect(await cards(page).count()).toBeLessThan(600);
});
