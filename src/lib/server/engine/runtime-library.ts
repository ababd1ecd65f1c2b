// Where the optional inference libraries lie, and what to say when one is not there.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '#lib/core/failure.ts';
import type { ChildRuntime } from '#lib/server/engine/model-place.ts';
import { packageFolder } from '#lib/server/package-folder.ts';

/** The packages and the exact versions that are tested with this release. */
export const inferencePackage = '@huggingface/transformers@4.3.1';
export const llamaPackage = 'node-llama-cpp@3.22.1';

/** The package with the binary for a system; the others (for graphics cards too) would be 700 MB more. Null for none. */
function llamaBinary(platform: string, architecture: string): string | null {
	const systems: Readonly<Record<string, string>> = {
		...{ 'linux-x64': 'linux-x64', 'linux-arm64': 'linux-arm64', 'linux-arm': 'linux-armv7l' },
		...{
			'darwin-arm64': 'mac-arm64-metal',
			'darwin-x64': 'mac-x64',
			'win32-x64': 'win-x64',
			'win32-arm64': 'win-arm64',
		},
	};
	const name = systems[`${platform}-${architecture}`];
	return name === undefined ? null : llamaPackage.replace('node-llama-cpp', `@node-llama-cpp/${name}`);
}

/**
 * Address of the library's entry file. Throws `engine_missing` with the command that installs it: it brings 450 MB of
 * native runtime, so that it is optional.
 */
export function findLibrary(from = packageFolder()): string {
	try {
		const require = createRequire(join(from, 'package.json'));
		// The module form of the same build: the other one's names are not all seen from a module.
		const entry = require.resolve('@huggingface/transformers').replace(/\.cjs$/, '.mjs');
		return pathToFileURL(entry).href;
	} catch (cause) {
		const how = `npm install --no-save ${inferencePackage}`;
		throw new Failure(
			'engine_missing',
			`Running models here needs an optional package (about 450 MB): ${how}, in ${from}.`,
			{ cause },
		);
	}
}

/** Folder below the data folder into which `findLlama` asks to install. */
export const llamaFolder = 'engines';

/**
 * Address of the entry file of node-llama-cpp: from the data folder, from our own folder, or from where `NODE_PATH`
 * leads. Throws `engine_missing` with the command that installs it and with the engines that run GGUF files without it.
 */
export function findLlama(home: string, from = packageFolder()): string {
	for (const folder of [join(home, llamaFolder), from]) {
		try {
			const entry = createRequire(join(folder, 'package.json')).resolve('node-llama-cpp');
			return pathToFileURL(entry).href;
		} catch {
			// not here; the last one is told below
		}
	}
	const folder = join(home, llamaFolder);
	const binary = llamaBinary(process.platform, process.arch);
	const place = /\s/.test(folder) ? `"${folder}"` : folder;
	const how = `npm install --ignore-scripts --omit=optional --prefix ${place} ${llamaPackage} ${binary ?? ''}`.trim();
	const here = binary === null ? '' : ` Running it here needs an optional package (about 90 MB): ${how}`;
	throw new Failure(
		'engine_missing',
		`Its weights are GGUF, which Ollama, LM Studio and a llama.cpp server run: choose its model there, such as ollama/<model>.${here}`,
	);
}

/** Address of the library that a runtime needs. Throws `engine_missing`. */
export type FindRuntime = (runtime: ChildRuntime) => string;

/** The libraries of this machine; `home` is the data folder. */
export function runtimesAt(home: string): FindRuntime {
	return (runtime) => (runtime === 'onnx' ? findLibrary() : findLlama(home));
}
