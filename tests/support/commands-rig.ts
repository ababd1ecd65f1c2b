// The built command line in front of a fake Hub with a small, a packed, a closed and a hostile model.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { ensureBuilt, modeldex } from './built-server.ts';
import { fakeRepo } from './fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from './fake-hub.ts';

const config = { model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 64, num_hidden_layers: 2 };
const shapes = {
	...{ ...config, hidden_size: 512, num_hidden_layers: 8, num_attention_heads: 8, num_key_value_heads: 2 },
	...{ intermediate_size: 1024, vocab_size: 32_000, max_position_embeddings: 4096, torch_dtype: 'bfloat16' },
};
export const evil = 'org/evil';
vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

export let home: string;
export let hub: FakeHub;
export let env: NodeJS.ProcessEnv;

beforeAll(async () => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-commands-'));
	const trap = { ...config, model_type: 'x\u001b[2J\u009b31m\u202egnp', architectures: ['A\r\nB'] };
	hub = await startFakeHub({
		repos: [
			fakeRepo({ id: 'org/small', files: { 'config.json': JSON.stringify(config) } }),
			fakeRepo({ id: 'org/gguf', tags: ['gguf'], gguf: { architecture: 'llama' }, files: { 'm-Q4_K_M.gguf': 'GGUF' } }),
			fakeRepo({
				id: 'org/fits',
				files: {
					'config.json': JSON.stringify(shapes),
					'model.safetensors': { seed: 1, size: 1_000_000 },
				},
			}),
			fakeRepo({ id: evil, files: { 'config.json': JSON.stringify(trap) } }),
			fakeRepo({ id: 'org/closed', gated: 'manual', files: { 'config.json': JSON.stringify(config) } }),
		],
	});
	env = { MODELDEX_HOME: join(home, 'data'), HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
}, 180_000);
afterAll(async () => {
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

export const run = (words: string, more: NodeJS.ProcessEnv = {}) => modeldex(words.split(' '), { ...env, ...more });
