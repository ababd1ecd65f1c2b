// Short names: pinned at the first download, never moved silently, and never to bytes that are known to be others.
import { afterAll, describe, expect, it } from 'vitest';
import { namedModel, namedModels } from '#lib/core/tables/named-models.ts';
import { isRepositoryId } from '#lib/core/repository.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { Pins } from '#lib/server/pins.ts';

const database = openInMemory();
migrate(database);
afterAll(() => database.close());
const pins = new Pins({ database, date: () => new Date('2026-11-21') });
const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
const file = (sha256: string | null, path = 'onnx/model.onnx') => ({ path, size: 5, sha256, lfs: sha256 !== null });

describe('pins', () => {
	it('are recorded once and stay', () => {
		expect(pins.of('bge-m3')).toBeNull();
		expect(pins.record({ id: 'Xenova/bge-m3', revision: a, files: [file('1'.repeat(64))] })).toMatchObject([
			{ name: 'bge-m3', revision: a },
		]);
		expect(pins.record({ id: 'Xenova/bge-m3', revision: b, files: [] })).toMatchObject([
			{ revision: a, files: [{ size: 5 }] },
		]);
		expect(pins.of('BGE-M3')).toMatchObject({ id: 'Xenova/bge-m3', revision: a, pinnedAt: '2026-11-21T00:00:00.000Z' });
		expect(pins.record({ id: 'org/nameless', revision: a, files: [] })).toEqual([]);
	});

	it('refuse a file that is known to be another, and what is no commit', () => {
		const path = 'onnx/model_quantized.onnx';
		const known = namedModel('multilingual-e5-small')?.known.sha256[path] ?? '';
		const id = 'Xenova/multilingual-e5-small';
		expect(() => pins.record({ id, revision: a, files: [file('0'.repeat(64), path)] })).toThrow(/known to be good/);
		expect(() => pins.record({ id, revision: 'main', files: [] })).toThrow(/full commit/);
		expect(pins.record({ id, revision: a, files: [file(known, path)] })).toHaveLength(1);
	});
});

describe('the table of named models', () => {
	it('has ids the Hub can have, permissive licences unless locked, and figures that fit together', () => {
		expect(namedModels.map(({ name }) => name).sort()).toEqual([
			'bge-m3',
			'gte-multilingual',
			'llama-3.2-1b-instruct',
			'mdeberta-v3-base-mnli-xnli',
			'multilingual-e5-small',
			'qwen2.5-1.5b-instruct',
		]);
		for (const { id, base, kind, dimensions, pooling, license, locked, sizes } of namedModels) {
			expect([isRepositoryId(id), isRepositoryId(base)]).toEqual([true, true]);
			expect(dimensions !== null && pooling !== null).toBe(kind === 'embedding');
			expect(locked === null).toBe(['mit', 'apache-2.0'].includes(license));
			expect(Math.min(...Object.values(sizes))).toBeGreaterThan(100_000_000);
		}
	});
});
