// Facts that lie beside a checkout (published counts, stored configs), read as the product reads configs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfigText } from '#lib/core/config-text.ts';
import { fillDefaults } from '#lib/core/defaults.ts';
import { corpusFiles, corpusFolder } from './corpus.ts';

/** A parsed JSON object. */
export type Json = Record<string, unknown>;

/** Is this a JSON object? */
export function isJson(value: unknown): value is Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every row of a JSON-lines file of facts; null (with a printed reason) when it is not there. */
export function readRows(name: string): Json[] | null {
	const folder = corpusFolder();
	const file = folder === null ? null : join(folder, '..', 'data', name);
	if (file === null || !existsSync(file)) {
		process.stdout.write(`skipped: no ${name}\n`);
		return null;
	}
	const lines = readFileSync(file, 'utf8').split('\n');
	return lines.filter((line) => line.trim() !== '').flatMap((line) => [JSON.parse(line)].filter(isJson));
}

/** A JSON file of facts; null (with a printed reason) when it is not there. */
export function readFacts(name: string): unknown {
	const folder = corpusFolder();
	const file = folder === null ? null : join(folder, '..', 'data', name);
	if (file === null || !existsSync(file)) {
		process.stdout.write(`skipped: no ${name}\n`);
		return null;
	}
	return JSON.parse(readFileSync(file, 'utf8'));
}

/** The stored configs by model id; null (with a printed reason) when they are not there. */
export function readConfigs(): { id: string; config: Json }[] | null {
	const folder = corpusFolder();
	if (folder === null) {
		process.stdout.write('skipped: no corpus\n');
		return null;
	}
	return corpusFiles()
		.filter(({ kind }) => kind === 'config.json')
		.flatMap(({ id, file }) => {
			const read = parseConfigText(readFileSync(join(folder, file), 'utf8'));
			return read.ok ? [{ id, config: read.value }] : [];
		});
}

/** A config with absent keys taken from its class, in the nested language model too. */
export function withDefaults(config: Json): Json {
	const read = parseConfigText(JSON.stringify(config));
	if (!read.ok) throw new Error(read.reason);
	const type = read.value['model_type'];
	return fillDefaults(typeof type === 'string' ? type : null, read.value).filled;
}
