// Readers of configurations before a fake Hub, with one store, one catalog and one folder of copies.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { Configs, type ConfigLine } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Headers } from '#lib/server/headers.ts';
import type { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { fakeRepo } from './fake-hub-repo.ts';
import { temporaryFolder } from './folder.ts';
import { hubRig } from './hub-rig.ts';
import { VirtualClock } from './virtual-clock.ts';

export const llama = (layers: number) =>
	JSON.stringify({
		model_type: 'llama',
		architectures: ['LlamaForCausalLM'],
		hidden_size: 2048,
		num_hidden_layers: layers,
		num_attention_heads: 16,
		vocab_size: 32000,
		max_position_embeddings: 4096,
		torch_dtype: 'bfloat16',
	});
const curated = {
	config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
	pipeline_tag: 'text-generation',
};
export const sha = { old: '1'.repeat(40), new: '2'.repeat(40) };
const repos = () => [
	fakeRepo({
		id: 'meadow/Open',
		aliases: ['meadow/Old'],
		commits: [
			{ sha: sha.old, files: { 'config.json': llama(8) } },
			{ sha: sha.new, files: { 'config.json': llama(16) } },
		],
		refs: { main: sha.old, v2: sha.new },
	}),
	fakeRepo({ id: 'meadow/Gated', gated: 'manual', files: { 'config.json': llama(8) }, ...curated }),
	fakeRepo({ id: 'meadow/Silent', gated: 'auto', files: { 'config.json': llama(8) }, tags: [] }),
	fakeRepo({
		id: 'shelf/Weights-GGUF',
		files: { 'm-Q4_K_M.gguf': 'x', 'README.md': 'x' },
		config: {},
		tags: ['gguf', 'llama', 'conversational'],
		gguf: { total: 1_000_000_000, architecture: 'llama', context_length: 8192 },
	}),
	fakeRepo({ id: 'meadow/Broken', files: { 'config.json': '{"model_type": "llama", ' } }),
	fakeRepo({ id: 'meadow/Page', files: { 'config.json': '<html>no</html>' } }),
	...Array.from({ length: 30 }, (_, i) => fakeRepo({ id: `many/Model-${i}`, files: { 'config.json': llama(i + 1) } })),
];

export const clock = new VirtualClock();
export const { fake, hub, another } = await hubRig({
	repos: repos(),
	clock,
	now: clock.now,
	quotas: { api: 100_000, resolvers: 100_000 },
	users: [{ token: 'hf_in', name: 'ada', accepted: ['meadow/Gated'] }],
});
export const database = openInMemory();
migrate(database);
export const catalog = new Catalog(database);
export const root = join(temporaryFolder(), 'hub');
export const shipped = new Map<string, ModelCharacteristics>();
export const made: Configs[] = [];
afterAll(() => {
	for (const configs of made) configs.close();
	database.close();
});

/** A reader with the shared store; another client of the Hub when told. */
export function reader(client: Hub = hub): Configs {
	const inventory = new Inventory({ root });
	const snapshot = { characteristics: (id: string) => shipped.get(id) ?? null };
	const headers = new Headers({ hub: client, inventory, database, date: () => clock.date() });
	const configs = new Configs({ hub: client, headers, inventory, database, catalog, snapshot, clock });
	made.push(configs);
	return configs;
}

export const inSnapshot = (id: string) =>
	normalize({
		id,
		source: 'snapshot',
		revision: null,
		fetchedAt: '2026-05-01',
		config: llama(4),
		configFile: 'a list',
	});

beforeEach(() => {
	fake.clearFaults();
	fake.world.set(repos());
	for (const table of ['configs', 'fetch_states', 'listings', 'headers']) database.run(`DELETE FROM ${table}`);
	shipped.clear();
	rmSync(root, { recursive: true, force: true });
	fake.resetStats();
});

export async function collectLines(lines: AsyncIterable<ConfigLine>): Promise<ConfigLine[]> {
	const all: ConfigLine[] = [];
	for await (const line of lines) all.push(line);
	return all;
}
