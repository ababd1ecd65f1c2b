// The label lab as a person uses it, in a real browser: rules and a tiny model that the real runtime runs, then labels.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { putModel } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';

let app: AppServer;
const home = mkdtempSync(join(tmpdir(), 'modeldex-lab-'));

test.beforeAll(async () => {
	putModel(join(home, 'models/tiny'), embeddingModel());
	app = await startApp({ home });
});

test.afterAll(async () => {
	await app.stop();
	rmSync(home, { recursive: true, force: true });
});

async function open(page: Page): Promise<void> {
	await page.goto(`${app.url}/classify`);
	await page.locator('html[data-hydrated]').waitFor();
}

async function axe(page: Page, state: string): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => `${state}: ${id} ${nodes[0]?.html}`)).toEqual([]);
}

const file = (name: string, content: string | number[]) => ({
	name,
	mimeType: 'application/octet-stream',
	buffer: typeof content === 'string' ? Buffer.from(content) : Buffer.from(content),
});

const row = (page: Page, name: string) => page.getByTestId('result').filter({ hasText: name });

test('files are sorted by the rules alone; binary ones are refused, and the results are saved', async ({ page }) => {
	await open(page);
	await expect(page.getByTestId('needed')).toHaveText('Add some texts first.');
	await expect(page.getByTestId('missing-model').first()).toContainText('npx modeldex model download');
	const files = [file('README.md', '# Guide'), file('notes.xyz', 'who knows'), file('cat.png', [137, 80, 0, 1])];
	await page.getByTestId('lab-files').setInputFiles(files);
	await expect(page.getByTestId('refused')).toContainText('cat.png: It is binary: it holds NUL bytes');
	await expect(page.getByTestId('text-sum')).toHaveText('2 texts, 16 B');
	await page.getByRole('button', { name: 'Sort the texts' }).click();
	await expect(row(page, 'README.md')).toContainText('documentation');
	await expect(row(page, 'README.md')).toContainText('tells no confidence');
	await expect(row(page, 'notes.xyz')).toContainText('no rule fits its name');
	const saving = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Save as CSV' }).click();
	const saved = readFileSync(await (await saving).path(), 'utf8').split('\n');
	expect(saved[1]).toBe('README.md,documentation,,false,documentation,,rules,rules,,');
	await axe(page, 'results');
});

test('a model is asked, labelled by keyboard, measured and calibrated, and says so from then on', async ({ page }) => {
	test.slow();
	await open(page);
	await page.getByLabel('Begin with a set of categories').selectOption('Mood');
	for (const [at, name] of ['creatures', 'meals', 'land'].entries()) {
		await page.getByLabel(`Name of category ${at + 1}`).fill(name);
		await page.getByLabel(`What belongs in ${name}`).fill(['animal', 'food', 'place'][at] ?? '');
	}
	const animals = ['the cat', 'the dog', 'cat and dog', 'animal'];
	const meals = ['the soup', 'the bread', 'soup and bread', 'food'];
	const land = ['the hill', 'the river', 'river and hill', 'place'];
	await page.getByLabel('Text to sort').fill([...animals, ...meals, ...land].join('\n'));
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await page.getByLabel('Another model by name').fill('tiny');
	await page.getByRole('button', { name: 'Choose', exact: true }).click();
	await page.getByRole('button', { name: 'Sort the texts' }).click();
	await expect(page.getByTestId('runs')).toContainText(/tiny\s*done, \d+ ms a text/);
	await expect(row(page, 'the soup').getByTestId('answer').nth(1)).toContainText(/meals.*uncalibrated/);

	await page.getByRole('heading', { name: 'Results' }).click();
	await page.keyboard.press('j');
	for (const key of '111122223333') await page.keyboard.press(key);
	const score = page.getByRole('article', { name: 'Figures of tiny' });
	await expect(score).toContainText('12 of 12 (100 %)');
	await expect(score.getByTestId('confusion').getByRole('row', { name: /^creatures/ })).toContainText('4');
	await expect(score.getByTestId('reliability')).toContainText('Score (uncalibrated)');
	await expect(page.getByTestId('pairs')).toContainText('agree on 0 of 12');
	await page.getByRole('button', { name: 'Show the 12' }).click();
	await expect(page.getByText('rules and tiny differ')).toBeVisible();
	await axe(page, 'measured');

	await score.getByRole('button', { name: 'Calibrate from the labels' }).click();
	await expect(score.getByTestId('calibration')).toContainText('Fitted to 12 labelled texts');
	await score.getByRole('button', { name: 'Sort again with it' }).click();
	await expect(row(page, 'the soup').getByTestId('answer').nth(1)).toContainText(/meals.*% · calibrated/);
	await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
	await axe(page, 'calibrated, dark');
	await page.setViewportSize({ width: 390, height: 844 });
	expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);

	await page.reload();
	await page.locator('html[data-hydrated]').waitFor();
	await expect(page.getByLabel('Name of category 2')).toHaveValue('meals');
	await page.getByLabel('Text to sort').fill('the soup');
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await expect(page.getByLabel('Right category of the soup')).toHaveValue('meals');
});

test('a server that is gone is told about, and what is set up stays', async ({ page }) => {
	await page.route('**/api/engines', (route) => route.abort());
	await open(page);
	const models = page.getByTestId('classifiers');
	await expect(models.getByRole('alert')).toContainText('Modeldex does not answer');
	await page.getByLabel('Text to sort').fill('one');
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await page.route('**/api/classify', (route) => route.abort());
	await page.getByRole('button', { name: 'Sort the texts' }).click();
	await expect(page.getByTestId('runs')).toContainText('Modeldex does not answer');
	await page.unrouteAll();
	await models.getByRole('button', { name: 'Ask again' }).click();
	await expect(page.getByTestId('missing-model').first()).toBeVisible();
	await page.getByRole('button', { name: 'Sort the texts' }).click();
	await expect(page.getByTestId('runs')).toContainText('done');
});
