// A classifier with real child processes over folders of tiny models; everything is ended after the file's tests.
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { Classifier, type ClassifyOptions } from '#lib/server/classifier.ts';
import type { Classification, TextItem } from '#lib/core/classify.ts';
import { machineClock } from '#lib/server/clock.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Engines } from '#lib/server/engine/engines.ts';
import { OtherEngines, type OtherEngine } from '#lib/server/engine/other-engines.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { runtimesAt } from '#lib/server/engine/runtime-library.ts';
import { migrate } from '#lib/server/migrations.ts';
import { projectFolder } from './built-server.ts';
import { temporaryFolder } from './folder.ts';
import { putModel, type ModelFiles } from './tiny-graph.ts';

interface RoomOptions {
	models: Record<string, ModelFiles>;
	mostModels?: number | null;
	availableBytes?: () => number;
	capBytes?: number;
	others?: readonly OtherEngine[];
	/** Keep a process in waiting, as a server does? */
	keepsSpare?: boolean;
}

/** Engines and a classifier for models by short name. */
export function engineRoom({
	models,
	mostModels = null,
	availableBytes = () => 64 * 2 ** 30,
	capBytes = 2 ** 40,
	others = [],
	keepsSpare = false,
}: RoomOptions) {
	const store = temporaryFolder();
	for (const [name, files] of Object.entries(models)) putModel(join(store, name), files);
	const database = openInMemory();
	migrate(database);
	const engines = new Engines({
		places: new ModelPlaces({ cache: '/nowhere', inventory: { files: async () => null }, stores: [store] }),
		others: new OtherEngines({ fetch: globalThis.fetch, engines: others }),
		clock: machineClock,
		library: runtimesAt('/nowhere'),
		folder: projectFolder,
		threads: 1,
		availableBytes,
		capBytes,
		mostModels,
		keepsSpare,
	});
	const classifier = new Classifier({ engines, database, clock: machineClock });
	afterAll(async () => {
		await engines.close();
		database.close();
	});
	const sort = async (texts: readonly (string | TextItem)[], options: ClassifyOptions): Promise<Classification[]> => {
		const items = texts.map((text, at) => (typeof text === 'string' ? { id: String(at), text } : text));
		const results: Classification[] = [];
		for await (const result of classifier.classify(items, options)) results.push(result);
		return results;
	};
	return { store, database, engines, classifier, sort };
}
