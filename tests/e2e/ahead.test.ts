// A list is got ready before the click that asks for it: unseen, without asking for configs, and gone when not wanted.
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';

let app: AppServer;

test.beforeAll(async () => {
	app = await startApp();
});

test.afterAll(async () => {
	await app.stop();
});

const names = (page: Page, where: string) => page.locator(`${where} [data-testid=model-card] h2 a`);
const behind = 'ol[data-behind=ahead]';
const front = 'ol:not([data-behind])';

/** Opens a list of two filters at rest: its configs are asked for, nothing is under way. */
async function open(page: Page): Promise<void> {
	await page.goto(`${app.url}/models?family=Qwen&quantization=4`);
	await page.locator('html[data-hydrated]').waitFor();
	await page.waitForLoadState('networkidle');
}

test('the list a chip leads to is there behind the one on show, and comes forth at the click', async ({ page }) => {
	await open(page);
	const asked: string[] = [];
	page.on('request', (request) => request.url().includes('/configs') && asked.push(request.url()));
	const chip = page.getByRole('link', { name: 'Remove filter: Qwen' });
	const shown = await names(page, front).first().getAttribute('title');
	await chip.hover();
	await expect.poll(() => names(page, behind).count()).toBeGreaterThanOrEqual(12);
	const next = await names(page, behind).first().getAttribute('title');
	expect(next).not.toBe(shown);
	await expect(page.getByRole('list', { name: 'Models', exact: true })).toHaveCount(1);
	await expect(names(page, front).first()).toHaveAttribute('title', shown ?? '');
	await page.waitForLoadState('networkidle');
	expect(asked).toEqual([]);

	const element = await names(page, behind).first().elementHandle();
	await chip.click();
	await expect(names(page, front).first()).toHaveAttribute('title', next ?? '');
	expect(await element?.evaluate((link) => link.isConnected)).toBe(true);
	await page.mouse.move(5, 700); // another chip has come to lie under the pointer
	await expect(page.locator(behind)).toHaveCount(0);
	await expect(names(page, front)).toHaveCount(50);
	await expect.poll(() => asked.length).toBeGreaterThan(0);
	await page.goBack();
	await expect(names(page, front).first()).toHaveAttribute('title', shown ?? '');
});

test('what is ready behind takes no click and no focus', async ({ page }) => {
	await open(page);
	await page.getByRole('link', { name: 'Remove filter: Qwen' }).hover();
	await expect.poll(() => names(page, behind).count()).toBeGreaterThanOrEqual(12);
	const hit = await page.evaluate(() => {
		const cards = [...document.querySelectorAll('ol[data-behind] article, ol:not([data-behind]) article')];
		const places = cards.flatMap((card) => {
			const { left, right, top, bottom } = card.getBoundingClientRect();
			return [left - 4, (left + right) / 2, right + 4].flatMap((x) =>
				[top + 20, bottom - 20, bottom + 4].map((y) => ({ x, y })),
			);
		});
		return places.filter(({ x, y }) => document.elementFromPoint(x, y)?.closest('[data-behind]')).length;
	});
	expect(hit).toBe(0);
	await page.keyboard.press('Tab');
	await expect(page.locator(behind)).toHaveCount(0);
	expect(await page.evaluate(() => document.activeElement?.closest('[data-behind]') ?? null)).toBeNull();
});

test('the modal gets ready what Apply will show', async ({ page }) => {
	await page.goto(`${app.url}/models`);
	await page.locator('html[data-hydrated]').waitFor();
	await page.getByRole('button', { name: /^filter/i }).click();
	const dialog = page.getByRole('dialog', { name: 'Filter Models' });
	await dialog.getByRole('checkbox', { name: /^Mistral\b/ }).click();
	await expect.poll(() => names(page, behind).count()).toBeGreaterThanOrEqual(12);
	const next = await names(page, behind).first().getAttribute('title');
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	await expect(names(page, front).first()).not.toHaveAttribute('title', next ?? '');
	await page.getByRole('button', { name: /^filter/i }).click();
	await dialog.getByRole('checkbox', { name: /^Mistral\b/ }).click();
	await dialog.getByText(/^[\d,]+ models?$/).waitFor();
	await dialog.getByRole('button', { name: 'Apply' }).click();
	await expect(names(page, front).first()).toHaveAttribute('title', next ?? '');
	await expect(page.locator(behind)).toHaveCount(0);
});
