// [S60] Many readers of the download events: one look for all, each at its own pace, and none that is held for ever.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { applyDownload, newDownload, type DownloadRecord } from '#lib/core/download.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import type { Watched } from '#lib/server/downloads/reader.ts';
import { DownloadWatch } from '#lib/server/downloads/watch.ts';
import { migrate } from '#lib/server/migrations.ts';
import { addDownload, removeDownload, saveDownload } from '#lib/server/store/downloads.ts';
import { orderOf } from '../support/downloads-rig.ts';
import { temporaryFolder } from '../support/folder.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const home = temporaryFolder();
let database: Database;
let clock: VirtualClock;
let watch: DownloadWatch;
let count = 0;
beforeEach(() => {
	const directory = join(home, String((count += 1)));
	({ database } = openDatabase({ directory, now: () => new Date(), prepare: migrate }));
	clock = new VirtualClock();
	watch = new DownloadWatch({ database, clock });
});
afterEach(() => {
	watch.close();
	database.close();
});

function add(id: string): DownloadRecord {
	const record = newDownload(id, orderOf(`org/${id}`), 0);
	addDownload(database, id, record);
	return record;
}

/** Changes a download, with a warning to tell one change from another. */
function change(record: DownloadRecord, message: string): DownloadRecord {
	const changed = applyDownload(record, { kind: 'warning', at: 1, message });
	saveDownload(database, changed, null);
	return changed;
}

const read = (after: number | null = null, onSlow?: () => void) => {
	const controller = new AbortController();
	const changes = watch.changes({ after, signal: controller.signal, onSlow });
	return { controller, changes, next: async (): Promise<Watched> => (await changes.next()).value ?? null };
};
const told = (seen: Watched) => [seen?.serial, seen?.id, seen?.download?.warnings];

it('is one look and one object, however many read', async () => {
	const record = add('a');
	const readers = Array.from({ length: 50 }, () => read());
	await Promise.all(readers.map(({ next }) => next()));
	const looks = vi.spyOn(database, 'all');
	const waiting = readers.map(({ next }) => next());
	change(record, 'one');
	watch.look();
	const seen = await Promise.all(waiting);
	expect(looks).toHaveBeenCalledTimes(1);
	expect(told(seen[0] ?? null)).toEqual([2, 'a', ['one']]);
	expect(new Set(seen).size).toBe(1);
	for (const { controller } of readers) controller.abort();
	await Promise.allSettled(readers.map(({ next }) => next()));
	expect(clock.waiting).toBe(0);
});

it('hears of what other processes do, and shows that it is there when nothing happens', async () => {
	const { next } = read();
	const first = next();
	await clock.leap(15_500);
	expect(await first).toBeNull();
	const second = next();
	add('a');
	await clock.leap(600);
	expect(told(await second)).toEqual([1, 'a', []]);
});

it('keeps the latest of each download for a reader that is slow, in order', async () => {
	let a = add('a');
	const b = add('b');
	const { next } = read();
	expect(told(await next())).toEqual([1, 'a', []]);
	for (const word of ['one', 'two', 'three']) {
		a = change(a, word);
		watch.look();
	}
	change(b, 'one');
	watch.look();
	expect(told(await next())).toEqual([5, 'a', ['one', 'two', 'three']]);
	expect(told(await next())).toEqual([6, 'b', ['one']]);
});

it('lets a reader go that takes nothing for a minute; it misses nothing when it comes back', async () => {
	const record = add('a');
	add('gone');
	const onSlow = vi.fn();
	const slow = read(null, onSlow);
	const patient = read();
	for (const reader of [slow, patient]) expect(told(await reader.next())).toEqual([1, 'a', []]);
	expect(told(await patient.next())).toEqual([2, 'gone', []]);
	const waits = patient.next();
	await clock.leap(59_000);
	expect(onSlow).not.toHaveBeenCalled();
	await clock.leap(2000);
	expect(onSlow).toHaveBeenCalledTimes(1);
	expect(await waits).toBeNull();
	await expect(slow.next()).rejects.toMatchObject({ name: 'AbortError' });
	change(record, 'later');
	removeDownload(database, 'gone');
	const again = read(1);
	expect(told(await again.next())).toEqual([3, 'a', ['later']]);
	expect(await again.next()).toMatchObject({ id: 'gone', download: null });
	expect(told(await read().next())).toEqual([3, 'a', ['later']]);
});

it('[F35] has no gap and nothing twice for a reader whose connection breaks at every event', async () => {
	let records = ['a', 'b', 'c'].map(add);
	const expected: unknown[] = [];
	const heard: unknown[] = [];
	let last: number | null = null;
	for (let round = 0; round < 200; round += 1) {
		const at = round % 3;
		records = records.map((record, index) => (index === at ? change(record, `news ${round}`) : record));
		expected.push([round + 4, records[at]?.id]);
		// Each connection brings one event; the reader comes back with its number.
		const { next, controller }: ReturnType<typeof read> = read(last ?? 3);
		const seen = await next();
		heard.push([seen?.serial, seen?.id]);
		last = seen?.serial ?? null;
		controller.abort();
		await expect(next()).rejects.toMatchObject({ name: 'AbortError' });
	}
	expect(heard).toEqual(expected);
});
