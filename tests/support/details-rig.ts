// The details of a model as the app puts them together, before a fake Hub and beside a folder of copies.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHttpError, isRedirect } from '@sveltejs/kit';
import { afterEach } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import type { ModelDetail } from '#lib/core/model.ts';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { Cards } from '#lib/server/cards.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Configs } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Details } from '#lib/server/details.ts';
import { FileLists } from '#lib/server/file-lists.ts';
import { Headers } from '#lib/server/headers.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { GET } from '../../src/routes/api/models/[...id]/+server.ts';
import { fakeRepo, type FakeRepoOrder } from './fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from './fake-hub.ts';
import { temporaryFolder } from './folder.ts';

export const config = JSON.stringify({
	model_type: 'qwen3',
	architectures: ['Qwen3ForCausalLM'],
	num_hidden_layers: 36,
});

export const qwen: FakeRepoOrder = {
	id: 'Qwen/Qwen3-8B',
	aliases: ['Qwen/Qwen3-8B-old'],
	tags: [
		'transformers',
		'license:apache-2.0',
		'base_model:Qwen/Qwen3-8B-Base',
		'base_model:finetune:Qwen/Qwen3-8B-Base',
	],
	downloads: 11_000_000,
	files: {
		'README.md': '---\nlicense: apache-2.0\n---\n# Qwen3-8B\n\nHello.',
		'config.json': config,
		'model-00001-of-00002.safetensors': { seed: 1, size: 40_000 },
		'model-00002-of-00002.safetensors': { seed: 2, size: 20_000 },
		'onnx/model.onnx': { seed: 3, size: 9_000 },
	},
};

interface HouseOptions {
	/** Milliseconds since 1970. */
	now?: () => number;
	offline?: boolean;
	/** Folder of the model cache on this machine. */
	root?: string;
}

const shelf = temporaryFolder();
export const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

export async function fakeHub(...repos: FakeRepoOrder[]): Promise<FakeHub> {
	const fake = await startFakeHub({ repos: repos.map((repo) => fakeRepo(repo)) });
	ends.push(() => fake.close());
	return fake;
}

export const start = Date.parse('2026-11-21T08:00:00Z');

/** The real classes on a database in memory, as the app makes them. */
export function house(fake: FakeHub, { offline = false, root = '/nowhere', now = () => start }: HouseOptions = {}) {
	const database = openInMemory();
	migrate(database);
	const date = () => new Date(now());
	const clock = { ...machineClock, date };
	const { url } = fake;
	const hub = new Hub({ endpoint: url, token: null, offline, proxy: null, version: '0', clock, random: () => 0.5 });
	// What is shown must not depend on how busy the machine is; the bounds themselves have tests of their own.
	const renderer = new CardRenderer({ budgetMs: 20_000, killMs: 25_000 });
	const catalog = new Catalog(database);
	const inventory = new Inventory({ root });
	const snapshot = { characteristics: () => null };
	const headers = new Headers({ hub, inventory, database, date });
	const configs = new Configs({ hub, headers, inventory, database, catalog, snapshot, clock });
	const cards = new Cards({ database, hub, renderer, local: inventory, hubEndpoint: url, date });
	const files = new FileLists({ database, hub, local: inventory, date });
	const details = new Details({ database, catalog, hub, configs, files, cards, date });
	ends.push(
		() => hub.close(),
		() => renderer.close(),
		async () => configs.close(),
	);
	return { details, catalog, configs, hub };
}

/** A copy of a model in the cache folder of this machine, as every tool leaves it. */
export function copyHere(id: string, commit: string, files: Record<string, string>): string {
	const root = join(shelf, commit);
	const snapshot = join(root, `models--${id.replace('/', '--')}`, 'snapshots', commit);
	mkdirSync(snapshot, { recursive: true });
	for (const [path, text] of Object.entries(files)) writeFileSync(join(snapshot, path), text);
	return root;
}

interface Asked {
	details: Details;
	signal?: AbortSignal;
}

/** Asks the route as SvelteKit would. Resolves with the status and the body, the place of a redirect, or the failure. */
export async function ask(id: string, { details, signal = new AbortController().signal }: Asked) {
	const event = {
		locals: { app: { details } },
		params: { id },
		request: { signal },
		url: new URL('http://localhost/'),
	};
	try {
		const response = await GET(event as unknown as Parameters<typeof GET>[0]);
		return { status: response.status, detail: (await response.json()) as ModelDetail };
	} catch (error) {
		if (isRedirect(error)) return { status: error.status, location: error.location };
		if (isHttpError(error)) return { status: error.status };
		if (error instanceof Failure) return { status: error.status, code: error.code, message: error.message };
		throw error;
	}
}

export async function detailOf(id: string, asked: Asked): Promise<ModelDetail> {
	const { detail } = await ask(id, asked);
	if (detail === undefined) throw new Error(`no detail of ${id}`);
	return detail;
}
