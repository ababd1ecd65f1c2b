// The models page beside a Hub that answers, and one that does not: refresh, badges that arrive, trouble, own models.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { shownCards } from '../support/shown-cards.ts';

const config = (context: number) =>
	JSON.stringify({
		model_type: 'llama',
		architectures: ['LlamaForCausalLM'],
		hidden_size: 2048,
		num_hidden_layers: 16,
		num_attention_heads: 32,
		num_key_value_heads: 8,
		intermediate_size: 8192,
		vocab_size: 128_256,
		max_position_embeddings: context,
		torch_dtype: 'bfloat16',
	});
const listed = {
	config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
	pipeline_tag: 'text-generation',
	tags: ['license:mit'],
};

const repos = [
	fakeRepo({ id: 'zzmeadow/Fresh-1B', downloads: 900, files: { 'config.json': config(24_576) }, ...listed }),
	fakeRepo({ id: 'zzstorm/Broken-1B', downloads: 800, files: { 'config.json': config(4096) }, ...listed }),
	fakeRepo({
		id: 'zzmeadow/Locked-1B',
		downloads: 700,
		gated: 'manual',
		files: { 'config.json': config(4096) },
		...listed,
	}),
];

const cache = mkdtempSync(join(tmpdir(), 'modeldex-cache-'));
let hub: FakeHub;
let app: AppServer;
let own: AppServer;

test.beforeAll(async () => {
	cacheModel(cache, { id: 'shelf/Mine-1B', commit: 'a'.repeat(40), files: { 'config.json': config(16_384) } });
	hub = await startFakeHub({ repos });
	[app, own] = await Promise.all([
		startApp({ env: { HF_ENDPOINT: hub.url } }),
		startApp({ env: { HF_HUB_CACHE: cache } }),
	]);
	await expect
		.poll(async () => (await fetch(`${app.url}/api/models?q=zzmeadow`)).json().then(({ total }) => total))
		.toBe(2);
});

test.afterAll(async () => {
	await Promise.all([app.stop(), own.stop()]);
	await hub.close();
	rmSync(cache, { recursive: true, force: true });
});

const card = (page: Page, name: string) => shownCards(page).filter({ hasText: name });

async function open(page: Page, url: string): Promise<void> {
	await page.goto(url);
	await page.locator('html[data-hydrated]').waitFor();
}

test('what the Hub lists is in the catalog, and a visible card gets the context of its config', async ({ page }) => {
	await open(page, `${app.url}/models?q=zzmeadow`);
	await expect(card(page, 'Fresh-1B')).toContainText('24,576 ctx');
	await expect(card(page, 'Fresh-1B')).toContainText('16-bit');
	await expect(page.getByText(/offline/i)).toHaveCount(0);
	await card(page, 'Fresh-1B').getByRole('button', { name: 'Show specs' }).click();
	await expect(card(page, 'Fresh-1B').getByText('24,576 tokens').first()).toBeVisible();
	expect(hub.count('Fresh-1B/resolve')).toBeLessThanOrEqual(2);
	await page.reload();
	await expect(card(page, 'Fresh-1B')).toContainText('24,576 ctx');
	expect(hub.count('Fresh-1B/resolve')).toBeLessThanOrEqual(2);
});

test('a gated model keeps its class and shows the lock', async ({ page }) => {
	await open(page, `${app.url}/models?q=Locked-1B`);
	await expect(card(page, 'Locked-1B').getByText('Gated', { exact: true })).toBeAttached();
	await expect(card(page, 'Locked-1B')).toContainText('Llama');
});

test('a config that cannot be read says so on its card, and can be tried again', async ({ page }) => {
	const mend = hub.fault({ match: 'Broken-1B/resolve', fault: { kind: 'status', status: 500 } });
	await open(page, `${app.url}/models?q=Broken-1B`);
	const retry = card(page, 'Broken-1B').getByRole('button', { name: /retry|try again/i });
	await expect(retry).toBeVisible({ timeout: 20_000 });
	mend();
	await retry.click();
	await expect(card(page, 'Broken-1B')).toContainText('4,096 ctx');
	await expect(retry).toHaveCount(0);
});

test('models on this machine come first, with facts from their own files', async ({ page }) => {
	await open(page, `${own.url}/models`);
	await expect(page.getByRole('link', { name: 'My models 1' })).toHaveAttribute('aria-current', 'true');
	await expect(shownCards(page)).toHaveCount(1);
	await expect(card(page, 'Mine-1B')).toContainText('16,384 ctx');
	await card(page, 'Mine-1B').getByRole('button', { name: 'Show specs' }).click();
	await expect(card(page, 'Mine-1B').getByText(/Read from this machine/)).toBeVisible();
	await page.getByRole('link', { name: /^Catalog/ }).click();
	await expect(shownCards(page)).toHaveCount(50);
});
