// What a finished download means to the rest of the app: it is on the shelf, and its short name is pinned.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { orderOf } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/folder.ts';

const id = 'Xenova/bge-m3';
const config = JSON.stringify({ model_type: 'xlm-roberta', architectures: ['XLMRobertaModel'] });
let fake: FakeHub;
let app: App;
beforeAll(async () => {
	const files = { 'config.json': config, 'tokenizer.json': '{}', 'onnx/model.onnx': { seed: 3, size: 50_000 } };
	fake = await startFakeHub({ repos: [fakeRepo({ id, files })] });
	const home = temporaryFolder();
	const env = { HOME: home, MODELDEX_HOME: join(home, 'data'), HF_ENDPOINT: fake.url };
	app = await createApp({ settings: readSettings(env, () => null), version: '0', background: false });
});
afterAll(async () => {
	await app.close();
	await fake.close();
});

describe('a finished download', () => {
	it('is on the shelf, and its short name is pinned to the commit it brought', async () => {
		expect(app.pins.of('bge-m3')).toBeNull();
		const order = orderOf(id, { files: ['config.json', 'onnx/model.onnx'] });
		const { id: download } = await app.downloads.order(order);
		await expect(app.local.remove(id)).rejects.toMatchObject({ code: 'not_installed' });
		let last = app.downloads.read(download);
		for await (const now of app.downloads.follow(download, new AbortController().signal)) last = now;
		expect(last).toMatchObject({ state: 'ready', error: null });
		expect(app.pins.of('bge-m3')).toMatchObject({ id, revision: last.revision });
		expect(app.pins.of('bge-m3')?.files.map(({ path }) => path)).toEqual(['config.json', 'onnx/model.onnx']);
		const { revision } = await app.local.pick(id).then(({ copy }) => copy);
		expect(revision).toBe(last.revision);
	});
});
