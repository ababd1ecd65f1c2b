// One engine behind page and command line: the model page's memory plan and the list's card say what `modeldex fit` says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fit, fitPlace, fitRow, type CacheBits, type FitSubject } from '#lib/core/fit.ts';
import { writePlace } from '#lib/core/place.ts';
import type { ListPage } from '#lib/core/query.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { load as loadList } from '../../src/routes/models/+page.server.ts';
import { load as loadModel } from '../../src/routes/models/[...id]/+page.server.ts';
import { ensureBuilt, modeldex } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';

vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

const shapes = {
	...{ model_type: 'gemma2', architectures: ['Gemma2ForCausalLM'], hidden_size: 2304, num_hidden_layers: 26 },
	...{ num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256, intermediate_size: 9216, vocab_size: 256_000 },
	...{ max_position_embeddings: 8192, sliding_window: 4096, torch_dtype: 'bfloat16' },
};
const total = 2_614_341_888;

let home: string;
let hub: FakeHub;
let app: App;

beforeAll(async () => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-page-fit-'));
	const { model_type, architectures } = shapes;
	const files = { 'config.json': JSON.stringify(shapes), 'model.safetensors': { seed: 1, size: 5_000_000 } };
	const listed = { config: { model_type, architectures }, safetensors: { parameters: { BF16: total }, total } };
	hub = await startFakeHub({ repos: [fakeRepo({ id: 'org/two', tags: ['safetensors'], files, ...listed })] });
	const settings = readSettings({ MODELDEX_HOME: join(home, 'page'), HOME: home, HF_ENDPOINT: hub.url }, () => null);
	app = await createApp({ settings, version: '1.2.3', background: false });
}, 180_000);
afterAll(async () => {
	await app.close();
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

interface Asked {
	device: string;
	context: number;
	runtime: 'vllm' | 'llama.cpp' | 'transformers' | null;
	cacheBits: CacheBits;
}

/** What the command prints for scripts. */
async function told({ device, context, runtime, cacheBits }: Asked) {
	const words = ['fit', 'org/two', '--device', device, '--context', String(context), '--cache-bits', String(cacheBits)];
	const env = { MODELDEX_HOME: join(home, 'command'), HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
	const { stdout } = await modeldex([...words, ...(runtime === null ? [] : ['--runtime', runtime]), '--json'], env);
	const { schemaVersion, ...answer } = JSON.parse(stdout);
	expect(schemaVersion).toBe(1);
	return answer;
}

/** The page's memory plan at this place, as the browser works it out of what the server sends. */
async function planned({ device, context, runtime, cacheBits }: Asked) {
	const url = new URL('http://127.0.0.1/models/org/two?whole=1');
	const cookies = { get: () => writePlace({ runtime, context, cacheBits }) };
	const event = { url, cookies, locals: { app }, params: { id: 'org/two' }, request: new Request(url) };
	const data = (await loadModel(event as unknown as Parameters<typeof loadModel>[0])) as {
		memory: { now: FitSubject | null };
	};
	if (data.memory.now === null) throw new Error('The page has no memory plan.');
	const place = { device: await app.hardware.device(device), runtime, cacheBits };
	return fit(data.memory.now, { ...place, contextTokens: context });
}

const places: Asked[] = [
	{ device: 'rtx-3060-12gb', context: 8192, runtime: null, cacheBits: 16 },
	{ device: 'rtx-3060-12gb', context: 4096, runtime: 'vllm', cacheBits: 8 },
	{ device: '6GB', context: 65_536, runtime: 'llama.cpp', cacheBits: 4 },
	{ device: '900MB', context: 8192, runtime: 'transformers', cacheBits: 16 },
];

describe('the page and the command', () => {
	it.each(places)('say the same at $device, $context tokens, $runtime and $cacheBits bits', async (asked) => {
		const answer = await told(asked);
		expect(await planned(asked)).toEqual(answer);
		expect(answer.terms.length).toBeGreaterThan(2);
	});

	it('and a card once its model was read, by verdict, need and error', async () => {
		const [asked] = places;
		if (asked === undefined) throw new Error('There is no place.');
		const answer = await told({ ...asked, device: '64GB' });
		await planned(asked);
		const url = new URL(`http://127.0.0.1/models?q=org/two&source=all`);
		const event = { url, locals: { app }, cookies: { get: () => writePlace({ ...asked, runtime: null }) } };
		const { list } = (await loadList(event as unknown as Parameters<typeof loadList>[0])) as { list: ListPage };
		const [card] = list.models;
		if (card === undefined) throw new Error('The list does not have it.');
		const place = fitPlace({ device: await app.hardware.device('64GB') });
		const row = fitRow(card, place, asked.context);
		const cache = ({ terms }: typeof answer) => terms.find(({ name }: { name: string }) => name === 'KV cache').bytes;
		expect(row.verdict).toBe(answer.verdict);
		// The card counts the parameters where the command weighs the files; the cache is the same to the byte.
		const weights = card.fit?.weights_bytes ?? 0;
		const overhead = Math.max(512 * 1024 ** 2, Math.round(weights * 0.06));
		const windows = answer.terms.find(({ name }: { name: string }) => name.includes('sliding'))?.bytes ?? 0;
		expect((row.need_bytes ?? 0) - weights - overhead).toBe(cache(answer) + windows);
	});
});
