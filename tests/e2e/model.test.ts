// The page of one model as a person meets it, against a fake Hub: whole, hostile, gated, slow, offline.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { cardVectors } from '../support/card-vectors.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { tinyModel } from '../support/gguf-models.ts';
import { writeGguf } from '../support/gguf-writer.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { shownCards } from '../support/shown-cards.ts';

const config = JSON.stringify({
	model_type: 'qwen3',
	architectures: ['Qwen3ForCausalLM'],
	num_hidden_layers: 36,
	hidden_size: 4096,
	max_position_embeddings: 40_960,
	vocab_size: 151_936,
});

const sections = ['Highlights', 'Overview', 'Quickstart', 'Deployment', 'Best practices'];
const longCard = sections.map((title) => `## ${title}\n\n${'Words about it. '.repeat(120)}`).join('\n\n');

const repos = [
	fakeRepo({
		id: 'acme/Whole-8B',
		tags: ['license:apache-2.0', 'base_model:acme/Base-8B', 'base_model:finetune:acme/Base-8B'],
		files: {
			'README.md': `---\nlanguage: [en, "no"]\n---\n# Whole\n\n![chart](chart.png)\n\n${longCard}`,
			'config.json': config,
			'model-00001-of-00002.safetensors': { seed: 1, size: 9_000_000 },
			'model-00002-of-00002.safetensors': { seed: 2, size: 4_000_000 },
			'pytorch_model.bin': { seed: 3, size: 2_000_000 },
		},
	}),
	fakeRepo({
		id: 'acme/Hostile',
		files: { 'README.md': `${cardVectors.map(({ text }) => text).join('\n\n')}\n\n## The end`, 'config.json': config },
	}),
	fakeRepo({ id: 'acme/Gated', gated: 'manual', files: { 'README.md': '# Gated', 'config.json': config } }),
	fakeRepo({
		id: 'acme/Listed',
		gated: 'manual',
		files: { 'README.md': '# Listed', 'config.json': config },
		config: { model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'] },
	}),
	fakeRepo({ id: 'acme/Slow', files: { 'README.md': '# Slow and steady', 'config.json': config } }),
	fakeRepo({
		id: 'acme/Heads-GGUF',
		tags: ['gguf'],
		gguf: { total: 5, architecture: 'llama' },
		files: {
			'heads-Q4_K_M.gguf': writeGguf(tinyModel()),
			'heads-Q8_0.gguf': writeGguf(tinyModel({}, 'Q8_0')),
			'heads-Q2_K.gguf': Buffer.alloc(500, 1),
		},
	}),
	fakeRepo({ id: 'acme/Bare', files: { 'config.json': config } }),
	fakeRepo({ id: 'acme/Traps', files: { 'README.md': '# Fine', 'config.json': config, '../../etc/x': 'x' } }),
];

let hub: FakeHub;
let app: AppServer;
let offline: AppServer;

test.beforeAll(async () => {
	hub = await startFakeHub({ repos });
	hub.fault({ match: /acme\/Slow\/resolve.*README/, fault: { kind: 'stall', where: 'headers', ms: 1_500 } });
	[app, offline] = await Promise.all([startApp({ env: { HF_ENDPOINT: hub.url } }), startApp()]);
});

test.afterAll(async () => {
	await Promise.all([app.stop(), offline.stop()]);
	await hub.close();
});

const cardText = (page: Page) => page.getByTestId('card-text');

/** Everything a page tries that it should not: foreign requests, dialogs, console errors. */
function watch(page: Page): string[] {
	const seen: string[] = [];
	page.on('request', (request) => {
		const url = request.url();
		if (!url.startsWith(app.url) && !url.startsWith('data:')) seen.push(`request ${url}`);
	});
	page.on('dialog', (dialog) => {
		seen.push(`dialog ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on('console', (message) => message.type() === 'error' && seen.push(`console ${message.text()}`));
	page.on('pageerror', (error) => seen.push(`error ${error.message}`));
	return seen;
}

test('shows what a model is, its files and its card, and loads nothing from elsewhere', async ({ page }) => {
	const seen = watch(page);
	await page.goto(`${app.url}/models/acme/Whole-8B`);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('acme/Whole-8B');
	await expect(page).toHaveTitle('acme/Whole-8B · Modeldex');
	await expect(page.getByTestId('specs-panel')).toContainText('40,960 tokens');
	await expect(page.getByTestId('weight-sets')).toContainText('model-*.safetensors');
	await expect(page.getByRole('row', { name: /pytorch_model\.bin/ })).toContainText('can run code');
	await expect(cardText(page).getByRole('heading', { name: 'Quickstart' })).toBeVisible();
	await expect(cardText(page)).toContainText('[Image: chart — 127.0.0.1');
	await expect(page.getByRole('region', { name: 'Made from' })).toContainText('acme/Base-8B');
	await page.getByTestId('card-contents').locator('summary').click();
	await page.getByRole('link', { name: 'Deployment' }).click();
	await expect(page).toHaveURL(/#card-deployment$/);
	await page.getByRole('button', { name: 'Where from? Layers' }).click();
	await expect(page.getByText('num_hidden_layers').first()).toBeVisible();
	expect(seen).toEqual([]);
});

test('is readable without JavaScript', async ({ browser }) => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(`${app.url}/models/acme/Whole-8B?whole`);
	await expect(cardText(page)).toContainText('Words about it.');
	await expect(page.getByTestId('specs-panel')).toContainText('36');
	await expect(page.getByRole('row', { name: /pytorch_model\.bin/ })).toBeVisible();
	await context.close();
});

test('a card full of tricks runs nothing, asks nothing and restyles nothing', async ({ page }) => {
	const seen = watch(page);
	await page.goto(`${app.url}/models/acme/Hostile`);
	await expect(cardText(page)).toBeVisible();
	const found = await cardText(page).evaluate((card) => ({
		acting: card.querySelectorAll('script,style,form,input,iframe,img,svg,math,object,embed,link,meta,base').length,
		handlers: [...card.querySelectorAll('*')]
			.flatMap((element) => element.getAttributeNames())
			.filter((n) => /^on|^style$/.test(n)),
		ids: [...card.querySelectorAll('[id]')].map(({ id }) => id).filter((id) => !id.startsWith('card-')),
	}));
	expect(found).toEqual({ acting: 0, handlers: [], ids: [] });
	expect(seen).toEqual([]);
});

test('a gated model says what to do and still shows what is public', async ({ page }) => {
	await page.goto(`${app.url}/models/acme/Gated`);
	await expect(page.getByTestId('gate')).toContainText('ask for access on its page on the Hub');
	await expect(page.getByTestId('gate')).toContainText('HF_TOKEN');
	await expect(page.getByText('config.json', { exact: true })).toBeVisible();
	await expect(cardText(page)).toContainText('Gated');
});

test('a gated model whose listing tells what it is has specs, and is told only once what to do', async ({ page }) => {
	await page.goto(`${app.url}/models/acme/Listed`);
	await expect(page.getByTestId('specs-panel')).toContainText('behind the gate; list fields were used');
	await expect(page.getByTestId('gate')).toContainText('ask for access');
	await expect(page.getByText(/HF_TOKEN/)).toHaveCount(1);
	await expect(page.getByText(/accept its conditions/)).toHaveCount(0);
});

test('a slow card does not hold up the page: it arrives on its own', async ({ page }) => {
	await page.goto(`${app.url}/models/acme/Slow`, { waitUntil: 'commit' });
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('acme/Slow');
	await expect(page.getByRole('status', { name: 'Reading the model card' })).toBeVisible();
	await expect(cardText(page)).toContainText('Slow and steady');
	await expect(page.getByRole('status', { name: 'Reading the model card' })).toHaveCount(0);
});

test('a model without a card and one with a hostile file list say so', async ({ page }) => {
	await page.goto(`${app.url}/models/acme/Bare`);
	await expect(page.getByTestId('no-card')).toContainText('no README.md');
	await page.goto(`${app.url}/models/acme/Traps`);
	await expect(page.getByTestId('part-problem')).toContainText('The file list was refused');
	await expect(cardText(page)).toContainText('Fine');
});

test('a model nobody knows and an address that is none are not found', async ({ page }) => {
	expect((await page.goto(`${app.url}/models/acme/Nothing`))?.status()).toBe(404);
	expect((await page.goto(`${app.url}/models/a/b/c`))?.status()).toBe(404);
});

test('offline, a model of the snapshot shows its facts and says what is missing', async ({ page }) => {
	await page.goto(`${offline.url}/models/Qwen/Qwen3-8B`);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Qwen/Qwen3-8B');
	await expect(page.getByTestId('specs-panel')).toBeVisible();
	const problems = page.getByTestId('part-problem');
	await expect(problems.first()).toContainText('is not on this machine, and Modeldex is offline');
	await expect(problems).toHaveCount(2);
});

test('the way back leads to the list as it was left', async ({ page }) => {
	await page.goto(`${offline.url}/models?q=qwen3-8b`);
	await page.locator('html[data-hydrated]').waitFor();
	await shownCards(page).first().getByRole('link').first().click();
	await expect(page.getByRole('link', { name: 'Back to the list' })).toHaveAttribute('href', '/models?q=qwen3-8b');
	await page.getByRole('link', { name: 'Back to the list' }).click();
	await expect(page).toHaveURL(/\/models\?q=qwen3-8b$/);
	await expect(page.getByRole('searchbox')).toHaveValue('qwen3-8b');
});

for (const scheme of ['light', 'dark'] as const) {
	test(`nothing overflows at 390 px and axe finds nothing serious in ${scheme}`, async ({ browser }) => {
		const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 390, height: 844 } });
		const page = await context.newPage();
		await page.goto(`${app.url}/models/acme/Whole-8B`);
		await expect(cardText(page)).toBeVisible();
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		expect(width).toBeLessThanOrEqual(390);
		const { violations } = await new AxeBuilder({ page }).analyze();
		const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
		expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
		await context.close();
	});
}

test('a GGUF repository is described by its header, and the weights of each file are counted on a click', async ({
	page,
}) => {
	await page.goto(`${app.url}/models/acme/Heads-GGUF`);
	await page.locator('html[data-hydrated]').waitFor();
	const specs = page.getByTestId('specs-panel');
	await expect(specs).toContainText('no config.json; the header of heads-Q4_K_M.gguf was read instead');
	await expect(specs.getByText('Hidden size').locator('..')).toContainText('64');
	await specs.getByRole('button', { name: 'Where from? Hidden size' }).click();
	await expect(page.getByText('llama.embedding_length')).toBeVisible();
	await page.keyboard.press('Escape');

	const sets = page.getByTestId('weight-sets');
	const row = (name: string) => sets.getByRole('listitem').filter({ hasText: name });
	hub.resetStats();
	await sets.getByRole('button', { name: 'Count the weights of heads-Q8_0.gguf' }).click();
	await expect(row('heads-Q8_0.gguf')).toContainText('14.5K weights');
	await expect(row('heads-Q8_0.gguf')).toContainText('Q8_0 99 %');
	expect(hub.count('heads-Q8_0.gguf')).toBe(1);
	await sets.getByRole('button', { name: 'Count the weights of heads-Q2_K.gguf' }).click();
	await expect(row('heads-Q2_K.gguf')).toContainText('it does not start with the letters GGUF');
	await expect(row('heads-Q2_K.gguf').getByRole('button', { name: /^Count/ })).toHaveCount(0);

	await page.reload();
	await expect(row('heads-Q8_0.gguf')).toContainText('14.5K weights');
	expect(hub.count('heads-Q8_0.gguf')).toBe(1);
	const found = await new AxeBuilder({ page }).include('[data-testid="weight-sets"]').analyze();
	expect(found.violations).toEqual([]);
});
