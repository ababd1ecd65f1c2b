// The discovery store: what a page shows of a run, frame by frame, and of the runs that go on from it.
import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';
import { DiscoveryConnection } from '#lib/client/discovery-connection.ts';
import { DiscoveryStore } from '#lib/client/discovery.svelte.ts';
import { candidateLimit, type DiscoveryMessage } from '#lib/core/discovery.ts';
import { done, encoder, failed, gen, progress } from '../support/discovery-messages.ts';
import { entry } from '../support/models.ts';
import { ScriptedServer, type ScriptedRequest } from '../support/scripted-server.ts';

/** A store whose frames the test paints, over a server that the test plays. */
function setUp() {
	const server = new ScriptedServer();
	const frames: (() => void)[] = [];
	let now = 0;
	const store = new DiscoveryStore({
		connection: new DiscoveryConnection({ worker: false, fetch: server.fetch }),
		nextFrame: (work) => frames.push(work),
		now: () => now,
	});
	/** Lets a frame be painted so many milliseconds later. */
	const paint = (ms = 100) => {
		now += ms;
		for (const work of frames.splice(0)) work();
	};
	/** Sends messages and waits until they have been taken in and painted. */
	const say = async (request: ScriptedRequest, ...messages: DiscoveryMessage[]) => {
		request.send(...messages);
		const isLast = messages.some(({ action }) => !action.endsWith(':progress'));
		const before = store.view;
		while (isLast ? store.isRunning : store.view === before) {
			await new Promise((go) => setTimeout(go));
			paint();
		}
	};
	return { server, store, frames, paint, say };
}

const ids = (items: readonly { entry: { id: string } }[]) => items.map((item) => item.entry.id);

describe('the discovery store', () => {
	it('shows nothing before the first run, then what the form asks for is asked', async () => {
		const { server, store } = setUp();
		expect(store.view.phase).toBe('idle');
		store.wish = { listLimit: 100, maxCandidates: 7, wait: false };
		store.discover('hf_secret');
		expect(store.view.phase).toBe('running');
		const request = await server.run();
		expect(request.body.params).toEqual({ listLimit: 100, maxCandidates: 7, wait: false, hfToken: 'hf_secret' });
		expect(JSON.stringify({ ...store.wish, view: store.view })).not.toContain('hf_secret');
		store.discover();
		expect(server.runs).toHaveLength(1);
	});

	it('sorts models into groups as they settle, and dropped ones keep their class', async () => {
		const { server, store, say } = setUp();
		store.discover();
		const request = await server.run();
		await say(
			request,
			progress(request.id, 'a/gen', 'prefiltered'),
			progress(request.id, 'a/lock', 'config_fetching'),
			progress(request.id, 'a/embed', 'prefiltered', encoder('a/embed')),
		);
		expect(ids(store.view.groups.open)).toEqual(['a/gen', 'a/lock']);
		expect(ids(store.view.groups.encoder)).toEqual(['a/embed']);
		expect(ids(store.view.groups.dropped)).toEqual(['a/embed']);
		await say(
			request,
			progress(request.id, 'a/gen', 'classified', { classification: 'gen', confidence: 'high' }),
			progress(request.id, 'a/low', 'classified', { classification: 'gen', confidence: 'low' }),
			progress(request.id, 'a/lock', 'auth', { classification: 'auth-protected', fetchStatus: '401' }),
			progress(request.id, 'a/gated', 'auth', { classification: 'gen', confidence: 'high', gated: 'manual' }),
			progress(request.id, 'a/what', 'classified', { classification: 'unknown', fetchStatus: 'ok' }),
			progress(request.id, 'a/bad', 'error', { fetchStatus: 'error' }),
			progress(request.id, 'a/far', 'prefiltered', { excluded_by: candidateLimit }),
		);
		const { groups, counts } = store.view;
		expect(ids(groups.gen)).toEqual(['a/gen', 'a/gated']);
		expect(ids(groups.low)).toEqual(['a/low']);
		expect(ids(groups.auth)).toEqual(['a/lock']);
		expect(ids(groups.unknown)).toEqual(['a/what']);
		expect(ids(groups.failed)).toEqual(['a/bad']);
		expect(ids(groups.unread)).toEqual(['a/far']);
		expect(groups.open).toEqual([]);
		expect(groups.all).toHaveLength(8);
		expect(counts).toMatchObject({ listed: 8, dropped: 1, reading: 0, waiting: 0 });
	});

	it('puts a view together once per frame however many messages came, and the last one at once', async () => {
		const { server, store, frames, paint } = setUp();
		let views = 0;
		const stop = $effect.root(() => {
			$effect(() => {
				void store.view;
				views += 1;
			});
		});
		store.discover();
		flushSync();
		const before = views;
		const request = await server.run();
		const names = Array.from({ length: 400 }, (_, at) => `a/${at}`);
		request.send(...names.map((name) => progress(request.id, name, 'prefiltered')));
		while (frames.length === 0) await new Promise((go) => setTimeout(go));
		await new Promise((go) => setTimeout(go, 60));
		expect(frames).toHaveLength(1);
		expect(store.view.groups.all).toHaveLength(0);
		paint();
		flushSync();
		expect(store.view.groups.all).toHaveLength(400);
		expect(views).toBe(before + 1);
		request.send(
			done(
				request.id,
				names.map((name) => gen(name)),
			),
		);
		while (store.isRunning) await new Promise((go) => setTimeout(go));
		expect(store.view.groups.gen).toHaveLength(400);
		stop();
	});

	it('tells the time left once the pace is known, and not before', async () => {
		const { server, store, say } = setUp();
		store.discover();
		const request = await server.run();
		const names = Array.from({ length: 20 }, (_, at) => `a/${at}`);
		await say(request, ...names.map((name) => progress(request.id, name, 'prefiltered', undefined, 0)));
		expect(store.view.secondsLeft).toBeNull();
		expect(store.view.reads).toEqual({ total: 0, settled: 0 });
		await say(request, progress(request.id, 'a/0', 'config_fetching', undefined, 0));
		expect(store.view.reads).toEqual({ total: 20, settled: 0 });
		const read = (from: number, to: number, ts: number) =>
			names.slice(from, to).map((name) => progress(request.id, name, 'classified', gen(name), ts));
		await say(request, ...read(0, 4, 3_000));
		expect(store.view.reads).toEqual({ total: 20, settled: 4 });
		expect(store.view.secondsLeft).toBeNull();
		await say(request, ...read(4, 10, 6_000));
		expect(store.view.secondsLeft).toBe(6);
	});

	it('goes on from a run, and keeps what it found', async () => {
		const { server, store, say } = setUp();
		store.discover();
		const first = await server.run();
		const far = (id: string) => entry({ id, excluded_by: candidateLimit, likes: 3 });
		await say(first, done(first.id, [gen('a/1'), far('a/2'), far('a/3'), encoder('a/4')]));
		expect(store.view).toMatchObject({ phase: 'done', canContinue: true });
		store.further();
		const second = await server.run(1);
		expect(second.body.params).toMatchObject({ continueFrom: first.id, maxCandidates: 250 });
		expect(store.view.canContinue).toBe(false);
		await say(second, progress(second.id, 'a/1', 'prefiltered'), progress(second.id, 'a/2', 'prefiltered'));
		expect(ids(store.view.groups.gen)).toEqual(['a/1']);
		expect(ids(store.view.groups.open)).toEqual(['a/2']);
		await say(second, done(second.id, [gen('a/2', { likes: null }), far('a/3')]));
		expect(ids(store.view.groups.gen)).toEqual(['a/1', 'a/2']);
		expect(store.view.groups.gen[1]?.entry).toMatchObject({ likes: 3 });
		expect(store.view.groups.gen[1]?.entry.excluded_by).toBeUndefined();
		expect(ids(store.view.groups.unread)).toEqual(['a/3']);
		expect(ids(store.view.groups.encoder)).toEqual(['a/4']);
		store.further();
		const third = await server.run(2);
		expect(third.body.params).toMatchObject({ continueFrom: second.id });
		await say(third, failed(third.id, 'not_found', 'No earlier discovery is kept.'));
		await expect.poll(() => store.view.canContinue).toBe(false);
		expect(ids(store.view.groups.gen)).toEqual(['a/1', 'a/2']);
	});

	it('groups failures by code, and reads the failed ones again', async () => {
		const { server, store, say } = setUp();
		store.discover();
		const first = await server.run();
		const bad = (id: string, statusCode?: number) =>
			entry({ id, fetchStatus: 'error', fetchError: { statusCode, message: 'No.' }, tags: ['x'] });
		const errors = [
			{ modelId: 'a/1', code: 'hub_timeout', message: 'Too slow.' },
			{ modelId: '', code: 'rate_limited', message: 'Slow down.' },
		];
		const result = [bad('a/1'), bad('a/2', 500), bad('a/3', 502), entry({ id: 'a/4', fetchStatus: '429' }), gen('a/5')];
		await say(first, done(first.id, result, { errors }));
		expect(store.view.errors.map(({ code, ids: found }) => [code, found])).toEqual([
			['hub_error', ['a/2', 'a/3']],
			['hub_timeout', ['a/1']],
			['rate_limited', ['a/4']],
		]);
		store.again(['a/2', 'a/3']);
		const second = await server.run(1);
		expect(second.body.params).toMatchObject({ maxCandidates: 2, models: [{ id: 'a/2', tags: ['x'] }, { id: 'a/3' }] });
		await say(second, done(second.id, [gen('a/2'), gen('a/3')]));
		expect(ids(store.view.groups.gen)).toEqual(['a/2', 'a/3', 'a/5']);
		expect(ids(store.view.groups.failed)).toEqual(['a/1', 'a/4']);
	});

	it('says so while it is being cancelled, and keeps what was found', async () => {
		const { server, store, say } = setUp();
		store.discover();
		const request = await server.run();
		await say(
			request,
			progress(request.id, 'a/1', 'classified', gen('a/1')),
			progress(request.id, 'a/2', 'prefiltered'),
		);
		store.cancel();
		expect(store.view.phase).toBe('cancelling');
		await say(request, done(request.id, [gen('a/1'), entry({ id: 'a/2' })], { cancelled: true }));
		expect(store.view).toMatchObject({ phase: 'cancelled', meta: { cancelled: true } });
		expect(ids(store.view.groups.unread)).toEqual(['a/2']);
	});

	it('has a sentence when a run fails; nothing stays open, and the next run begins anew', async () => {
		const { server, store, say } = setUp();
		store.discover();
		const request = await server.run();
		await say(request, progress(request.id, 'a/1', 'config_fetching'));
		await say(request, failed(request.id, 'offline', 'There is no Hub.'));
		expect(store.view).toMatchObject({ phase: 'failed', failure: { code: 'offline', message: 'There is no Hub.' } });
		expect(store.view.groups.open).toEqual([]);
		expect(ids(store.view.groups.unread)).toEqual(['a/1']);
		store.discover();
		expect(store.view).toMatchObject({ phase: 'running', failure: null });
		expect(store.view.groups.all).toEqual([]);
	});
});
