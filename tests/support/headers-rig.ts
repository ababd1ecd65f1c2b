// Readers of headers and configurations before a fake Hub with GGUF repositories whole, split, broken and gated.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Configs } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Headers } from '#lib/server/headers.ts';
import type { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { fakeRepo, type FakeContent } from './fake-hub-repo.ts';
import { temporaryFolder } from './folder.ts';
import { mixture, tinyModel } from './gguf-models.ts';
import { ggufSize, writeGguf, type GgufFile } from './gguf-writer.ts';
import { hubRig } from './hub-rig.ts';
import { writeSafetensors } from './safetensors-writer.ts';

export const tiny = writeGguf(tinyModel());
const split = (number: number): GgufFile => ({
	keys: {
		...(number === 0 ? tinyModel().keys : {}),
		'split.no': { type: 'u16', value: number },
		'split.count': { type: 'u16', value: 3 },
	},
	tensors: [{ name: `blk.${number}.ffn_up.weight`, dims: [64, 10], type: 'Q4_0' }],
});
const parts = Object.fromEntries(
	[0, 1, 2].map((number): [string, FakeContent] => [
		`Q4_0/tiny-Q4_0-0000${number + 1}-of-00003.gguf`,
		writeGguf(split(number)),
	]),
);
/** A file of 18 GB: a true header, and zeros that nobody ever asks for. */
const large: FakeContent = { seed: 1, size: ggufSize(mixture), head: writeGguf({ ...mixture, bare: true }) };
const gguf = { tags: ['gguf'], gguf: { total: 5, architecture: 'llama', context_length: 4096 } };
const repos = [
	fakeRepo({
		id: 'shelf/Tiny-GGUF',
		...gguf,
		files: { 'tiny-Q8_0.gguf': writeGguf(tinyModel({}, 'Q8_0')), 'tiny-Q4_K_M.gguf': tiny, 'mmproj-tiny.gguf': 'x' },
	}),
	fakeRepo({ id: 'shelf/Large-GGUF', ...gguf, files: { 'large-Q4_K_M.gguf': large } }),
	fakeRepo({ id: 'shelf/Split-GGUF', ...gguf, files: parts }),
	fakeRepo({ id: 'shelf/Broken-GGUF', ...gguf, files: { 'broken-Q4_0.gguf': Buffer.alloc(5000, 7) } }),
	fakeRepo({ id: 'shelf/Gated-GGUF', ...gguf, gated: 'manual', files: { 'tiny-Q4_0.gguf': tiny } }),
	fakeRepo({
		id: 'shelf/Plain',
		files: {
			'config.json': JSON.stringify({ model_type: 'llama', hidden_size: 64, num_hidden_layers: 2 }),
			'model.safetensors': writeSafetensors({ 'lm_head.weight': { type: 'BF16', shape: [96, 64] } }),
			'tiny-Q4_0.gguf': tiny,
			'notes.txt': 'hello',
		},
	}),
];
const users = [{ token: 'hf_in', name: 'ada', accepted: ['shelf/Gated-GGUF'] }];
export const { fake, hub, another } = await hubRig({ repos, users });
export const database = openInMemory();
migrate(database);
export const catalog = new Catalog(database);
export const root = join(temporaryFolder(), 'hub');
const made: { close(): void }[] = [];
const date = () => new Date('2026-11-21T08:00:00Z');
const clock = { ...machineClock, date };
afterAll(() => {
	for (const one of made) one.close();
	database.close();
});
beforeEach(() => {
	fake.clearFaults();
	for (const table of ['configs', 'fetch_states', 'listings', 'headers']) database.run(`DELETE FROM ${table}`);
	rmSync(root, { recursive: true, force: true });
	fake.resetStats();
});

export function readers(client: Hub = hub) {
	const inventory = new Inventory({ root });
	const headers = new Headers({ hub: client, inventory, database, date });
	const snapshot = { characteristics: () => null };
	const configs = new Configs({ hub: client, headers, inventory, database, catalog, snapshot, clock });
	made.push(configs, headers);
	return { headers, configs };
}

export const shaOf = (id: string) => repos.find((repo) => repo.id === id)?.refs['main'] ?? '';
