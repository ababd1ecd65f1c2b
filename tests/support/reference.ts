// Facts that lie beside a checkout (published counts, class defaults, stored configs); absent ones make a test skip.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { derivedKeys, synonyms } from '#lib/core/shape.ts';

/** A parsed JSON object. */
export type Json = Record<string, unknown>;

/** Is this a JSON object? */
export function isJson(value: unknown): value is Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The folder with the facts, searched upwards from here; null when this checkout has none. */
function findFolder(): string | null {
	for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
		const candidate = join(folder, 'shared');
		if (existsSync(join(candidate, 'corpus', 'INDEX.jsonl'))) return candidate;
	}
	return null;
}

const folder = findFolder();

/** The path of a facts file, or null. */
function find(...path: string[]): string | null {
	const file = folder === null ? null : join(folder, ...path);
	return file !== null && existsSync(file) ? file : null;
}

/** Every row of a JSON-lines file; null (with a printed reason) when it is not there. */
export function readRows(...path: string[]): Json[] | null {
	const file = find(...path);
	if (file === null) {
		process.stdout.write(`skipped: no ${path.join('/')}\n`);
		return null;
	}
	const lines = readFileSync(file, 'utf8').split('\n');
	return lines.filter((line) => line.trim() !== '').flatMap((line) => [JSON.parse(line)].filter(isJson));
}

/** The stored configs by model id; null (with a printed reason) when they are not there. */
export function readConfigs(): { id: string; config: Json }[] | null {
	const rows = readRows('corpus', 'INDEX.jsonl');
	if (rows === null) return null;
	return rows
		.filter((row) => row['kind'] === 'config.json')
		.flatMap((row) => {
			const file = find('corpus', String(row['file']));
			// A few files hold NaN or Infinity, which the product's own reader accepts and JSON.parse does not.
			const text =
				file === null ? '{}' : readFileSync(file, 'utf8').replace(/(?<=[[,:\s])-?(?:NaN|Infinity)(?=[\s,\]}])/g, '0');
			const config: unknown = JSON.parse(text);
			return isJson(config) ? [{ id: String(row['id']), config }] : [];
		});
}

function readDefaults(): Json {
	const file = find('data', 'transformers-config-defaults.json');
	const parsed: unknown = file === null ? {} : JSON.parse(readFileSync(file, 'utf8'));
	const table = isJson(parsed) ? parsed['defaults'] : {};
	return isJson(table) ? table : {};
}

const defaults = readDefaults();

/** Is this key, or another spelling of it, stated? */
function isStated(config: Json, key: string): boolean {
	return key in config || synonyms.some((keys) => keys.includes(key) && keys.some((other) => other in config));
}

function fill(config: Json, own: Json): Json {
	const filled = { ...config };
	for (const [key, value] of Object.entries(own)) {
		if (key.startsWith('_') || key === 'text_config' || derivedKeys.has(key) || isStated(config, key)) continue;
		if (key === 'head_dim' && Number(value) * Number(own['num_attention_heads']) === own['hidden_size']) continue;
		filled[key] = value;
	}
	return filled;
}

/** A config with absent keys taken from its class, in the nested language model too. */
export function withDefaults(config: Json): Json {
	const own = defaults[String(config['model_type'])];
	const filled = isJson(own) ? fill(config, own) : { ...config };
	const text = config['text_config'];
	if (!isJson(text)) return filled;
	const outer = isJson(own) ? own['text_config'] : null;
	const nested = defaults[String(text['model_type'])] ?? outer;
	return { ...filled, text_config: isJson(nested) ? fill(text, nested) : text };
}
