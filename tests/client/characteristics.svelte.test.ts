// The store of characteristics: batches, asks once, and ends every question in a state.
import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, readConfigs, type ConfigLine, type Fetch } from '#lib/client/api.ts';
import { CharacteristicsStore } from '#lib/client/characteristics.svelte.ts';
import { characteristics } from '../support/models.ts';

const line = (id: string): ConfigLine => ({
	id,
	characteristics: characteristics({ id, architecture_family: 'Qwen' }),
});

/** A server of NDJSON lines that the test feeds by hand. */
class Wire {
	requests: {
		ids: string[];
		signal: AbortSignal;
		send(line: ConfigLine): void;
		text(text: string): void;
		end(): void;
	}[] = [];

	fetch: Fetch = async (_path, init) => {
		const { ids }: { ids: string[] } = JSON.parse(String(init?.body));
		const signal = init?.signal ?? new AbortController().signal;
		const encoder = new TextEncoder();
		let controller: ReadableStreamDefaultController<Uint8Array>;
		const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
		signal.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
		const text = (part: string) => controller.enqueue(encoder.encode(part));
		const send = (value: ConfigLine) => text(`${JSON.stringify(value)}\n`);
		this.requests.push({ ids, signal, send, text, end: () => controller.close() });
		return new Response(body);
	};

	store(): CharacteristicsStore {
		return new CharacteristicsStore({ read: (ids, signal) => readConfigs(ids, { fetch: this.fetch, signal }) });
	}
}

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('CharacteristicsStore', () => {
	it('gathers what is asked for into one request, and says loading at once', async () => {
		const wire = new Wire();
		const store = wire.store();
		for (const id of ['a/1', 'a/2', 'a/3']) store.ask(id);
		expect(store.reading('a/1')).toEqual({ characteristics: null, loading: true, error: null });
		await pass(49);
		expect(wire.requests).toHaveLength(0);
		await pass(2);
		expect(wire.requests.map(({ ids }) => ids)).toEqual([['a/1', 'a/2', 'a/3']]);
	});

	it('asks for at most 50 at a time and has two requests under way', async () => {
		const wire = new Wire();
		const store = wire.store();
		for (let at = 0; at < 130; at += 1) store.ask(`a/${at}`);
		await pass(60);
		expect(wire.requests.map(({ ids }) => ids.length)).toEqual([50, 50]);
		for (const id of wire.requests[0]?.ids ?? []) wire.requests[0]?.send(line(id));
		wire.requests[0]?.end();
		await pass(1);
		expect(wire.requests.map(({ ids }) => ids.length)).toEqual([50, 50, 30]);
	});

	it('fills each model as its line arrives, whatever the pieces, and tells readers', async () => {
		const wire = new Wire();
		const store = wire.store();
		const seen: string[] = [];
		const stop = $effect.root(() => {
			$effect(() => {
				seen.push(store.reading('a/2').characteristics?.architecture_family ?? 'none');
			});
		});
		flushSync();
		store.ask('a/1');
		store.ask('a/2');
		await pass(60);
		const whole = JSON.stringify(line('a/2'));
		wire.requests[0]?.text(whole.slice(0, 20));
		await pass(1);
		wire.requests[0]?.text(`${whole.slice(20)}\n`);
		await pass(1);
		flushSync();
		expect(store.reading('a/2').loading).toBe(false);
		expect(store.reading('a/1').loading).toBe(true);
		expect(seen.at(-1)).toBe('Qwen');
		stop();
	});

	it('never asks twice for a model that is known, under way or failed', async () => {
		const wire = new Wire();
		const store = wire.store();
		store.ask('a/1');
		store.ask('a/2');
		await pass(60);
		store.ask('a/1');
		wire.requests[0]?.send(line('a/1'));
		wire.requests[0]?.send({ id: 'a/2', error: { code: 'hub_timeout', message: 'Too slow.' } });
		wire.requests[0]?.end();
		await pass(1);
		store.ask('a/1');
		store.ask('a/2');
		await pass(200);
		expect(wire.requests).toHaveLength(1);
		expect(store.reading('a/2').error).toEqual({ code: 'hub_timeout', message: 'Too slow.' });
	});

	it('asks again for a failed model when told to', async () => {
		const wire = new Wire();
		const store = wire.store();
		store.ask('a/1');
		await pass(60);
		wire.requests[0]?.send({ id: 'a/1', error: { code: 'hub_timeout', message: 'Too slow.' } });
		wire.requests[0]?.end();
		await pass(1);
		store.retry('a/1');
		expect(store.reading('a/1')).toMatchObject({ loading: true, error: null });
		await pass(60);
		wire.requests[1]?.send(line('a/1'));
		await pass(1);
		expect(store.reading('a/1').characteristics?.architecture_family).toBe('Qwen');
	});

	it('drops a model that left the screen before it was asked for', async () => {
		const wire = new Wire();
		const store = wire.store();
		store.ask('a/1');
		store.ask('a/2');
		store.forgo('a/1');
		await pass(60);
		expect(wire.requests.map(({ ids }) => ids)).toEqual([['a/2']]);
		expect(store.reading('a/1').loading).toBe(false);
	});

	it('aborts a request when nothing on the page waits for it, and can ask again later', async () => {
		const wire = new Wire();
		const store = wire.store();
		const leave = [store.hold('a/1'), store.hold('a/2')];
		store.ask('a/1');
		store.ask('a/2');
		await pass(60);
		wire.requests[0]?.send(line('a/1'));
		await pass(1);
		for (const go of leave) go();
		expect(wire.requests[0]?.signal.aborted).toBe(true);
		expect(store.reading('a/1').characteristics).not.toBeNull();
		expect(store.reading('a/2')).toEqual({ characteristics: null, loading: false, error: null });
		store.ask('a/2');
		await pass(60);
		expect(wire.requests[1]?.ids).toEqual(['a/2']);
	});

	it('aborts everything on close', async () => {
		const wire = new Wire();
		const store = wire.store();
		store.ask('a/1');
		await pass(60);
		store.ask('a/2');
		store.close();
		await pass(200);
		expect(wire.requests).toHaveLength(1);
		expect(wire.requests[0]?.signal.aborted).toBe(true);
		expect([store.reading('a/1').loading, store.reading('a/2').loading]).toEqual([false, false]);
	});
});

describe('never stuck on loading', () => {
	async function asked(read: (ids: readonly string[], signal: AbortSignal) => AsyncIterable<ConfigLine>) {
		const store = new CharacteristicsStore({ read });
		store.ask('a/1');
		store.ask('a/2');
		await pass(60);
		return store;
	}

	it('when lines are missing at the end', async () => {
		const store = await asked(async function* () {
			yield line('a/1');
		});
		expect(store.reading('a/1').characteristics).not.toBeNull();
		expect(store.reading('a/2').error?.code).toBe('incomplete');
	});

	it('when the answer is silent, even to a reader that ignores the signal', async () => {
		const store = await asked(async function* () {
			await new Promise(() => {});
			yield line('a/1');
		});
		await pass(19_000);
		expect(store.reading('a/1').loading).toBe(true);
		await pass(2_000);
		expect(store.reading('a/1').error?.code).toBe('timeout');
		expect(store.reading('a/2').loading).toBe(false);
	});

	it('when lines of other models keep coming', async () => {
		const store = await asked(async function* () {
			for (;;) {
				await new Promise((done) => setTimeout(done, 5_000));
				yield line('b/1');
			}
		});
		await pass(61_000);
		expect(store.reading('a/1').error?.code).toBe('timeout');
	});

	it.each([
		[
			'a JSON error',
			() => Response.json({ error: { code: 'rate_limited', message: 'Later.' } }, { status: 503 }),
			'rate_limited',
		],
		['an error page', () => new Response('<h1>Bad gateway</h1>', { status: 502 }), 'bad_answer'],
		['a line that is not JSON', () => new Response('{"id":"a/1"\n<oops>\n'), 'bad_answer'],
		['lines of another shape', () => new Response('{"id":"a/1"}\n[]\n7\n'), 'incomplete'],
		['an empty answer', () => new Response(''), 'incomplete'],
	])('when the server sends %s', async (_name, respond, code) => {
		const store = await asked((ids, signal) => readConfigs(ids, { fetch: async () => respond(), signal }));
		expect(store.reading('a/1').error?.code).toBe(code);
		expect(store.reading('a/2').error?.code).toBe(code);
	});

	it('when the server is not there, or the connection breaks off', async () => {
		const gone = await asked((ids, signal) =>
			readConfigs(ids, { fetch: () => Promise.reject(new TypeError('Failed to fetch')), signal }),
		);
		expect(gone.reading('a/1').error?.code).toBe('unreachable');
		const broken = await asked(async function* () {
			yield line('a/1');
			throw new TypeError('network error');
		});
		expect(broken.reading('a/2').error?.code).toBe('unreachable');
		expect(new ApiError('x', 'y')).toBeInstanceOf(Error);
	});
});
