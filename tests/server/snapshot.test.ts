// The shipped snapshot: whole, every fact with its source, nothing claimed that no list told, loaded once.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { characteristicsSchema, type ModelCharacteristics } from '#lib/core/model.ts';
import { emptyQuery } from '#lib/core/query.ts';
import { isRepositoryId } from '#lib/core/repository.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { loadSnapshot, readSnapshot, Snapshot } from '#lib/server/snapshot.ts';
import { corpusFiles, corpusFolder } from '../support/corpus.ts';
import { processorMs } from '../support/processor-time.ts';

const snapshot = readSnapshot();
const records = [...snapshot.records()];

function characteristics(id: string): ModelCharacteristics {
	const found = snapshot.characteristics(id);
	if (found === null) throw new Error(`${id} is not in the snapshot`);
	return found;
}

describe('the shipped snapshot', () => {
	it('holds thousands of models, each under a possible id and with its source and date', () => {
		expect(records.length).toBeGreaterThanOrEqual(4700);
		expect(snapshot.size).toBe(records.length);
		const names = new Set(snapshot.sources.map(({ name }) => name));
		for (const record of records) {
			expect(isRepositoryId(record.id)).toBe(true);
			expect(names).toContain(record.origin);
			expect(record.as_of).toMatch(/^20\d\d-\d\d/);
		}
		expect(snapshot.asOf).toMatch(/^2026-\d\d$/);
	});

	it('gives evidence with a named source for every fact', () => {
		const labels = new Set(snapshot.sources.map(({ name, date }) => `${name}, ${date}`));
		for (const other of ['repository name', 'config.json (not read)']) labels.add(other);
		const unproven: string[] = [];
		for (const { id } of records) {
			const c = characteristics(id);
			expect(characteristicsSchema.safeParse(c).success).toBe(true);
			for (const [field, value] of Object.entries({ ...c, parameters: c.parameters.total })) {
				const isFact = typeof value === 'number' || field === 'model_type' || field === 'dtype';
				if (isFact && value !== null && c.evidence[field] === undefined) unproven.push(`${id} ${field}`);
			}
			for (const { file } of Object.values(c.evidence)) if (!labels.has(file)) unproven.push(`${id} ${file}`);
		}
		expect(unproven).toEqual([]);
	});

	it('says that it is a list, and leaves unknown what no list told', () => {
		const c = characteristics('Qwen/Qwen3-8B');
		expect(c).toMatchObject({
			source: 'snapshot',
			config_status: 'ok',
			architecture_family: 'Qwen',
			context_window: 40960,
			num_hidden_layers: 36,
			num_key_value_heads: 8,
			parameters: { total: 8190735360, source: 'safetensors' },
			quantization_method: null,
			quantization_bits: null,
			dtype: null,
			max_position_embeddings: null,
		});
		expect(c.warnings[0]).toContain('config.json itself has not been read');
		expect(c.evidence['context_window']?.file).toMatch(/llmfit.*2026-05$/);
		expect(records.find(({ id }) => id === 'Qwen/Qwen3-8B')).toMatchObject({ quantization: 'unknown', license: null });
		expect(snapshot.characteristics('nobody/nothing')).toBeNull();
	});

	it('takes over no figure that its list made up', () => {
		// DeepSeek: the list multiplied a context that was already scaled, and divided width by heads for a head size.
		expect(characteristics('deepseek-ai/DeepSeek-V3-0324')).toMatchObject({
			context_window: null,
			head_dim: null,
			num_key_value_heads: null,
		});
		// A 4-bit copy: the list estimated its parameters from packed elements.
		expect(characteristics('mlx-community/gemma-2-9b-it-4bit').parameters.source).not.toBe('safetensors');
		// Typed in by hand there, with the parameter count of another model.
		expect(characteristics('mistralai/Ministral-8B-Instruct-2410').parameters.source).not.toBe('safetensors');
	});

	it('has those of the reference models that its lists have', () => {
		const layers = ['mlx-community/Qwen2.5-7B-Instruct-4bit', 'mlx-community/gemma-2-9b-it-4bit'].map(
			(id) => characteristics(id).num_hidden_layers,
		);
		expect(layers).toEqual([28, 42]);
	});

	const folder = corpusFolder();
	it.skipIf(folder === null)('agrees with the configurations it was made from (skipped: no corpus)', () => {
		const wrong: string[] = [];
		let compared = 0;
		for (const { id, file, kind, fidelity } of corpusFiles()) {
			if (kind !== 'config.json' || /edited/.test(fidelity)) continue;
			const config = readFileSync(join(folder ?? '', file), 'utf8');
			const read = normalize({ id, source: 'hub', revision: null, fetchedAt: '', config });
			const kept = characteristics(id);
			for (const field of ['context_window', 'num_hidden_layers', 'hidden_size', 'vocab_size', 'model_type'] as const) {
				if (read[field] === null) continue;
				compared += 1;
				if (kept[field] !== read[field]) wrong.push(`${id} ${field}: ${kept[field]}, not ${read[field]}`);
			}
		}
		expect(wrong).toEqual([]);
		expect(compared).toBeGreaterThan(400);
	});
});

describe('memory', () => {
	const fitOf = (id: string) => records.find((record) => record.id === id)?.fit ?? null;

	it('is that of the configuration where a copy of it was read', () => {
		const fit = fitOf('Qwen/Qwen2.5-1.5B-Instruct');
		expect(fit).toMatchObject({ kv_bytes_per_token: 28_672, kv_window_bytes_per_token: 0, kv_state_bytes: 0 });
		expect(fit?.weights_bytes).toBe(1_543_714_304 * 2);
		expect(fit).toEqual(snapshot.characteristics('Qwen/Qwen2.5-1.5B-Instruct')?.fit);
	});

	it('is told by listed layers for plain types, and by bits for quantized copies, with where it is from', () => {
		expect(fitOf('Qwen/Qwen3-8B')?.kv_bytes_per_token).toBe(147_456);
		const quantized = records.filter(({ quantization_bits: bits, fit }) => bits !== null && fit !== null);
		expect(quantized.length).toBeGreaterThan(200);
		for (const { id, fit, parameters_total, quantization_bits } of quantized) {
			const rule = snapshot.characteristics(id)?.evidence['fit']?.rule;
			expect([id, rule === undefined]).toEqual([id, false]);
			if (fit?.weights_bytes == null || parameters_total === null) continue;
			const bits = (fit.weights_bytes * 8) / parameters_total;
			expect([id, bits > (quantization_bits ?? 0) - 0.1, bits < (quantization_bits ?? 0) + 9]).toEqual([
				id,
				true,
				true,
			]);
		}
	});

	it('is not known where nothing tells how the weights are kept', () => {
		const open = records.filter(({ quantization }) => quantization === 'unknown');
		expect(open.length).toBeGreaterThan(1000);
		for (const { id, fit } of open) expect([id, fit?.weights_bytes ?? null]).toEqual([id, null]);
	});
});

describe('loading', () => {
	it('fills an empty catalog once, in time, and leaves a filled one alone', () => {
		const database = openInMemory();
		migrate(database);
		const catalog = new Catalog(database);
		const took = processorMs(() => void loadSnapshot(database, catalog, snapshot, '1'));
		expect(took).toBeLessThan(5000); // aim 1,500 ms on a free machine
		expect(catalog.list(emptyQuery).total).toBe(records.length);
		const { version } = catalog;
		loadSnapshot(database, catalog, readSnapshot(), '1');
		expect(catalog.version).toBe(version);
		expect(new Catalog(database).version).toBe(version);
	});

	it('takes in a newer snapshot without undoing what the Hub told since', () => {
		const database = openInMemory();
		migrate(database);
		const catalog = new Catalog(database);
		const text = (version: string, downloads: number) =>
			`${JSON.stringify({ format: 1, version, models: 1, fields: ['downloads', 'model_type'], sources: [['a list', '2026-05', '']] })}\n["a/b",[0,${downloads},"qwen3"]]\n`;
		loadSnapshot(database, catalog, new Snapshot(text('one', 5)), '1');
		const record = catalog.entry('a/b');
		if (record === null) throw new Error('not loaded');
		catalog.upsert([{ ...record, downloads: 70, origin: 'hub', as_of: '2026-11-20T00:00:00Z' }]);
		loadSnapshot(database, catalog, new Snapshot(text('two', 6)), '1');
		expect(catalog.entry('a/b')).toMatchObject({ downloads: 70, origin: 'hub', architecture_family: 'Qwen' });
		const { version } = catalog;
		loadSnapshot(database, catalog, new Snapshot(text('two', 6)), '2');
		expect(catalog.version).not.toBe(version);
	});

	it('refuses a file that is cut short or of another format', () => {
		const whole = '{"format":1,"version":"v","models":2,"fields":[],"sources":[["a","2026-01",""]]}\n["a/b",[0]]\n';
		expect(() => new Snapshot(whole)).toThrow('not whole');
		expect(() => new Snapshot(whole.replace('"format":1', '"format":2'))).toThrow(/"format"/);
		expect(() => new Snapshot('')).toThrow('JSON');
	});
});
