// Models without a config.json where one is expected: a config a folder deeper, and adapters, whichever way they are asked.
import { describe, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import type { FakeRepoOrder } from '../support/fake-hub-repo.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { another, catalog, fake, llama, reader } from '../support/configs-rig.ts';

function world(...orders: FakeRepoOrder[]): void {
	fake.world.set(orders.map((order) => fakeRepo({ tags: [], ...order })));
	catalog.upsert(orders.map(({ id }) => recordFromListing({ id }, 'hub', '2026-06-01')));
}

const adapter = (content: object): FakeRepoOrder['files'] => ({
	'adapter_config.json': JSON.stringify({ peft_type: 'LORA', ...content }),
	'adapter_model.safetensors': 'x',
});

describe('a config a folder deeper', () => {
	it('is read like any other, and names its place', async () => {
		world({ id: 'deep/One', files: { 'config/config.json': llama(8), 'model.safetensors': 'x' } });
		const c = await reader().read('deep/One');
		expect(c).toMatchObject({ source: 'hub', config_status: 'ok', model_type: 'llama', num_hidden_layers: 8 });
		expect(c.evidence['model_type']).toMatchObject({ file: 'config/config.json', path: 'model_type' });
		expect(catalog.entry('deep/One')).toMatchObject({ classification: 'gen', fetchStatus: 'ok' });
		fake.resetStats();
		expect(await reader().read('deep/One')).toMatchObject({ source: 'cache', num_hidden_layers: 8 });
		expect(fake.stats.requests).toEqual([]);
	});

	it('is not asked for where the list of files has none', async () => {
		world({ id: 'deep/None', files: { 'README.md': 'x' } });
		expect(await reader().read('deep/None')).toMatchObject({ config_status: 'missing', model_type: null });
		expect(fake.count('config/config.json')).toBe(0);
	});
});

describe('an adapter', () => {
	it('is what its base is, says so, and is kept', async () => {
		const files = adapter({ base_model_name_or_path: 'far/Base', task_type: 'CAUSAL_LM' });
		world({ id: 'deep/Lora', files }, { id: 'far/Base', files: { 'config.json': llama(8) } });
		const c = await reader().read('deep/Lora');
		expect(c).toMatchObject({
			config_status: 'missing',
			classification: 'gen',
			architecture_family: 'Llama',
			context_window: 4096,
			is_multimodal: false,
			num_hidden_layers: null,
		});
		const base = { file: 'adapter_config.json', path: 'base_model_name_or_path' };
		for (const field of ['classification', 'architecture_family', 'context_window', 'is_multimodal']) {
			expect([field, c.evidence[field]]).toMatchObject([field, base]);
		}
		const row = { classification: 'gen', architecture_family: 'Llama', context_window: 4096, is_multimodal: false };
		expect(catalog.entry('deep/Lora')).toMatchObject(row);
		fake.resetStats();
		expect(await reader().read('deep/Lora')).toMatchObject({ source: 'cache', ...row });
		expect(fake.stats.requests).toEqual([]);
	});

	it('is what its task says when its base cannot be read, and nothing without one', async () => {
		world(
			{ id: 'deep/Judge', files: adapter({ base_model_name_or_path: 'far/Locked', task_type: 'SEQ_CLS' }) },
			{ id: 'deep/Mute', files: adapter({ base_model_name_or_path: './checkpoints/7' }) },
			{ id: 'far/Locked', gated: 'manual', files: { 'config.json': llama(8) } },
		);
		const judge = await reader().read('deep/Judge');
		expect(judge).toMatchObject({ classification: 'encoder', confidence: 'low', architecture_family: 'Unknown' });
		expect(judge.evidence['classification']).toMatchObject({ file: 'adapter_config.json', path: 'task_type' });
		expect(await reader().read('deep/Mute')).toMatchObject({ classification: 'unknown', conflicts: [] });
	});

	it('that names another adapter, which names it, ends', async () => {
		world(
			{ id: 'deep/Hen', files: adapter({ base_model_name_or_path: 'deep/Egg' }) },
			{ id: 'deep/Egg', files: adapter({ base_model_name_or_path: 'deep/Hen' }) },
		);
		const configs = reader();
		const both = await Promise.all([configs.read('deep/Hen'), configs.read('deep/Egg')]);
		expect(both.map(({ classification }) => classification)).toEqual(['unknown', 'unknown']);
	});

	it('is told as far as it is known when the Hub goes away in the middle', async () => {
		world({ id: 'deep/Cut', files: adapter({ base_model_name_or_path: 'far/Base' }) });
		fake.fault({ match: 'adapter_config.json', fault: { kind: 'limited', seconds: 300 }, times: 9 });
		const c = await reader(another()).read('deep/Cut');
		expect(c).toMatchObject({ config_status: 'missing', classification: 'unknown' });
		expect(c.warnings.join(' ')).toContain('Not checked with the Hub');
	});
});
