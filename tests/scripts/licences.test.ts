// Whose work is shipped: every package that runs beside Modeldex or is bundled into it, with a licence that allows it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundled, licences, shippedPaths } from '../../scripts/licences.mjs';
import { projectFolder } from '../support/built-server.ts';
import { readSource } from '../support/source.ts';

const lock = JSON.parse(readFileSync(join(projectFolder, 'package-lock.json'), 'utf8'));
const shipped = licences();

/** Names of the packages that files below these folders import. */
function imported(folders: string[]): Set<string> {
	const names = new Set<string>();
	for (const folder of folders) {
		for (const name of readdirSync(join(projectFolder, folder), { recursive: true, encoding: 'utf8' })) {
			if (!/\.(ts|svelte)$/.test(name)) continue;
			const path = join(folder, name);
			for (const { text } of readSource(path, readFileSync(join(projectFolder, path), 'utf8')).imports) {
				if (/^([.#$]|node:|virtual:)/.test(text)) continue;
				names.add(text.split('/', text.startsWith('@') ? 2 : 1).join('/'));
			}
		}
	}
	return names;
}

describe('licences', () => {
	it('are listed for every package that is installed with Modeldex', () => {
		const paths = shippedPaths(lock);
		const production = Object.keys(lock.packages).filter((path) => path !== '' && !lock.packages[path].dev);
		expect(production.filter((path) => !lock.packages[path].peer && !paths.includes(path))).toEqual([]);
	});

	it('are listed for every package that pages are bundled with', () => {
		const runtime = Object.keys(lock.packages[''].dependencies);
		const folders = ['src/lib/client', 'src/lib/components', 'src/lib/ui', 'src/routes'];
		const missing = [...imported(folders)].filter((name) => !bundled.includes(name) && !runtime.includes(name));
		expect(missing).toEqual([]);
	});

	it('are known, and allow what is done with them', () => {
		// LGPL: libvips, a library of its own that the optional image part loads and anybody may replace.
		const allowed =
			/^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|MPL-2\.0|Python-2\.0|LGPL-3\.0-or-later)$/;
		const odd = shipped.filter(
			({ licence }) =>
				!licence
					.split(/ OR | AND |[()]/)
					.filter(Boolean)
					.every((one) => allowed.test(one)),
		);
		expect(odd.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
		expect(shipped.length).toBeGreaterThan(30);
	});

	it('name package, version and text', () => {
		const zod = shipped.find(({ name }) => name === 'zod');
		expect(zod).toMatchObject({ version: lock.packages['node_modules/zod'].version, licence: 'MIT' });
		expect(zod?.text).toContain('Permission is hereby granted');
	});
});
