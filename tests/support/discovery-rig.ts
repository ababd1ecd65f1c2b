// A discovery over a fake Hub with everything it keeps things in, and ways to look at what it says.
import { randomUUID } from 'node:crypto';
import { afterAll, expect } from 'vitest';
import {
	applyDiscovery,
	newDiscovery,
	type DiscoveryDone,
	type DiscoveryMessage,
	type DiscoveryParams,
	type DiscoveryProgress,
	type DiscoveryState,
} from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock, type Clock } from '#lib/server/clock.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { noWatch, type DiscoveryWatch } from '#lib/server/discovery-watch.ts';
import { Discovery } from '#lib/server/discovery.ts';
import type { Hub } from '#lib/server/hub.ts';
import { Headers } from '#lib/server/headers.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { fakeRepo, type FakeRepo, type FakeRepoOrder } from './fake-hub-repo.ts';

interface RigOptions {
	hub: Hub;
	clock?: Clock;
	database?: Database;
	watch?: Partial<DiscoveryWatch>;
	/** Folder with models of this machine; none when left out. */
	cache?: string;
}

export interface DiscoveryRig {
	discovery: Discovery;
	database: Database;
	catalog: Catalog;
	/** Starts a run and reads it to its end. */
	run(params?: DiscoveryParams, id?: string): Promise<Told>;
}

/** The text of a small config. */
export const config = (type: string, architecture: string) =>
	JSON.stringify({ model_type: type, architectures: [architecture], max_position_embeddings: 4096 });

/** A repository whose list fields tell nothing: its config has to be read. */
export const silent = (id: string, order: Partial<FakeRepoOrder> = {}) =>
	fakeRepo({
		id,
		tags: [],
		files: { 'config.json': config('llama', 'LlamaForCausalLM'), 'tokenizer.json': '{}' },
		...order,
	});

/** So many of them, most downloaded first. */
export const silentModels = (count: number): FakeRepo[] =>
	Array.from({ length: count }, (_, i) => silent(`many/Model-${i}`, { downloads: 1_000_000 - i }));

/** A whole run as a caller saw it. */
export interface Told {
	messages: DiscoveryMessage[];
	progress: DiscoveryProgress[];
	done: DiscoveryDone;
	/** What the messages fold into, taken just before the last one. */
	state: DiscoveryState;
	model(id: string): ModelEntry;
	/** Statuses told of a model, in order. */
	story(id: string): string[];
}

/** What a caller makes of messages; fails when the run did. */
export function told(messages: DiscoveryMessage[], id = messages[0]?.id ?? ''): Told {
	const last = messages.at(-1);
	if (last?.action !== 'listChatModels:done') throw new Error(`not done: ${JSON.stringify(last)}`);
	const progress = messages.filter((message) => message.action === 'listChatModels:progress');
	const state = newDiscovery(id);
	for (const message of progress) applyDiscovery(state, message);
	return {
		messages,
		progress,
		done: last,
		state,
		model: (name) => {
			const found = last.models.find((model) => model.id === name);
			if (found === undefined) throw new Error(`${name} is not in the result`);
			return found;
		},
		story: (name) => progress.filter(({ modelId }) => modelId === name).map(({ status }) => status),
	};
}

/** Every message of a run. */
export async function collectMessages(run: AsyncIterable<DiscoveryMessage>): Promise<DiscoveryMessage[]> {
	const messages: DiscoveryMessage[] = [];
	for await (const message of run) messages.push(message);
	return messages;
}

/** Makes a discovery; it and its database are closed after the file's tests. */
export function discoveryRig({ hub, clock = machineClock, watch = {}, cache = '/nonexistent', ...given }: RigOptions) {
	const database = given.database ?? openInMemory();
	migrate(database);
	const catalog = new Catalog(database);
	const inventory = new Inventory({ root: cache });
	const discovery = new Discovery({
		hub,
		clock,
		database,
		catalog,
		headers: new Headers({ hub, inventory, database, date: () => clock.date() }),
		inventory,
		snapshot: { characteristics: () => null },
		watch: { ...noWatch, ...watch },
		newId: randomUUID,
		onBug: (error) => expect.fail(String(error instanceof Error ? error.stack : error)),
	});
	afterAll(async () => {
		await discovery.close();
		if (given.database === undefined) database.close();
	});
	const run = async (params: DiscoveryParams = {}, id?: string) => {
		const { signal } = new AbortController();
		return told(await collectMessages(discovery.start({ id, params }, { signal })));
	};
	const rig: DiscoveryRig = { discovery, database, catalog, run };
	return rig;
}
