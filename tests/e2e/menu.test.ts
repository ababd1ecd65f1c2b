// The menu in the head: every page and, on a phone, the theme; by finger, by keyboard and without scripts.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { servedApp } from '../support/served-app.ts';

const names = [
	...['Models', 'Models on this machine', 'Discover', 'Classify', 'Downloads', 'Copies on this machine', 'Compare'],
	...['Registry', 'Activity', 'Settings', 'About'],
];

const app = servedApp();
const { open } = app;

const menu = (page: Page) => page.getByRole('navigation', { name: 'All pages' });

test.describe('on a phone', () => {
	test.use({ viewport: { width: 390, height: 844 } });

	test('nothing in the head is cut or scrolls sideways, and every target is 44 pixels high and wide', async ({
		page,
	}) => {
		await open(page, '/models');
		const head = page.getByRole('banner');
		expect(await head.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
		await page.getByTestId('menu').click();
		await expect(menu(page).getByRole('link')).toHaveText(names);
		await menu(page).evaluate(async (element) => {
			const arriving = element.parentElement?.getAnimations() ?? [];
			await Promise.all(arriving.map(({ finished }) => finished)); // sizes are rounded while it moves
		});
		const targets = await head.locator('a:visible, button:visible').all();
		expect(targets.length).toBeGreaterThan(names.length + 5);
		for (const target of targets) {
			const { width = 0, height = 0, x = 0 } = (await target.boundingBox()) ?? {};
			const name = (await target.getAttribute('aria-label')) ?? (await target.innerText());
			expect([name, width >= 44, height >= 44, x >= 0 && x + width <= 390]).toEqual([name, true, true, true]);
		}
	});

	test('each page is one press away, the menu closes behind it and says where one is', async ({ page }) => {
		await open(page, '/models');
		for (const name of ['Settings', 'Registry', 'Copies on this machine']) {
			await page.getByTestId('menu').click();
			await menu(page).getByRole('link', { name, exact: true }).click();
			await expect(menu(page)).toBeHidden();
			await expect(page).not.toHaveURL(/models$/);
		}
		await page.getByTestId('menu').click();
		await expect(menu(page).locator('[aria-current=page]')).toHaveText('Copies on this machine');
	});

	test('opens and closes by keyboard and by a press elsewhere; keys of the page rest meanwhile', async ({ page }) => {
		await open(page, '/models');
		const button = page.getByTestId('menu');
		await button.focus();
		await page.keyboard.press('Enter');
		await page.keyboard.press('Tab');
		await expect(menu(page).getByRole('link', { name: 'Models', exact: true })).toBeFocused();
		await page.keyboard.press('f');
		await page.keyboard.press('Control+k');
		await expect(page.getByRole('dialog')).toHaveCount(0);
		await page.keyboard.press('Escape');
		await expect(menu(page)).toBeHidden();
		await expect(button).toBeFocused();
		await page.keyboard.press('Enter');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Shift+Tab');
		await expect(menu(page)).toBeHidden();
		await button.click();
		await page.mouse.click(40, 700);
		await expect(menu(page)).toBeHidden();
	});

	test('holds the theme, moves nothing on the page, and axe finds nothing in either theme', async ({ page }) => {
		await open(page, '/about');
		await page.evaluate(() => {
			Object.assign(window, { shifts: 0 });
			new PerformanceObserver((list) =>
				Object.assign(window, { shifts: Number(Reflect.get(window, 'shifts')) + list.getEntries().length }),
			).observe({ type: 'layout-shift', buffered: false });
		});
		await page.getByTestId('menu').click();
		for (const scheme of ['Light', 'Dark']) {
			await page.getByRole('button', { name: `${scheme} theme` }).click();
			await expect(page.locator('html')).toHaveClass(scheme === 'Dark' ? /dark/ : /^((?!dark).)*$/);
			const { violations } = await new AxeBuilder({ page }).analyze();
			expect(violations.map(({ id, nodes }) => `${scheme}: ${id} ${nodes[0]?.html}`)).toEqual([]);
		}
		expect(await page.evaluate(() => Reflect.get(window, 'shifts'))).toBe(0);
	});

	test('works without scripts', async ({ browser }) => {
		const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
		const page = await context.newPage();
		await page.goto(`${app.url}/models`);
		await page.getByTestId('menu').click();
		await menu(page).getByRole('link', { name: 'Settings' }).click();
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Settings');
		await context.close();
	});
});

test('on a wide screen it holds the pages that the head has no room for', async ({ page }) => {
	await open(page, '/models');
	await page.getByTestId('menu').click();
	await expect(menu(page).getByRole('link')).toHaveText(
		names.filter((name) => !/^(Models|Discover|Classify|Registry|Activity)$/.test(name)),
	);
	const button = await page.getByTestId('menu').boundingBox();
	const panel = await page.locator('#site-menu').boundingBox();
	expect(
		Math.abs((button?.x ?? 0) + (button?.width ?? 0) - ((panel?.x ?? 9) + (panel?.width ?? 0))),
	).toBeLessThanOrEqual(1);
});
