// A walk with a laptop of 16 GB: from an empty data directory to a chat model on the disk, and a folder of notes sorted.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { formatBytes } from '#lib/core/format.ts';
import { startApp, type AppServer } from '../support/app-server.ts';
import { modeldex } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { shownCards } from '../support/shown-cards.ts';
import {
	fitting,
	notes,
	plain,
	rightShelves,
	shelves,
	small,
	sorter,
	tooLarge,
	walkRepos,
} from '../support/walk-world.ts';

test.describe.configure({ mode: 'serial' });

const folder = mkdtempSync(join(tmpdir(), 'modeldex-walk-notes-'));
let hub: FakeHub;
let app: AppServer;
let page: Page;

test.beforeAll(async ({ browser }) => {
	for (const [path, text] of Object.entries(notes)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), text);
	}
	hub = await startFakeHub({ repos: walkRepos() });
	app = await startApp({ env: { HF_ENDPOINT: hub.url } });
	page = await browser.newPage(); // one person, one window, all the way
});

test.afterAll(async () => {
	await page.close();
	await app.stop();
	await hub.close();
	rmSync(folder, { recursive: true, force: true });
});

const card = (id: string) => shownCards(page).filter({ has: page.getByRole('link', { name: id, exact: true }) });

test('the list is there at once, and the machine is named', async () => {
	await page.goto(app.url);
	await page.locator('html[data-hydrated]').waitFor();
	await expect(shownCards(page).first()).toBeVisible();
	await page.getByTestId('place').click();
	const dialog = page.getByRole('dialog', { name: 'Where it should run' });
	await dialog.getByRole('searchbox', { name: 'Search devices' }).fill('M2 16');
	await dialog.getByRole('radio', { name: 'Apple M2 16 GB' }).check();
	await dialog.getByRole('button', { name: 'Done' }).click();
	await expect(page.getByTestId('place')).toContainText('M2 16 GB');
});

test('three letters and two filters leave models that one could take, and say which fit', async () => {
	await page.keyboard.press('/');
	await page.keyboard.type('qwe');
	await expect(page).toHaveURL(/q=qwe/);
	await page.keyboard.press('Escape');
	await page.keyboard.press('f');
	const dialog = page.getByRole('dialog', { name: 'Filter Models' });
	await dialog.getByRole('checkbox', { name: /^Qwen\b/ }).click();
	await dialog.getByRole('checkbox', { name: /^4-bit/ }).click();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/family=Qwen.*quantization=4|quantization=4.*family=Qwen/);
	await expect(card(fitting).getByTestId('fit-line')).toHaveAttribute('data-verdict', 'fits');
	await expect(card(tooLarge).getByTestId('fit-line')).toHaveAttribute('data-verdict', 'too_big');
	await expect(card(plain)).toHaveCount(0);
});

test('the specs open by key and say where they are from; page, API and command line name one figure', async () => {
	await page.keyboard.press('j');
	await expect(page.locator('[data-index="0"]:not([data-behind] *)')).toBeFocused();
	await page.keyboard.press('s');
	const shown = card(small);
	await expect(shown.getByText('40,960 tokens').first()).toBeVisible();
	await shown
		.getByRole('button', { name: /^Where from/ })
		.first()
		.click();
	await expect(page.getByRole('dialog')).toContainText('config.json');
	await page.keyboard.press('Escape');

	const api = await (await fetch(`${app.url}/api/models/fit/${small}?device=m2-16gb`)).json();
	const command = await modeldex(['fit', small, '--device', 'm2-16gb', '--json'], {
		MODELDEX_HOME: app.home,
		HF_HOME: join(app.home, 'huggingface'),
	});
	expect(JSON.parse(command.stdout).need_bytes).toBe(api.need_bytes);
	const need = formatBytes(api.need_bytes);
	await expect(shown.getByTestId('fit-line')).toContainText(`Fits · ${need} of `);

	await page.locator('[data-index="0"]:not([data-behind] *)').focus();
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(new RegExp(`/models/${small}$`));
	const plan = page.getByTestId('memory-plan');
	await expect(plan.locator('tfoot')).toContainText(need);
	await plan.getByRole('slider', { name: 'Context' }).press('End');
	await expect(plan).toContainText('40,960 tokens');
});

test('the download says what it takes first, comes verified, and stands among the models of this machine', async () => {
	await page.getByRole('button', { name: `Download ${small}` }).click();
	const dialog = page.getByRole('dialog', { name: 'Download' });
	await expect(dialog.getByTestId('plan')).toContainText('23.5 MiB');
	await expect(dialog.getByTestId('plan')).toContainText('free');
	await dialog.getByRole('button', { name: /^Download / }).click();
	await expect(page.getByTestId('download-news')).toHaveText(`${small} is downloaded and verified.`);
	await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link').click();
	await expect(page).toHaveURL(/quantization=4/);
	await page
		.getByRole('navigation', { name: 'Source' })
		.getByRole('link', { name: /^My models/ })
		.click();
	await expect(shownCards(page)).toHaveCount(1);
	await expect(card(small)).toBeVisible();
});

test('a folder is sorted by a model that was fetched from the page', async () => {
	test.slow();
	await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Classify' }).click();
	const models = page.getByTestId('classifiers');
	const missing = models.getByTestId('missing-model').filter({ hasText: sorter.name });
	await missing.getByRole('button', { name: `Download ${sorter.id}` }).click();
	await page
		.getByRole('dialog', { name: 'Download' })
		.getByRole('button', { name: /^Download / })
		.click();
	await models.getByRole('checkbox', { name: sorter.name }).click();

	const choosing = page.waitForEvent('filechooser');
	await page.getByRole('button', { name: 'Choose a folder…' }).click();
	await (await choosing).setFiles(folder);
	await expect(page.getByTestId('text-sum')).toHaveText(/^3 texts/);
	await page.getByLabel('Begin with a set of categories').selectOption('Mood');
	for (const [at, shelf] of shelves.entries()) {
		const [name = '', about = ''] = shelf.split(': ');
		await page.getByLabel(`Name of category ${at + 1}`).fill(name);
		await page.getByLabel(`What belongs in ${name}`).fill(about);
	}
	await page.getByRole('button', { name: 'Sort the texts' }).click();
	await expect(page.getByTestId('runs')).toContainText('done');
	for (const [path, shelf] of Object.entries(rightShelves)) {
		const row = page.getByTestId('result').filter({ hasText: path });
		await expect(row.getByTestId('answer').filter({ hasText: shelf }).first()).toBeVisible();
	}
});
