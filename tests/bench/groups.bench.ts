// How fast the list with one row per base model is, beside the plain list in the same run.
import { expect, it } from 'vitest';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { saveModels } from '#lib/server/store/models.ts';
import { randomRecord } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';
import { median, report, times } from './report.ts';

/** A catalog in which two of five rows pack one of the others, some bases having hundreds of packings. */
function stored(count: number): Database {
	const database = openInMemory();
	migrate(database);
	const random = seeded(count);
	const bases: string[] = [];
	for (let from = 0; from < count; from += 20_000) {
		const part = Array.from({ length: Math.min(20_000, count - from) }, (_, index) => {
			const record = randomRecord(random, from + index);
			const base = bases[Math.floor(random() ** 3 * bases.length)];
			if (random() < 0.6 || base === undefined) {
				bases.push(record.id);
				return record;
			}
			return { ...record, tags: [...(record.tags ?? []), `base_model:quantized:${base}`] };
		});
		saveModels(
			database,
			part.map((record) => ({ record, isLearned: false, isRead: false })),
		);
	}
	return database;
}

const lists: Partial<ModelQuery>[] = [
	{},
	{ family: ['Qwen'] },
	{ quantization: ['4', '8'], sort: 'likes' },
	{ runtime: 'llama.cpp', fits: '16GB', sort: 'size' },
];

const counts = process.env.BENCH_QUICK === '1' ? [50_000] : [50_000, 1_000_000];

it.each(counts)('lists %i rows by base model', async (count) => {
	const database = stored(count);
	const catalog = new Catalog(database);
	const start = performance.now();
	const { total, matching } = catalog.list({ ...emptyQuery, group: 'base' });
	process.stderr.write(`  first: ${(performance.now() - start).toFixed(0)} ms, ${total} rows for ${matching} models\n`);
	const rounds = count > 100_000 ? 10 : 60;
	const ours: number[] = [];
	const plain: number[] = [];
	for (const part of lists) {
		const query = { ...emptyQuery, ...part };
		const grouped = await times(rounds, () => catalog.list({ ...query, group: 'base' }));
		const flat = await times(rounds, () => catalog.list(query));
		process.stderr.write(
			`  ${JSON.stringify(part)}: ${median(grouped).toFixed(2)} ms, plain ${median(flat).toFixed(2)} ms\n`,
		);
		ours.push(...grouped);
		plain.push(...flat);
	}
	const limit = count > 100_000 ? 100 : 10;
	report({
		id: `grouped-${count}`,
		what: `first page of 50 base models with their packings, nine facets and counts, ${count.toLocaleString('en')} rows, p50`,
		ours: `${median(ours).toFixed(2)} ms`,
		peer: `one row per repository ${median(plain).toFixed(2)} ms`,
		value: median(ours),
		aim: `≤ ${limit} ms`,
		met: median(ours) <= limit,
	});
	expect(total).toBeLessThan(matching);
	database.close();
});
