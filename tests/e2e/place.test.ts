// Will it run here: device, runtime and context in the head, the memory plan, runtimes, variants, comparing and asking why.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { shownCards } from '../support/shown-cards.ts';

const shapes = {
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	hidden_size: 4096,
	intermediate_size: 14_336,
	num_hidden_layers: 32,
	num_attention_heads: 32,
	num_key_value_heads: 8,
	head_dim: 128,
	vocab_size: 128_256,
	max_position_embeddings: 131_072,
	torch_dtype: 'bfloat16',
};
const listed = { model_type: 'llama', architectures: ['LlamaForCausalLM'] };
const total = 8_030_261_248;
const repos = [
	fakeRepo({
		id: 'acme/Base-8B',
		downloads: 900,
		tags: ['safetensors', 'license:apache-2.0'],
		config: listed,
		safetensors: { parameters: { BF16: total }, total },
		files: { 'config.json': JSON.stringify(shapes), 'model.safetensors': { seed: 1, size: 3_000_000 } },
	}),
	fakeRepo({
		id: 'acme/Base-8B-4bit',
		downloads: 500,
		tags: ['mlx', 'safetensors', 'base_model:acme/Base-8B', 'base_model:quantized:acme/Base-8B'],
		config: { ...listed, quantization_config: { bits: 4, group_size: 64 } },
		files: {
			'config.json': JSON.stringify({ ...shapes, quantization: { bits: 4, group_size: 64 } }),
			'model.safetensors': { seed: 2, size: 1_000_000 },
		},
	}),
	fakeRepo({ id: 'acme/Vectors', downloads: 100, files: { 'config.json': '{"model_type":"bert"}' } }),
];

let hub: FakeHub;
let app: AppServer;

test.beforeAll(async () => {
	hub = await startFakeHub({ repos });
	app = await startApp({ env: { HF_ENDPOINT: hub.url } });
	await expect
		.poll(async () => (await (await fetch(`${app.url}/api/models?q=acme`)).json()).total, { timeout: 20_000 })
		.toBe(3);
});

test.afterAll(async () => {
	await app.stop();
	await hub.close();
});

async function open(page: Page, path: string): Promise<void> {
	await page.goto(app.url + path);
	await page.locator('html[data-hydrated]').waitFor();
}

async function choose(page: Page, { device, runtime }: { device: string; runtime: string }): Promise<void> {
	await page.getByTestId('place').click();
	const dialog = page.getByRole('dialog', { name: 'Where it should run' });
	await dialog.getByRole('searchbox', { name: 'Search devices' }).fill(device);
	await dialog.getByRole('radio', { name: device }).first().check();
	await dialog.getByRole('combobox', { name: 'Runtime' }).selectOption(runtime);
	await dialog.getByRole('button', { name: 'Done' }).click();
	await expect(dialog).toBeHidden();
}

test('device and runtime chosen in the head change every card, and hold on the next page, drawn by the server', async ({
	page,
}) => {
	await open(page, '/models?q=acme');
	await choose(page, { device: 'RTX 3060 12 GB', runtime: 'vllm' });
	await expect(page.getByTestId('place')).toContainText('RTX 3060');
	const base = shownCards(page).first();
	await expect(base.getByTestId('fit-line')).toHaveAttribute('data-verdict', 'too_big');
	await expect(base.getByTestId('runtime-badge')).toContainText('vLLM');
	await base.getByTestId('runtime-badge').click();
	await expect(page.getByRole('dialog', { name: /Why\? acme\/Base-8B/ })).toContainText('on the list of vLLM');
	await page.keyboard.press('Escape');

	const html = await (await page.request.get(`${app.url}/models?q=acme`)).text();
	expect(html).toContain('Too big');
	expect(html).toContain('vLLM');
	const api = await (await page.request.get(`${app.url}/api/models/fit/acme/Base-8B?device=rtx-3060-12gb`)).json();
	expect(api.have_bytes).toBeGreaterThan(10 * 1024 ** 3);
	const found = await new AxeBuilder({ page }).analyze();
	expect(found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
});

test('the model page adds up the memory at any context, tables the runtimes and recommends a packing', async ({
	page,
}) => {
	await open(page, '/models/acme/Base-8B');
	await choose(page, { device: 'RTX 4090 24 GB', runtime: '' });
	const plan = page.getByTestId('memory-plan');
	await expect(plan).toContainText('KV cache');
	const need = () => plan.locator('tfoot td').innerText();
	const before = await need();
	await plan.getByRole('slider', { name: 'Context' }).press('End');
	await expect(plan).toContainText('131,072 tokens');
	expect(await need()).not.toBe(before);
	await expect(page.getByTestId('runtime-table')).toContainText('llama.cpp');
	await page.getByTestId('runtime-table').getByText('vLLM', { exact: true }).click();
	await expect(page.getByTestId('runtime-table')).toContainText('LlamaForCausalLM is on the list of vLLM');
	await expect(page.getByTestId('variants').getByRole('link')).toHaveCount(2);
	await expect(page.getByText('Recommended here:')).toBeVisible();
});

test('why a model is not in the list, and the list without what hides it', async ({ page }) => {
	await open(page, '/models?q=acme&quantization=4');
	await page.getByRole('button', { name: 'Why isn’t it here?' }).click();
	const dialog = page.getByRole('dialog', { name: 'Why isn’t it here?' });
	await dialog.getByRole('textbox', { name: 'Model' }).fill('acme/Base-8B');
	await dialog.getByRole('textbox', { name: 'Model' }).press('Enter');
	await expect(dialog.getByTestId('hidden-by')).toContainText('4-bit');
	await expect(dialog.getByRole('link', { name: 'acme/Base-8B-4bit' })).toBeVisible();
	await dialog.getByRole('button', { name: 'Drop this filter' }).click();
	await expect(page).toHaveURL(/\/models\?q=acme$/);
	await expect(shownCards(page)).toHaveCount(3);

	await page.getByRole('button', { name: 'Why isn’t it here?' }).click();
	await dialog.getByRole('textbox', { name: 'Model' }).fill('acme/Nothing');
	await dialog.getByRole('textbox', { name: 'Model' }).press('Enter');
	await expect(dialog).toContainText(/not|no /i);
});

test('up to four models are compared, by button and by key', async ({ page }) => {
	await open(page, '/models?q=acme');
	await shownCards(page).first().getByRole('button', { name: 'Compare' }).click();
	await page.keyboard.press('Escape');
	await page.locator('[data-index="1"]:not([data-behind] *)').focus();
	await page.keyboard.press('c');
	await page.getByRole('link', { name: 'Compare 2' }).click();
	await expect(page).toHaveURL(/\/compare\?ids=/);
	const table = page.getByTestId('comparison');
	await expect(table.locator('tr[data-differs="true"]', { hasText: 'Quantization' }).first()).toBeVisible();
	await page.getByRole('checkbox', { name: 'Only what differs' }).click();
	await expect(table.locator('tr[data-differs="false"]')).toHaveCount(0);
	await page.getByRole('button', { name: 'Remove acme/Base-8B-4bit' }).click();
	await expect(table.locator('thead th')).toHaveCount(1);
	await open(page, '/compare');
	await expect(page.getByText('Nothing to compare yet')).toBeVisible();
});

test('one card per base model: its packings open on demand, one is recommended, also in the table and without JavaScript', async ({
	browser,
	page,
}) => {
	await open(page, '/models?q=acme');
	await choose(page, { device: 'RTX 3060 12 GB', runtime: '' });
	await page.getByTestId('group').click();
	await expect(page).toHaveURL(/group=base/);
	await expect(page.getByTestId('result-count')).toContainText('2 base models · 3 of');
	const base = shownCards(page).first();
	await expect(base.getByTestId('packing-line')).toContainText('Take acme/Base-8B-4bit: the largest packing that fits');
	await expect(page.getByTestId('variants')).toHaveCount(0);
	await base.getByRole('button', { name: '1 packing' }).click();
	await expect(page.getByRole('group', { name: 'Packings of acme/Base-8B' }).getByRole('link')).toHaveCount(3);
	await page.locator('[data-index="0"]:not([data-behind] *)').focus();
	await page.keyboard.press('p');
	await expect(page.getByTestId('variants')).toHaveCount(0);
	await page.keyboard.press('v');
	await expect(page.getByTestId('model-row')).toHaveCount(2);
	await page.getByRole('button', { name: '1 packing of acme/Base-8B' }).click();
	await expect(page.getByTestId('packing-row')).toContainText('acme/Base-8B-4bit');
	await expect(page.getByTestId('model-row').first().getByTestId('fit-line')).toHaveAttribute(
		'data-verdict',
		'too_big',
	);
	const found = await new AxeBuilder({ page }).analyze();
	expect(found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);

	const context = await browser.newContext({ javaScriptEnabled: false });
	const plain = await context.newPage();
	await plain.goto(`${app.url}/models?q=acme`);
	await plain.getByTestId('group').click();
	await plain.locator('summary', { hasText: '1 packing' }).click();
	await expect(plain.getByRole('link', { name: 'acme/Base-8B-4bit' }).last()).toBeVisible();
	await context.close();
});

test('a filter by what fits and the cards of its list say the same, with the runtime of the header', async ({
	page,
}) => {
	await open(page, '/models?source=hub');
	await choose(page, { device: 'RTX 3060 12 GB', runtime: 'vllm' });
	for (const view of ['cards', 'table'] as const) {
		await open(page, `/models?source=hub&fits=rtx-4090-24gb&context=32k&view=${view}`);
		const lines = page.getByTestId('fit-line');
		await expect((view === 'cards' ? shownCards(page) : page.getByTestId('model-row')).first()).toBeVisible();
		const verdicts = await lines.evaluateAll((all) => all.map((line) => line.getAttribute('data-verdict')));
		expect(verdicts.length).toBeGreaterThan(40);
		expect([...new Set(verdicts)].filter((verdict) => verdict !== 'fits' && verdict !== 'tight')).toEqual([]);
		await expect(lines.first()).toHaveAttribute('title', /On GeForce RTX 4090/);
	}
});

test('only what a runtime loads and what fits is listed, also without JavaScript', async ({ browser }) => {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	await page.goto(`${app.url}/models?q=acme&runtime=mlx-lm&fits=16GB`);
	await expect(shownCards(page)).toHaveCount(1);
	await expect(shownCards(page)).toContainText('Base-8B-4bit');
	await page.goto(`${app.url}/models?q=acme&runtime=vllm&show_incompatible=true`);
	await expect(shownCards(page)).toHaveCount(3);
	await context.close();
});
