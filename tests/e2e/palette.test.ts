// The palette: from every page to any model, page and action by typing, with nothing but the keyboard.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { servedApp } from '../support/served-app.ts';

const app = servedApp();
const { open } = app;

const field = (page: Page) => page.getByRole('combobox', { name: 'Search models, pages and actions' });
const rows = (page: Page) => page.getByRole('listbox').getByRole('option');
const active = (page: Page) => page.getByRole('listbox').getByRole('option', { selected: true });

async function summon(page: Page, text = ''): Promise<void> {
	await page.keyboard.press('Control+k');
	await expect(field(page)).toBeFocused();
	if (text !== '') await field(page).fill(text);
}

test('a model is found from any page, and Enter opens it', async ({ page }) => {
	await open(page, '/telemetry');
	await summon(page, 'qwen3 8b');
	const first = page
		.getByRole('option')
		.filter({ hasText: /qwen3-8b/i })
		.first();
	await expect(first).toBeVisible();
	const id = (await first.locator('span').first().textContent()) ?? '';
	await expect(active(page)).toContainText(/qwen3-8b/i);
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`${app.url}/models/${id}`);
	await expect(field(page)).toBeHidden();
});

test('arrows walk the rows round and round, and Esc gives the focus back', async ({ page }) => {
	await open(page, '/models');
	const button = page.getByTestId('palette');
	await button.focus();
	await page.keyboard.press('Enter');
	await expect(field(page)).toBeFocused();
	const options = rows(page);
	await expect(active(page)).toHaveText(await options.first().innerText());
	await page.keyboard.press('ArrowUp');
	await expect(active(page)).toHaveText(await options.last().innerText());
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('ArrowDown');
	await expect(active(page)).toHaveText(await options.nth(1).innerText());
	const marked = await field(page).getAttribute('aria-activedescendant');
	expect(await active(page).getAttribute('id')).toBe(marked);
	await page.keyboard.press('Escape');
	await expect(field(page)).toBeHidden();
	await expect(button).toBeFocused();
});

test('a page, a theme, a device and a context are a few letters away', async ({ page }) => {
	await open(page, '/models');
	await summon(page, 'activ');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`${app.url}/telemetry`);
	await summon(page, 'dark theme');
	await page.keyboard.press('Enter');
	await expect(page.locator('html')).toHaveClass(/dark/);
	await expect(page.getByRole('button', { name: 'Dark theme' })).toHaveAttribute('aria-pressed', 'true');
	await summon(page, 'device 4090');
	await active(page).getByText('RTX 4090', { exact: false }).waitFor();
	await page.keyboard.press('Enter');
	await expect(page.getByTestId('place')).toContainText('4090');
	await summon(page, 'context 32k');
	await page.keyboard.press('Enter');
	await expect(page.getByTestId('place')).toContainText('32k');
});

test('the filters open where one is, or on the list when one is elsewhere', async ({ page }) => {
	await open(page, '/models');
	await summon(page, 'filter');
	await page.keyboard.press('Enter');
	const modal = page.getByRole('dialog', { name: 'Filter Models' });
	await expect(modal).toBeVisible();
	await page.keyboard.press('Control+k');
	await expect(field(page)).toBeHidden();
	await open(page, '/discover');
	await summon(page, 'filter');
	await page.keyboard.press('Enter');
	await expect(modal).toBeVisible();
	await expect(page).toHaveURL(`${app.url}/models`);
});

test('the choice of where to run opens from the palette and keeps the focus inside', async ({ page }) => {
	await open(page, '/discover');
	await summon(page, 'choose device');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Where it should run' });
	await expect(dialog).toBeVisible();
	await expect.poll(() => dialog.evaluate((node) => node.contains(document.activeElement))).toBe(true);
});

test('the link is copied, and the palette says so', async ({ page, context }) => {
	await context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await open(page, '/models?q=gemma');
	await summon(page, 'copy');
	await page.keyboard.press('Enter');
	await expect(page.getByTestId('note')).toHaveText('The link was copied.');
	expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${app.url}/models?q=gemma`);
});

test('a name the catalog does not have can be asked for; what has no name says so; no server says so too', async ({
	page,
}) => {
	await open(page, '/models');
	await summon(page, 'nobody/has-this-one');
	await expect(page.getByRole('option', { name: 'Ask the Hub for nobody/has-this-one' })).toBeVisible();
	await field(page).fill('zzqqxx');
	await expect(page.getByText('Nothing here is called “zzqqxx”.')).toBeVisible();
	await page.route('**/api/models?*', (route) => route.abort());
	await field(page).fill('llama');
	await expect(page.getByText('Models could not be searched: Modeldex does not answer')).toBeVisible();
});

test('the help names the key of the palette', async ({ page }) => {
	await open(page, '/models');
	await page.keyboard.press('?');
	const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
	await expect(help.getByText('Go to any model, page or action')).toBeVisible();
});

for (const scheme of ['light', 'dark'] as const) {
	test(`axe finds nothing serious in ${scheme} theme, and a phone's screen holds it`, async ({ page }) => {
		await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
		await page.setViewportSize({ width: 390, height: 844 });
		await open(page, '/models?q=qwen3-8b');
		await page.getByTestId('palette').click();
		await field(page).fill('qwen');
		await expect(page.getByRole('option', { name: /^All / })).toBeVisible();
		const { violations } = await new AxeBuilder({ page }).analyze();
		const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
		expect(serious.map(({ id, nodes }) => `${id} ${nodes[0]?.html}`)).toEqual([]);
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
		const box = await page.getByRole('dialog').boundingBox();
		expect(box).toMatchObject({ x: 0, y: 0, width: 390 });
	});
}
