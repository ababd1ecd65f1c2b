// What `npm pack` ships: everything that serving needs, nothing that only building needs.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, projectFolder } from '../support/built-server.ts';
import { readSource } from '../support/source.ts';

const manifest = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
const lock = JSON.parse(readFileSync(join(projectFolder, 'package-lock.json'), 'utf8'));

beforeAll(ensureBuilt, 180_000);

function packedFiles(): string[] {
	const words = ['pack', '--dry-run', '--ignore-scripts', '--json'];
	const { stdout } = spawnSync('npm', words, {
		cwd: projectFolder,
		encoding: 'utf8',
		shell: process.platform === 'win32',
	});
	const packed: { files: { path: string }[] }[] = JSON.parse(stdout);
	return packed.flatMap(({ files }) => files.map(({ path }) => path));
}

/** Names of packages that a built file imports. */
function packagesOf(path: string): string[] {
	const { imports } = readSource(path, readFileSync(path, 'utf8'));
	const names = imports.map(({ text }) => text);
	return names.filter((name) => !name.startsWith('.') && !name.startsWith('node:')).map(packageName);
}

function packageName(specifier: string): string {
	return specifier
		.split('/')
		.slice(0, specifier.startsWith('@') ? 2 : 1)
		.join('/');
}

describe('the package', () => {
	it('holds the built app, the command line and the words about it, and no sources or maps', () => {
		const files = packedFiles();
		for (const path of [
			'bin/modeldex.js',
			'build/handler.js',
			'build/cli/main.js',
			'LICENSE',
			'README.md',
			'CHANGELOG.md',
		]) {
			expect(files).toContain(path);
		}
		const extra = files.filter(
			(path) => !/^(bin|build|src\/lib\/server\/(?:snapshot|benchmark))\/|^[^/]+$/.test(path) || path.endsWith('.map'),
		);
		expect(extra).toEqual([]);
	});

	it('imports at run time only what its dependencies bring', () => {
		const built = readdirSync(join(projectFolder, 'build'), { recursive: true, encoding: 'utf8' });
		const files = built.filter((path) => path.endsWith('.js') && !path.startsWith('client'));
		const names = new Set(files.flatMap((path) => packagesOf(join(projectFolder, 'build', path))));
		// The framework asks for OpenTelemetry only where tracing is switched on, which it is not.
		const known = new Set([...Object.keys(manifest.dependencies), ...builtinModules, '@opentelemetry/api']);
		expect([...names].filter((name) => !known.has(name))).toEqual([]);
		expect(names.size).toBeGreaterThan(1);
	});

	it('[S61] has few dependencies, none of which runs anything when it is installed', () => {
		expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(15);
		for (const [path, entry] of Object.entries<{ dev?: boolean; hasInstallScript?: boolean }>(lock.packages)) {
			// What an optional one would run is forbidden by name.
			const isForbidden = manifest.allowScripts[path.slice(path.lastIndexOf('node_modules/') + 13)] === false;
			if (path === '' || entry.dev || isForbidden) continue;
			expect([path, entry.hasInstallScript ?? false]).toEqual([path, false]);
		}
	});

	it('[S63] shows browsers no path, no source and nothing made for development', () => {
		const client = readdirSync(join(projectFolder, 'build/client'), { recursive: true, encoding: 'utf8' });
		const scripts = client.filter((path) => /\.(js|css|html|json)$/.test(path));
		expect(scripts.length).toBeGreaterThan(3);
		const telling = [projectFolder, 'sourceMappingURL', 'node:fs', '.svelte`', 'process.env'];
		const told = scripts.flatMap((path) => {
			const text = readFileSync(join(projectFolder, 'build/client', path), 'utf8');
			return telling.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
		});
		expect(told).toEqual([]);
		expect(client.filter((path) => path.endsWith('.map'))).toEqual([]);
	});
});
