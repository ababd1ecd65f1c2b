// The licences of everything that is shipped: packages that run beside Modeldex, and those that are bundled into it.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Packages of the development tools whose code ends up in what is served; what they need is found from here. */
export const bundled = [
	'@internationalized/date',
	'@sveltejs/kit',
	'bits-ui',
	'lucide-svelte',
	'svelte',
	'tailwindcss',
	'virtua',
];
/** Needed by bundled packages for building only: nothing of them is served. */
const buildOnly = new Set([
	'@sveltejs/vite-plugin-svelte',
	'vite',
	'typescript',
	'acorn',
	'@sveltejs/acorn-typescript',
]);

/** @typedef {{ name: string, version: string, licence: string, homepage: string | null, text: string | null }} Licence */

/** The entry a package finds when it asks for another, as Node looks it up. @param {string} from @param {string} name @param {Record<string, any>} packages */
function found(from, name, packages) {
	for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
		const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
		if (packages[path] !== undefined) return path;
		if (folder === '') return null;
	}
}

/** Lock file paths of every package that is shipped. @param {any} lock */
export function shippedPaths(lock) {
	const { packages } = lock;
	const names = [...Object.keys({ ...packages[''].dependencies, ...packages[''].optionalDependencies }), ...bundled];
	const waiting = names.map((name) => `node_modules/${name}`);
	const seen = new Set();
	for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
		if (seen.has(path)) continue;
		seen.add(path);
		const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {};
		for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
			const next = buildOnly.has(name) ? null : found(path, name, packages);
			if (next !== null) waiting.push(next);
		}
	}
	return [...seen].sort();
}

/** @param {any} manifest @param {string | null} text @returns {string} */
function licenceOf(manifest, text) {
	const { license, licenses } = manifest;
	if (typeof license === 'string') return license;
	if (typeof license?.type === 'string') return license.type;
	if (Array.isArray(licenses)) return licenses.map((/** @type {any} */ one) => one.type).join(' OR ');
	return /^(The )?MIT Licen[cs]e/i.test(text ?? '') ? 'MIT' : 'not stated';
}

/** @param {string} folder @returns {string | null} */
function textOf(folder) {
	const name = readdirSync(folder).find((one) => /^(licen[cs]e|copying)([.-][\w.-]+)?$/i.test(one));
	return name === undefined ? null : readFileSync(join(folder, name), 'utf8').trim();
}

/** Every shipped package that is installed here; those of other platforms have the same licence as this one's. @returns {Licence[]} */
export function licences(folder = root) {
	const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
	return shippedPaths(lock)
		.filter((path) => existsSync(join(folder, path, 'package.json')))
		.map((path) => {
			const manifest = JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'));
			const { name, version, homepage = null } = manifest;
			const text = textOf(join(folder, path));
			return { name, version, licence: licenceOf(manifest, text), homepage, text };
		})
		.sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

const id = 'virtual:licences';

/** Vite plugin: `import licences from 'virtual:licences'` gives the list, as of the build. @returns {import('vite').Plugin} */
export function licencesPlugin() {
	return {
		name: 'modeldex:licences',
		resolveId: (source) => (source === id ? `\0${id}` : null),
		load: (source) => (source === `\0${id}` ? `export default ${JSON.stringify(licences())};` : null),
	};
}
