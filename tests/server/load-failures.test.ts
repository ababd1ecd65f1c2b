// A model that is here and cannot be loaded is counted; one that is not here is not.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cacheModel } from '../support/hub-cache.ts';

const id = 'org/broken';
let app: App;
beforeAll(async () => {
	const home = temporaryFolder();
	const env = { HOME: home, MODELDEX_HOME: join(home, 'data'), HF_HUB_OFFLINE: '1' };
	const config = JSON.stringify({ model_type: 'bert', architectures: ['BertModel'] });
	const files = { 'config.json': config, 'tokenizer.json': '{}', 'onnx/model.onnx': 'not a model' };
	cacheModel(join(home, '.cache', 'huggingface', 'hub'), { id, commit: 'a'.repeat(40), files });
	app = await createApp({ settings: readSettings(env, () => null), version: '0', background: false });
});
afterAll(() => app.close());

describe('models that did not load', () => {
	it('are counted by their code, each time', async () => {
		const failed = await app.engines.acquire(id, {}).catch((error: { code: string }) => error.code);
		await expect(app.engines.acquire(id, {})).rejects.toMatchObject({ code: failed });
		expect(app.telemetry.report().loader_failures).toMatchObject([{ model_id: id, code: failed, count: 2 }]);
	});

	it('are not those that are not here', async () => {
		await expect(app.engines.acquire('org/absent', {})).rejects.toMatchObject({ code: 'model_not_installed' });
		expect(app.telemetry.report().loader_failures.map((failure) => failure.model_id)).toEqual([id]);
	});
});
