// Children with tiny models for tests: each is ended after the file's tests, whatever happened to it.
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import { ChildEngine } from '#lib/server/engine/child-engine.ts';
import type { Stage } from '#lib/server/engine/messages.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { runtimesAt } from '#lib/server/engine/runtime-library.ts';
import { projectFolder } from './built-server.ts';
import { temporaryFolder } from './folder.ts';
import { putModel, type ModelFiles } from './tiny-graph.ts';

const noCache = { cache: '/nowhere', inventory: { files: async () => null }, stores: [] };
let count = 0;

/** Writes the model into a folder of its own and gives an engine for it. */
export async function engineFor(files: ModelFiles, limits?: Partial<Record<Stage, number>>): Promise<ChildEngine> {
	count += 1;
	const folder = putModel(join(temporaryFolder(), `model-${count}`), files);
	const place = await new ModelPlaces(noCache).find(folder, { allowFolder: true });
	const engine = new ChildEngine({
		place,
		clock: machineClock,
		library: runtimesAt('/nowhere'),
		folder: projectFolder,
		threads: 1,
		...(limits === undefined ? {} : { limits }),
	});
	afterAll(() => engine.unload());
	return engine;
}

/** Does a process of this number run? */
export function isRunning(pid: number | null): boolean {
	if (pid === null) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
