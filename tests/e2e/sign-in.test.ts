// Signing in as a person does it: with and without JavaScript, in either theme, and out again.
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { shownCards } from '../support/shown-cards.ts';

const key = 'the key of this test';
let server: AppServer;

test.beforeAll(async () => {
	server = await startApp({ env: { MODELDEX_KEY: key } });
});
test.afterAll(() => server.stop());

for (const javaScriptEnabled of [true, false]) {
	test(`asks once and leads on ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async ({ browser }) => {
		const context = await browser.newContext({ javaScriptEnabled });
		const page = await context.newPage();
		await page.goto(`${server.url}/models?family=Qwen`);
		await page.getByLabel('Key').fill('not the key');
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page.getByRole('alert')).toHaveText('That is not the key of this server.');
		await page.getByLabel('Key').fill(key);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await expect(page).toHaveURL(`${server.url}/models?family=Qwen`);
		await expect(shownCards(page).first()).toBeVisible();
		await page.goto(`${server.url}/sign-in`);
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.goto(`${server.url}/models`);
		await expect(page.getByRole('heading', { name: 'Sign in to Modeldex' })).toBeVisible();
		await context.close();
	});
}

test('is usable in the dark and by everyone, and breaks no rule of its own page', async ({ browser }) => {
	const context = await browser.newContext({ colorScheme: 'dark' });
	const page = await context.newPage();
	const complaints: string[] = [];
	page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
	await page.goto(`${server.url}/sign-in`);
	await expect(page.locator('html')).toHaveClass(/dark/);
	expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
	expect(complaints).toEqual([]);
	await context.close();
});
