// Records of requests: written beside the answers, in lots, all of them at a stop, and each only once.
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import { Failure } from '#lib/core/failure.ts';
import { openDatabase, openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { RequestBook } from '#lib/server/registry/request-book.ts';
import { requestTexts } from '#lib/server/store/requests.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { A, B, routeRig } from '../../support/route-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const root = temporaryFolder();
const everything = { route: null, user: null, served: null, outcome: null, before: null, limit: 1000 };

function idOf(number: number): string {
	return `01KAAAAAAAAAAAAAAAAAAA${String(number).padStart(4, '0')}`;
}

/** A real record with more than one try, under these ids. */
async function records(count: number): Promise<RequestRecord[]> {
	const tiers = { t: { strategy: 'fallback' as const, providers: [A, B] } };
	const fail = new CallFailure('not_found', 'There is no such model.');
	const rig = routeRig({ config: { tiers }, scripts: { [A]: [{ fail }], [B]: [{ say: 'yes' }] } });
	const { record } = await rig.ask({});
	return Array.from({ length: count }, (_, number) => ({ ...record, id: idOf(number) }));
}

interface Rig {
	book: RequestBook;
	clock: VirtualClock;
	database: Database;
	errors: unknown[];
	/** Records that another reader of the database would find. */
	written: () => number;
}

function bookRig(database = openInMemory()): Rig {
	migrate(database);
	const clock = new VirtualClock();
	const errors: unknown[] = [];
	const book = new RequestBook({ database, clock, onError: (error) => errors.push(error) });
	return { book, clock, database, errors, written: () => requestTexts(database, everything).length };
}

function attempts(database: Database): unknown[][] {
	return database.all('SELECT request, number FROM route_attempts ORDER BY request, number').map((row) => [...row]);
}

describe('records', () => {
	it('wait for a tenth of a second, and not with whoever made them', async () => {
		const { book, clock, written } = bookRig();
		for (const record of await records(3)) book.keep(record);
		expect(written()).toBe(0);
		await clock.leap(100);
		expect(written()).toBe(3);
	});

	it('are written fifty at a time when many come, with the next turn', async () => {
		const { book, clock, written } = bookRig();
		for (const record of await records(50)) book.keep(record);
		expect(written()).toBe(0);
		await clock.leap(0);
		expect(written()).toBe(50);
	});

	it('never wait in larger numbers than five hundred, however long a turn takes', async () => {
		const { book, written } = bookRig();
		for (const record of await records(501)) book.keep(record);
		expect(written()).toBe(500);
	});

	it('are all there after a stop, for whoever opens the database next', async () => {
		const open = () => openDatabase({ directory: root, now: () => new Date(), prepare: migrate }).database;
		const { book, database } = bookRig(open());
		const made = await records(7);
		for (const record of made) book.keep(record);
		book.close();
		database.close();
		const again = open();
		expect(requestTexts(again, everything).map((text) => JSON.parse(text))).toEqual(made.toReversed());
		const tries = made.flatMap(({ id, attempts: all }) => all.map(({ number }) => [id, number]));
		expect(attempts(again)).toEqual(tries);
		expect(tries.length).toBeGreaterThan(7);
		again.close();
	});

	it('can be read at once, and listed', async () => {
		const { book } = bookRig();
		const [record] = await records(1);
		if (record !== undefined) book.keep(record);
		expect(book.read(idOf(0))).toEqual(record);
		expect(book.list({ outcome: 'ok' })).toEqual([record]);
		expect(() => book.read(idOf(1))).toThrow(Failure);
	});

	it('take the place of the one of the same id, tries too', async () => {
		const { book, database } = bookRig();
		const [record] = await records(1);
		if (record === undefined) throw new Error('There is no record.');
		book.keep(record);
		book.keep({ ...record, spec: 'tier:other', attempts: record.attempts.slice(-1) });
		expect(book.list({}).map(({ spec }) => spec)).toEqual(['tier:other']);
		expect(record.attempts.length).toBeGreaterThan(1);
		expect(attempts(database)).toEqual([[idOf(0), record.attempts.at(-1)?.number]]);
	});

	it('that cannot be written are told of, and the next ones are written', async () => {
		const { book, database, errors, written } = bookRig();
		const [first, second] = await records(2);
		database.run('ALTER TABLE route_attempts RENAME TO elsewhere');
		if (first !== undefined) book.keep(first);
		book.flush();
		database.run('ALTER TABLE elsewhere RENAME TO route_attempts');
		if (second !== undefined) book.keep(second);
		book.flush();
		expect([errors.length, written()]).toEqual([1, 1]);
	});
});
