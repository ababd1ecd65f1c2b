// The readers of core as they ship: bundled. The test runner's own modules answer every imported name with a getter,
// which makes a reader of many small functions a seventh slower than in the program that people run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { projectFolder } from '../support/built-server.ts';

type Characteristics = typeof import('#lib/core/characteristics.ts');
type ConfigText = typeof import('#lib/core/config-text.ts');
type Entry = typeof import('#lib/core/entry.ts');
type Compatibility = typeof import('#lib/core/compatibility.ts');
type RunFacts = typeof import('#lib/core/run-facts.ts');
type Profiles = typeof import('#lib/core/runtime-profiles.ts');

/** What is measured of them. */
export type Shipped = Pick<Characteristics, 'normalize'> &
	Pick<ConfigText, 'parseConfigText'> &
	Pick<Entry, 'recordFromListing'> &
	Pick<Compatibility, 'checkCompatibility' | 'runsOn'> &
	Pick<RunFacts, 'subjectOf'> &
	Pick<Profiles, 'builtInProfiles'>;

/** Bundles the readers for Node with the bundler of the build, and loads them. */
export async function shipped(): Promise<Shipped> {
	const folder = mkdtempSync(join(tmpdir(), 'modeldex-bundle-'));
	const source = (name: string) => join(projectFolder, `src/lib/core/${name}.ts`);
	const names = ['characteristics', 'config-text', 'entry', 'compatibility', 'run-facts', 'runtime-profiles'];
	const input = Object.fromEntries(names.map((name) => [name, source(name)]));
	const output = { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' };
	try {
		await build({
			root: projectFolder,
			configFile: false,
			logLevel: 'error',
			build: { ssr: true, target: 'node20', outDir: folder, rolldownOptions: { input, output } },
		});
		const load = (name: string) => import(/* @vite-ignore */ join(folder, `${name}.mjs`));
		const characteristics: Characteristics = await load('characteristics');
		const configText: ConfigText = await load('config-text');
		const entry: Entry = await load('entry');
		const compatibility: Compatibility = await load('compatibility');
		const runFacts: RunFacts = await load('run-facts');
		const profiles: Profiles = await load('runtime-profiles');
		return { ...characteristics, ...configText, ...entry, ...compatibility, ...runFacts, ...profiles };
	} finally {
		rmSync(folder, { recursive: true });
	}
}
