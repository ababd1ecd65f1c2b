// How fast lists, searches and starts are over 50,000 and 1,000,000 made-up rows, MiniSearch beside it in the same run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import MiniSearch from 'minisearch';
import { afterAll, expect, it } from 'vitest';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { saveModels } from '#lib/server/store/models.ts';
import { randomRecord } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';
import { median, report, times } from './report.ts';

const root = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A stored catalog of so many rows; written in parts so that memory stays small. */
function stored(count: number): { database: Database; ids: string[] } {
	const options = { directory: join(root, String(count)), now: () => new Date(), prepare: migrate };
	const { database } = openDatabase(options);
	const random = seeded(count);
	const ids: string[] = [];
	while (ids.length < count) {
		const part = Array.from({ length: Math.min(20_000, count - ids.length) }, (_, index) =>
			randomRecord(random, ids.length + index),
		);
		ids.push(...part.map(({ id }) => id));
		saveModels(
			database,
			part.map((record) => ({ record, isLearned: false, isRead: false })),
		);
	}
	database.first('PRAGMA wal_checkpoint(TRUNCATE)');
	return { database, ids };
}

const lists: [string, Partial<ModelQuery>][] = [
	['no filter', {}],
	['one family', { family: ['Qwen'] }],
	['three filters', { family: ['Qwen', 'Llama'], quantization: ['4', '8'], license: ['mit'] }],
	['ranges', { min_params: 1e9, max_params: 8e9, min_context: 8192, sort: 'likes' }],
	['rare', { family: ['GLM'], quantization: ['2'], gated: true, kind: ['encoder'], sort: 'updated' }],
];

const searches = [
	'q',
	'qwe',
	'qwen',
	'llama',
	'llama 7b',
	'mistral instruct',
	'gguf',
	'bartowski gemma',
	'70b',
	'deepseek chat',
];

async function listTimes(catalog: Catalog, rounds: number): Promise<number[]> {
	const figures: number[] = [];
	for (const [name, changed] of lists) {
		const taken = await times(rounds, () => catalog.list({ ...emptyQuery, ...changed }));
		process.stderr.write(`  ${name}: ${median(taken).toFixed(2)} ms\n`);
		figures.push(...taken);
	}
	return figures;
}

function claimList(count: number, figures: number[], limit: number): void {
	const value = median(figures);
	report({
		id: `list-${count}`,
		what: `first page of 50 with nine facets and counts, ${count.toLocaleString('en')} rows, p50`,
		ours: `${value.toFixed(2)} ms`,
		peer: '',
		value,
		aim: `≤ ${limit} ms`,
		met: value <= limit,
	});
}

it('lists, starts and searches 50,000 rows', async () => {
	const { database, ids } = stored(50_000);
	const starts = await times(5, () => new Catalog(database));
	report({
		id: 'columns-50000',
		what: 'columns ready from 50,000 stored rows, p50',
		ours: `${median(starts).toFixed(0)} ms`,
		peer: '',
		value: median(starts),
		aim: '≤ 300 ms',
		met: median(starts) <= 300,
	});
	const catalog = new Catalog(database);
	claimList(50_000, await listTimes(catalog, 60), 5);
	const byRuntime = await times(60, () => catalog.list({ ...emptyQuery, runtime: 'vllm' }));
	const shown = catalog.list({ ...emptyQuery, runtime: 'vllm' }).total;
	report({
		id: 'runtime-50000',
		what: `first page of what one runtime loads, with how surely, of 50,000 rows (${shown} do), p50`,
		ours: `${median(byRuntime).toFixed(2)} ms`,
		peer: '',
		value: median(byRuntime),
		aim: '≤ 5 ms',
		met: median(byRuntime) <= 5,
	});

	const words = (text: string) =>
		text
			.toLowerCase()
			.split(/[^\p{L}\p{N}]+/u)
			.filter(Boolean);
	const peer = new MiniSearch({
		fields: ['text'],
		tokenize: words,
		searchOptions: { prefix: true, combineWith: 'AND' },
	});
	peer.addAll(ids.map((text, id) => ({ id, text })));
	const ours: number[] = [];
	const theirs: number[] = [];
	for (const q of searches) {
		const found = catalog.list({ ...emptyQuery, q, limit: 20 }).total;
		const mine = await times(20, () => catalog.list({ ...emptyQuery, q, limit: 20 }));
		const other = await times(20, () => peer.search(q).slice(0, 20));
		expect(found).toBeGreaterThanOrEqual(peer.search(q).length);
		process.stderr.write(
			`  ${q}: ${median(mine).toFixed(2)} ms, MiniSearch ${median(other).toFixed(2)} ms, ${found} found\n`,
		);
		ours.push(...mine);
		theirs.push(...other);
	}
	const ratio = median(ours) / median(theirs);
	report({
		id: 'search-50000',
		what: 'search in 50,000 rows with facets and 20 whole rows, against MiniSearch finding ids, p50',
		ours: `${median(ours).toFixed(2)} ms`,
		peer: `${median(theirs).toFixed(2)} ms`,
		value: ratio,
		aim: '≤ 0.2 × MiniSearch',
		met: ratio <= 0.2,
	});
	database.close();
});

it.skipIf(process.env.BENCH_QUICK === '1')('lists 1,000,000 rows', async () => {
	const { database } = stored(1_000_000);
	const start = performance.now();
	const catalog = new Catalog(database);
	process.stderr.write(`  columns ready: ${(performance.now() - start).toFixed(0)} ms\n`);
	claimList(1_000_000, await listTimes(catalog, 10), 50);
	expect(catalog.list(emptyQuery).total).toBe(1_000_000);
	database.close();
});
