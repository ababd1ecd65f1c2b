// Metadata of real GGUF files: they come through the writer and the reader, and make sensible records.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unknownFamily } from '#lib/core/architecture.ts';
import { memorySource } from '#lib/core/byte-source.ts';
import { readGguf } from '#lib/core/gguf.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { corpusFolder } from '../support/corpus.ts';
import { headerOf } from '../support/gguf-models.ts';
import { read } from '../support/gguf-reading.ts';
import { writeGguf, type GgufWritten } from '../support/gguf-writer.ts';

interface CorpusHeader {
	kv?: Record<string, unknown>;
	value_types?: Record<string, number>;
}

const typeNames = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'bool', 'text', 'list', 'u64', 'i64', 'f64'] as const;

function isCutList(value: unknown): value is { _array_of: number; _count: number; _first: (string | number)[] } {
	return typeof value === 'object' && value !== null && '_array_of' in value;
}

/** A value of the corpus as the file had it: long lists were cut there and are filled up with their last item. */
function original(value: unknown, type: number | undefined): GgufWritten {
	if (isCutList(value)) {
		const { _array_of: of, _count: count, _first: first } = value;
		const items = Array.from({ length: count }, (_, at) => first[Math.min(at, first.length - 1)] ?? 0);
		return { type: 'list', of: typeNames[of] ?? 'text', items };
	}
	const name = typeNames[type ?? 8] ?? 'text';
	if (name === 'list') return { type: 'list', of: 'u8', items: [] };
	if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
		return { type: name, value };
	return '';
}

const folder = corpusFolder();
const metadataFiles =
	folder === null ? [] : readdirSync(join(folder, 'gguf')).filter((name) => /^llamacpp_.*\.json$/.test(name));

describe('metadata of real files', () => {
	if (folder === null) it.skip('skipped: no corpus');
	it.each(metadataFiles)('%s comes through the writer and the reader as it was', async (name) => {
		const text = readFileSync(join(folder ?? '', 'gguf', name), 'utf8');
		const { kv = {}, value_types: types = {} }: CorpusHeader = JSON.parse(text);
		const written = Object.entries(kv).map(([key, value]): [string, GgufWritten] => [key, original(value, types[key])]);
		const bytes = writeGguf({ keys: written });
		const { metadata } = await readGguf(memorySource(bytes));
		for (const [key, value] of Object.entries(kv)) {
			if (key.startsWith('tokenizer.chat_template')) continue;
			const read = metadata[key];
			if (isCutList(value)) expect(read, key).toMatchObject({ count: value._count });
			else if (typeof value === 'number' && !Number.isInteger(value)) expect(read, key).toBeCloseTo(value, 12);
			else expect(read, key).toEqual(value);
		}
		expect(written.length).toBeGreaterThan(10);
	});
});

/** What the corpus wrote as text, as the number it is. */
function plainly(value: unknown): GgufWritten | null {
	if (typeof value === 'number' || typeof value === 'boolean') return value;
	if (typeof value !== 'string') return null;
	if (value === 'true' || value === 'false') return value === 'true';
	return /^-?\d+(\.\d+)?(e-?\d+)?$/.test(value) ? Number(value) : value;
}
const known: Record<string, Partial<ModelCharacteristics>> = {
	'ollama_Meta-Llama-3-8B-Instruct': {
		architecture_family: 'Llama',
		context_window: 8192,
		kv_cache_bytes_per_token: 131_072,
	},
	'ollama_Mixtral-8x7B-Instruct-v0.1': { num_experts: 8, num_experts_per_token: 2, context_window: 32_768 },
	'ollama_gemma-2-2b-it': { architecture_family: 'Gemma', kv_cache_bytes_per_token: 53_248, head_dim: 256 },
	'ollama_Phi-3-mini-128k-instruct': { architecture_family: 'Phi', context_window: 131_072 },
	'ollama_Qwen2.5-0.5B-Instruct': { architecture_family: 'Qwen', kv_cache_bytes_per_token: 12_288 },
	'ollama_all-MiniLM-L6-v2': { architecture_family: 'BERT', classification: 'encoder', kv_cache_bytes_per_token: 0 },
	'llamacpp_ggml-vocab-phi-3': { architecture_family: 'Phi', num_hidden_layers: 32, vocab_size: null },
	'llamacpp_ggml-vocab-falcon': { architecture_family: 'Falcon', context_window: 2048 },
};

describe('real metadata', () => {
	if (folder === null) it.skip('skipped: no corpus');
	const names =
		folder === null ? [] : readdirSync(join(folder, 'gguf')).filter((name) => /^(llamacpp|ollama)_/.test(name));
	it.each(names)('%s has a family and sensible figures', async (name) => {
		const { kv = {} }: CorpusHeader = JSON.parse(readFileSync(join(folder ?? '', 'gguf', name), 'utf8'));
		const keys = Object.entries(kv).flatMap(([key, value]): [string, GgufWritten][] => {
			const plain = key.startsWith('tokenizer.ggml.tokens') ? null : plainly(value);
			return plain === null ? [] : [[key, plain]];
		});
		const c = read(await headerOf(Object.fromEntries(keys)), { file: 'model.gguf' });
		expect(c.architecture_family).not.toBe(unknownFamily);
		expect(c).toMatchObject(known[name.replace('.json', '')] ?? {});
	});
});
