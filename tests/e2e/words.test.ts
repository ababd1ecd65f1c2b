// Words of strangers that hold HTML: in lists, titles, data of the page and errors, they stay words.
import { expect, test } from '@playwright/test';
import { startApp, type AppServer } from '../support/app-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';

const attack = (name: string) =>
	`</title></script><img src=x onerror="window.hit='${name}'"><script>window.hit='${name}'</script>`;
const config = JSON.stringify({ model_type: attack('type'), architectures: [attack('class')], hidden_size: 64 });

let hub: FakeHub;
let app: AppServer;

test.beforeAll(async () => {
	const repo = fakeRepo({
		id: 'zzink/Words-1B',
		tags: [`license:${attack('licence')}`, attack('tag')],
		library_name: attack('library'),
		pipeline_tag: 'text-generation',
		files: { 'config.json': config, [`${attack('file').replaceAll('/', '')}.safetensors`]: 'x' },
	});
	hub = await startFakeHub({ repos: [repo] });
	app = await startApp({ env: { HF_ENDPOINT: hub.url } });
	await expect
		.poll(async () => (await fetch(`${app.url}/api/models?q=zzink`)).json().then(({ total }) => total))
		.toBe(1);
});

test.afterAll(async () => {
	await app.stop();
	await hub.close();
});

test('[S47] HTML in names, tags, licences, searches and errors stays text everywhere', async ({ page }) => {
	const search = encodeURIComponent(attack('search'));
	const paths = [
		'/models?q=zzink',
		'/models?q=zzink&view=table',
		'/models/zzink/Words-1B',
		`/models?q=${search}`,
		`/models?family=${search}`,
		`/models?sort=${search}`,
		`/models/${search}`,
		`/compare?ids=zzink/Words-1B,${search}`,
	];
	for (const path of paths) {
		const html = await (await fetch(app.url + path)).text();
		expect(html, path).not.toContain("<script>window.hit='");
		expect(html, path).not.toContain('<img src=x');
		await page.goto(app.url + path);
		await page.locator('html[data-hydrated]').waitFor();
		expect(await page.evaluate(() => Reflect.get(window, 'hit')), path).toBeUndefined();
	}
	await page.goto(`${app.url}/models/zzink/Words-1B`);
	await page.locator('html[data-hydrated]').waitFor();
	await expect(page.locator('main')).toContainText(`The model type ${attack('type')} is not on the list of MLX-LM`);
	await page.goto(`${app.url}/models?q=${search}`);
	await expect(page).toHaveTitle(/<img src=x/);
});

test('[S47] an answer to a program is told as JSON', async () => {
	const answer = await fetch(`${app.url}/api/models?sort=${encodeURIComponent(attack('sort'))}`);
	expect(answer.status).toBe(400);
	expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
	expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});
