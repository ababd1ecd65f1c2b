// A machine with the folders of three tools, and an app that looks after the models in them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { temporaryFolder } from './folder.ts';
import { writeGguf } from './gguf-writer.ts';

export const a = 'a'.repeat(40);
export const config = JSON.stringify({
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	hidden_size: 64,
	num_hidden_layers: 2,
});
export const weights = 'weights'.repeat(20);
export const gguf = writeGguf({ keys: { 'general.architecture': 'llama', 'llama.context_length': 4096 }, tensors: [] });

const apps: App[] = [];
afterAll(async () => {
	for (const app of apps) await app.close();
});

/** An app over fresh folders of every tool. */
export async function machine() {
	const home = temporaryFolder();
	const env = { HOME: home, MODELDEX_HOME: join(home, 'data'), HF_HUB_OFFLINE: '1' };
	const app = await createApp({ settings: readSettings(env, () => null), version: '0', background: false });
	apps.push(app);
	const cache = join(home, '.cache', 'huggingface', 'hub');
	const studio = join(home, '.lmstudio', 'models');
	const ollama = join(home, '.ollama', 'models');
	for (const folder of [cache, studio, ollama]) mkdirSync(folder, { recursive: true });
	return { home, app, local: app.local, cache, studio, ollama };
}

export async function failure(work: Promise<unknown>): Promise<unknown> {
	return work.then(
		() => 'no failure',
		(error) => ({ code: error.code, message: error.message }),
	);
}
