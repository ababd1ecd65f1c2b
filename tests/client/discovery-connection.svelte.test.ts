// The connection to the discovery worker: the same behaviour in a real worker and on the page.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '#lib/client/api.ts';
import { DiscoveryConnection } from '#lib/client/discovery-connection.ts';
import type { DiscoveryMessage } from '#lib/core/discovery.ts';
import { done, encoder, failed, gen, progress } from '../support/discovery-messages.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let stopServing: () => void;
let connections: DiscoveryConnection[];

beforeEach(() => {
	server = new ScriptedServer();
	stopServing = server.serve();
	connections = [];
});
afterEach(() => {
	for (const connection of connections) connection.close();
	stopServing();
});

function connect(worker: boolean): DiscoveryConnection {
	const connection = new DiscoveryConnection({
		worker,
		fetch: server.fetch,
		makeWorker: () => new Worker(new URL('../support/scripted-worker.ts', import.meta.url), { type: 'module' }),
	});
	connections.push(connection);
	return connection;
}

/** What a promise is rejected with. */
const problemOf = (promise: Promise<unknown>): Promise<unknown> =>
	promise.then(
		() => null,
		(error: unknown) => error,
	);

describe.each([
	['in a worker', true],
	['on the page', false],
])('a run %s', (_, worker) => {
	it('asks the server, passes on what it says and resolves with every model', async () => {
		const seen: DiscoveryMessage[] = [];
		const run = connect(worker).loadChatModels(
			{ maxCandidates: 2, hfToken: null },
			{ onProgress: (batch) => seen.push(...batch) },
		);
		const request = await server.run();
		expect(request.path).toBe('/api/discovery');
		expect(request.body).toEqual({ id: run.id, params: { maxCandidates: 2, hfToken: null } });
		request.send(
			progress(run.id, 'a/chat', 'prefiltered', { downloads: 5 }),
			progress(run.id, 'a/chat', 'config_fetching'),
			progress(run.id, 'a/chat', 'classified', { classification: 'gen', confidence: 'high', fetchStatus: 'ok' }),
		);
		const result = [gen('a/chat', { downloads: 5 }), encoder('a/embed')];
		request.send(done(run.id, result, { requests: 3, filtered: 1 }));
		const answer = await run.done;
		expect(answer.models).toEqual(result);
		expect(answer.meta).toMatchObject({ requests: 3, filtered: 1 });
		expect(seen.slice(0, 3).map((message) => 'status' in message && message.status)).toEqual([
			'prefiltered',
			'config_fetching',
			'classified',
		]);
		expect(seen.filter(({ action }) => !action.endsWith(':progress'))).toHaveLength(1);
		expect(run.state.phase).toBe('done');
		expect(run.state.items.get('a/embed')).toMatchObject({
			status: 'classified',
			entry: { classification: 'encoder' },
		});
	});

	it('gives news in batches, the last word with or after all others', async () => {
		const batches: number[] = [];
		const run = connect(worker).loadChatModels({}, { onProgress: (batch) => batches.push(batch.length) });
		const request = await server.run();
		const ids = Array.from({ length: 1_000 }, (__, at) => `a/${at}`);
		request.send(
			...ids.map((id) => progress(run.id, id, 'prefiltered')),
			done(
				run.id,
				ids.map((id) => gen(id)),
			),
		);
		expect((await run.done).models).toHaveLength(1_000);
		expect(Math.max(...batches)).toBeLessThanOrEqual(51);
		expect(batches.length).toBeLessThanOrEqual(45);
	});

	it('takes in a result in pieces: only what was not told before crosses over', async () => {
		const seen: DiscoveryMessage[] = [];
		const run = connect(worker).loadChatModels({}, { onProgress: (batch) => seen.push(...batch) });
		const request = await server.run();
		const told = gen('a/told');
		const { excluded_by: _gone, ...kept } = encoder('a/kept');
		request.send(
			progress(run.id, 'a/told', 'classified', told),
			progress(run.id, 'a/kept', 'prefiltered', encoder('a/kept')),
			done(run.id, [told, { ...kept, likes: 7 }, gen('a/new')]),
		);
		expect((await run.done).models).toEqual([told, { ...kept, likes: 7 }, gen('a/new')]);
		const late = seen.slice(2).flatMap((message) => ('modelId' in message ? [message] : []));
		expect(late.map(({ modelId }) => modelId)).toEqual(['a/kept', 'a/new']);
		expect(late[0]?.delta).toEqual({ likes: 7, excluded_by: undefined });
	});

	it('keeps two runs apart', async () => {
		const connection = connect(worker);
		const first = connection.loadChatModels();
		const second = connection.loadChatModels();
		expect(first.id).not.toBe(second.id);
		const [one, two] = [await server.run(0), await server.run(1)];
		two.send(done(second.id, [gen('b/2')]));
		one.send(done(first.id, [gen('a/1')]));
		expect((await first.done).models.map(({ id }) => id)).toEqual(['a/1']);
		expect((await second.done).models.map(({ id }) => id)).toEqual(['b/2']);
	});

	it('ends at once when cancelled, with what the server says last', async () => {
		const run = connect(worker).loadChatModels();
		const request = await server.run();
		request.send(progress(run.id, 'a/1', 'config_fetching'));
		run.cancel();
		await server.until(() => server.requests.some(({ method }) => method === 'DELETE'));
		expect(server.requests.find(({ method }) => method === 'DELETE')?.path).toBe(`/api/discovery/${run.id}`);
		request.send(done(run.id, [gen('a/1')], { cancelled: true, requests: 17 }));
		const { models, meta } = await run.done;
		expect(meta).toMatchObject({ cancelled: true, requests: 17 });
		expect(models.map(({ id }) => id)).toEqual(['a/1']);
	});

	it('ends when cancelled even if the server says nothing more, with what it had said; and hangs up', async () => {
		const controller = new AbortController();
		const finals: DiscoveryMessage[] = [];
		const run = connect(worker).loadChatModels(
			{},
			{
				signal: controller.signal,
				onProgress: (batch) => finals.push(...batch.filter(({ action }) => !action.endsWith(':progress'))),
			},
		);
		const request = await server.run();
		request.send(progress(run.id, 'a/1', 'classified', gen('a/1')), progress(run.id, 'a/2', 'config_fetching'));
		controller.abort();
		controller.abort();
		run.cancel();
		const { models, meta } = await run.done;
		expect(models.map(({ id }) => id)).toEqual(['a/1', 'a/2']);
		expect(meta).toMatchObject({ cancelled: true, fetched: 2, requests: 1 });
		await server.until(() => request.aborted);
		expect(finals).toHaveLength(1);
		run.cancel();
	});

	it('can be cancelled before the server answered at all', async () => {
		const run = connect(worker).loadChatModels();
		const request = await server.run();
		run.cancel();
		expect((await run.done).meta.cancelled).toBe(true);
		await server.until(() => request.aborted);
	});

	it.each<[string, (request: Awaited<ReturnType<ScriptedServer['run']>>) => void, string]>([
		['says so', (r) => r.send(failed(r.id, 'hub_unreachable', 'The Hub is out of reach.')), 'hub_unreachable'],
		['refuses', (r) => (r.open(503), r.text('{"error":{"code":"offline","message":"No Hub."}}'), r.end()), 'offline'],
		['fails in its midst', (r) => r.text('{"error":{"code":"database","message":"No disk."}}\n'), 'database'],
		['breaks off', (r) => (r.send(progress(r.id, 'a/1', 'prefiltered')), r.end()), 'incomplete'],
		['talks nonsense', (r) => r.text('{"action":"listChatModels:done","id":"x"}\n'), 'bad_answer'],
		['loses the line', (r) => (r.send(progress(r.id, 'a/1', 'prefiltered')), r.break()), 'unreachable'],
		['is gone', (r) => r.break(), 'unreachable'],
	])('rejects with a sentence when the server %s', async (__, act, code) => {
		const run = connect(worker).loadChatModels();
		const request = await server.run();
		act(request);
		const problem = await problemOf(run.done);
		expect(problem).toBeInstanceOf(ApiError);
		expect(problem).toMatchObject({ code, message: expect.stringMatching(/^[A-Z].*[.?]$/) });
		expect(run.state).toMatchObject({ phase: 'failed', failure: { code } });
	});

	it('is ended when its page is left', async () => {
		const connection = connect(worker);
		const run = connection.loadChatModels();
		const request = await server.run();
		request.send(progress(run.id, 'a/1', 'prefiltered'));
		connection.close();
		expect(await problemOf(run.done)).toMatchObject({ code: 'cancelled' });
		if (!worker) await server.until(() => request.aborted);
		const again = connection.loadChatModels();
		const second = await server.run(1);
		second.send(done(again.id, []));
		expect((await again.done).models).toEqual([]);
	});
});

describe('a worker', () => {
	it('that crashes rejects its runs with a sentence, and the next run has a new one', async () => {
		let made = 0;
		const connection = new DiscoveryConnection({
			worker: true,
			fetch: server.fetch,
			makeWorker: () => {
				made += 1;
				return made === 1
					? new Worker(new URL('../support/broken-worker.ts', import.meta.url), { type: 'module' })
					: new Worker(new URL('../support/scripted-worker.ts', import.meta.url), { type: 'module' });
			},
		});
		connections.push(connection);
		const first = connection.loadChatModels();
		const swallow = (event: ErrorEvent) => event.preventDefault();
		window.addEventListener('error', swallow);
		expect(await problemOf(first.done)).toMatchObject({
			code: 'worker_failed',
			message: 'The background worker of this page stopped. Start the run again.',
		});
		const second = connection.loadChatModels();
		(await server.run()).send(done(second.id, [gen('a/1')]));
		expect((await second.done).models).toHaveLength(1);
		window.removeEventListener('error', swallow);
	});

	it('speaks the plain messages to whoever asks it plainly', async () => {
		const worker = new Worker(new URL('../support/scripted-worker.ts', import.meta.url), { type: 'module' });
		const seen: unknown[] = [];
		const last = new Promise<void>((resolve) => {
			worker.onmessage = ({ data }) => {
				seen.push(...data);
				if (data.at(-1).action !== 'listChatModels:progress') resolve();
			};
		});
		worker.postMessage({ action: 'listChatModels', id: 'mine', params: { maxCandidates: 1 } });
		const request = await server.run();
		const messages = [progress('mine', 'a/1', 'classified', gen('a/1')), done('mine', [gen('a/1')])];
		request.send(...messages);
		await last;
		expect(seen).toEqual(messages);
		worker.terminate();
	});

	it.each(['cancelListChatModels', 'cancelLoadChatModels'])('obeys %s', async (action) => {
		const worker = new Worker(new URL('../support/scripted-worker.ts', import.meta.url), { type: 'module' });
		const last = new Promise<unknown>((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
		worker.postMessage({ action: 'listChatModels', id: 'mine' });
		await server.run();
		worker.postMessage({ action, id: 'mine' });
		expect(await last).toMatchObject([{ action: 'listChatModels:done', id: 'mine', meta: { cancelled: true } }]);
		worker.terminate();
	});

	it('answers what it does not know', async () => {
		const worker = new Worker(new URL('../support/scripted-worker.ts', import.meta.url), { type: 'module' });
		const last = new Promise<unknown>((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
		worker.postMessage({ action: 'sing', id: 'mine' });
		expect(await last).toMatchObject([{ action: 'sing:error', id: 'mine', code: 'bad_request' }]);
		worker.terminate();
	});
});
