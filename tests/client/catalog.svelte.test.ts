// Lists that grow page by page, and that are found again as they were scrolled.
import { describe, expect, it } from 'vitest';
import type { Fetch } from '#lib/client/api.ts';
import { ModelList, ModelLists } from '#lib/client/catalog.svelte.ts';
import { FreshnessWatch, readFreshness } from '#lib/client/freshness.svelte.ts';
import { emptyQuery, unchecked } from '#lib/core/query.ts';
import { entry, listPage } from '../support/models.ts';

const models = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, at) => entry({ id: `a/${from + at}` }));
const first = listPage({ models: models(0, 3), total: 6, next_cursor: 'c1' });

describe('ModelList', () => {
	it('asks for the next page with its cursor, leaves out doubles, and ends', async () => {
		const asked: string[] = [];
		const fetch: Fetch = async (path) => {
			asked.push(path);
			return Response.json(listPage({ models: models(2, 6), total: 6 }));
		};
		const list = new ModelList({ ...emptyQuery, q: 'x', source: 'hub' }, first, { fetch, checked: unchecked });
		expect(list.hasMore).toBe(true);
		await Promise.all([list.more(), list.more()]);
		expect(asked).toEqual(['/api/models?q=x&source=hub&cursor=c1']);
		expect(list.models.map(({ id }) => id)).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'a/4', 'a/5']);
		expect(list.hasMore).toBe(false);
		await list.more();
		expect(asked).toHaveLength(1);
	});

	it('says what went wrong, keeps what it has, and goes on when asked again', async () => {
		let isDown = true;
		const fetch: Fetch = async () => {
			if (isDown) return Response.json({ error: { code: 'database', message: 'The disk is full.' } }, { status: 503 });
			return Response.json(listPage({ models: models(3, 6), total: 6 }));
		};
		const list = new ModelList(emptyQuery, first, { fetch, checked: unchecked });
		await list.more();
		expect([list.error, list.loading, list.models.length]).toEqual(['The disk is full.', false, 3]);
		isDown = false;
		await list.more();
		expect([list.error, list.models.length]).toEqual([null, 6]);
	});

	it('does not take another answer for a list', async () => {
		const list = new ModelList(emptyQuery, first, {
			fetch: async () => Response.json({ hello: 1 }),
			checked: unchecked,
		});
		await list.more();
		expect(list.error).toContain('Reload the page');
	});
});

describe('ModelLists', () => {
	it('finds a list again as it was, unless its beginning has changed', async () => {
		const lists = new ModelLists({ fetch: async () => Response.json(listPage({ models: models(3, 6), total: 6 })) });
		const list = lists.open(emptyQuery, first);
		await list.more();
		list.toggle('a/1');
		lists.open({ ...emptyQuery, q: 'other' }, listPage());
		expect(lists.open(emptyQuery, first)).toBe(list);
		expect([list.models.length, list.opened.has('a/1'), list.isFresh]).toEqual([6, true, false]);
		const changed = listPage({ models: models(1, 4), total: 6, next_cursor: 'c1' });
		expect(lists.open(emptyQuery, changed).models.map(({ id }) => id)).toEqual(['a/1', 'a/2', 'a/3']);
	});
});

describe('freshness', () => {
	it('reads what health tells and takes nothing for granted', () => {
		const hub = { online: true, refresh: { running: true, done: 2000, wanted: 5000 } };
		const told = readFreshness({ catalog: { updated_at: '2026-11-20T00:00:00Z' }, hub });
		expect(told).toEqual({
			online: true,
			updatedAt: '2026-11-20T00:00:00Z',
			refreshing: { done: 2000, total: 5000 },
		});
		expect(readFreshness({ hub: { online: null, offline: true } }).online).toBe(false);
		for (const odd of [null, 'up', [], { hub: 7, catalog: null }]) {
			expect(readFreshness(odd)).toEqual({ online: null, updatedAt: null, refreshing: null });
		}
	});

	it('asks again while a refresh is under way, and keeps what was known when the server is away', async () => {
		const busy = { hub: { online: true, refresh: { running: true, done: 1, wanted: 2 } } };
		const done = { hub: { online: true }, catalog: { updated_at: '2026-11-21' } };
		let respond = () => Response.json(busy);
		let looks = 0;
		const fetch: Fetch = async () => {
			looks += 1;
			return respond();
		};
		const watch = new FreshnessWatch({ fetch, busyMs: 1, calmMs: 1 });
		const stop = watch.start(true);
		await expect.poll(() => watch.now?.refreshing).toEqual({ done: 1, total: 2 });
		respond = () => Response.error();
		const before = looks;
		await expect.poll(() => looks).toBeGreaterThan(before + 1);
		expect(watch.now?.refreshing).toEqual({ done: 1, total: 2 });
		respond = () => Response.json(done);
		await expect.poll(() => watch.now?.updatedAt).toBe('2026-11-21');
		stop();
	});
});
