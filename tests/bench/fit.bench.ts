// How fast "does it fit" is: a slider over 200 cards, and the list filtered by what fits a device.
import { expect, it } from 'vitest';
import { fitPlace, fitRow, maxContext } from '#lib/core/fit.ts';
import { namedMemory } from '#lib/core/hardware.ts';
import { emptyQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { saveModels } from '#lib/server/store/models.ts';
import { randomRecord, randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';
import { median, report, times } from './report.ts';
import { shipped } from './shipped.ts';

const { checkCompatibility, runsOn, builtInProfiles, subjectOf } = await shipped();

it('answers for 200 cards within a frame', async () => {
	const cards = randomRecords(200, 1);
	const place = fitPlace({ device: namedMemory(16e9), runtime: 'llama.cpp' });
	let tokens = 0;
	let fitting = 0;
	const move = () => {
		tokens = (tokens % 131_072) + 512;
		for (const card of cards) {
			if (fitRow(card, place, tokens).verdict === 'fits') fitting += 1;
			maxContext({ facts: card.fit, context_window: card.context_window }, place);
		}
	};
	const taken = await times(300, move);
	const value = median(taken);
	report({
		id: 'fit-200',
		what: 'verdict, need and most context of 200 cards when the context changes, p50',
		ours: `${value.toFixed(2)} ms`,
		peer: '',
		value,
		aim: '< 16 ms',
		met: value < 16,
	});
	expect(fitting).toBeGreaterThan(0);
});

it('checks 5,000 models against twelve runtimes', async () => {
	const subjects = randomRecords(5000, 3).map((record) => subjectOf(record));
	const profiles = builtInProfiles.slice(0, 12);
	let running = 0;
	const taken = await times(20, () => {
		for (const subject of subjects) {
			for (const profile of profiles) if (runsOn(subject, profile) === 'yes') running += 1;
		}
	});
	const value = median(taken);
	report({
		id: 'runtimes-5000',
		what: 'verdict of 12 runtimes on each of 5,000 models, p50',
		ours: `${value.toFixed(1)} ms`,
		peer: '',
		value,
		aim: '≤ 50 ms',
		met: value <= 50,
	});
	const whole = await times(5, () => {
		for (const subject of subjects) for (const profile of profiles) checkCompatibility(subject, profile);
	});
	report({
		id: 'reports-5000',
		what: 'the same with confidence, reasons, warnings and advice in words, p50',
		ours: `${median(whole).toFixed(1)} ms`,
		peer: '',
		value: median(whole),
		aim: 'told',
		met: true,
	});
	expect(running).toBeGreaterThan(0);
});

const counts = process.env.BENCH_QUICK === '1' ? [50_000] : [50_000, 1_000_000];

it.each(counts)('lists what fits among %i rows', async (count) => {
	const database = openInMemory();
	migrate(database);
	const random = seeded(count);
	for (let from = 0; from < count; from += 20_000) {
		const part = Array.from({ length: Math.min(20_000, count - from) }, (_, index) =>
			randomRecord(random, from + index),
		);
		saveModels(
			database,
			part.map((record) => ({ record, isLearned: false, isRead: false })),
		);
	}
	const catalog = new Catalog(database);
	const rounds = count > 100_000 ? 10 : 60;
	const plain = await times(rounds, () => catalog.list(emptyQuery));
	const filtered = await times(rounds, () => catalog.list({ ...emptyQuery, fits: '16GB', context: 32_768 }));
	const value = median(filtered) / median(plain);
	report({
		id: `fits-${count}`,
		what: `first page of what fits 16 GB at 32,768 tokens, nine facets and counts, ${count.toLocaleString('en')} rows, p50`,
		ours: `${median(filtered).toFixed(2)} ms`,
		peer: `without the filter ${median(plain).toFixed(2)} ms`,
		value,
		aim: '≤ 2 × the list without it',
		met: value <= 2,
	});
	expect(catalog.list({ ...emptyQuery, fits: '16GB', context: 32_768 }).total).toBeGreaterThan(100);
	database.close();
});
