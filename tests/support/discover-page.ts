// The page of discovery before a fake Hub whose models settle in every way there is.
import { expect, type Page } from '@playwright/test';
import { startApp, type AppServer } from './app-server.ts';
import { fakeRepo, type FakeRepoOrder } from './fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from './fake-hub.ts';

const config = (model_type: string, architecture: string) =>
	JSON.stringify({ model_type, architectures: [architecture], max_position_embeddings: 4096 });
const llama = config('llama', 'LlamaForCausalLM');

/** A repository whose list fields tell nothing: its config has to be read. */
const silent = (id: string, order: Partial<FakeRepoOrder> = {}) =>
	fakeRepo({ id, tags: [], files: { 'config.json': llama, 'tokenizer.json': '{}' }, ...order });

export const ownToken = 'hf_someones_own';

const curated = [
	fakeRepo({
		id: 'sentence-transformers/all-MiniLM-L6-v2',
		downloads: 9000,
		pipeline_tag: 'sentence-similarity',
		library_name: 'sentence-transformers',
		config: { model_type: 'bert', architectures: ['BertModel'] },
	}),
	silent('meadow/Alpaco-8B', { downloads: 8000 }),
	silent('meadow/Reader', { downloads: 7000, files: { 'config.json': config('bert', 'BertForMaskedLM') } }),
	silent('shelf/Llama-2-7B-weights', { downloads: 6000, files: { 'README.md': '# none' } }),
	silent('meadow/Locked', { downloads: 5000, gated: 'manual' }),
	silent('meadow/Mystery', { downloads: 4000, files: { 'config.json': config('oddity', 'OddThing') } }),
	silent('meadow/Broken', { downloads: 3000 }),
	silent('meadow/Slow', { downloads: 2000 }),
];

export let hub: FakeHub;
export let app: AppServer;

export async function setUp(): Promise<void> {
	hub = await startFakeHub({
		repos: curated,
		users: [{ token: ownToken, name: 'someone', accepted: ['meadow/Locked'] }],
	});
	app = await startApp({ env: { HF_ENDPOINT: hub.url } });
}

export async function tearDown(): Promise<void> {
	await app.stop();
	await hub.close();
}

export async function open(page: Page, path = '/discover'): Promise<void> {
	await page.goto(app.url + path);
	await page.locator('html[data-hydrated]').waitFor();
	await expect(page.getByRole('main').getByRole('button', { name: 'Discover', exact: true })).toBeEnabled();
}

export const start = (page: Page) =>
	page.getByRole('main').getByRole('button', { name: 'Discover', exact: true }).click();
export const row = (page: Page, id: string) => page.locator(`[data-testid=discovery-row][data-model="${id}"]`);
export const summary = (page: Page) => page.getByTestId('discovery-summary');
export const tab = (page: Page, name: RegExp) =>
	page.getByRole('group', { name: 'Show' }).getByRole('button', { name });

/** Holds back the config of the slow model until the answer is called for. */
export const holdSlow = () =>
	hub.fault({ match: 'Slow/resolve', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
