// The downloads as the browser watches them: told whole, then change by change, and again after the connection broke.
import { describe, expect, it, vi } from 'vitest';
import type { Fetch } from '#lib/client/api.ts';
import { DownloadStore } from '#lib/client/downloads.svelte.ts';
import type { Download } from '#lib/core/download.ts';
import { download } from '../support/downloads.ts';

/** A server whose streams the test writes and ends; `asked` are the last numbers its readers named. */
function scripted(list: Download[]) {
	const asked: (string | null)[] = [];
	const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
	let isDown = false;
	const fetch: Fetch = async (path, init) => {
		if (isDown) throw new TypeError('refused');
		if (path !== '/api/downloads/events') return Response.json({ downloads: list });
		asked.push(new Headers(init?.headers).get('last-event-id'));
		return new Response(new ReadableStream({ start: (controller) => void streams.push(controller) }));
	};
	const send = (text: string) => streams.at(-1)?.enqueue(new TextEncoder().encode(text));
	const tell = (serial: number, value: object, event = 'download') =>
		send(`event: ${event}\nid: ${serial}\ndata: ${JSON.stringify(value)}\n\n`);
	const end = () => streams.at(-1)?.close();
	return { fetch, asked, send, tell, end, setDown: (down: boolean) => (isDown = down) };
}

describe('DownloadStore', () => {
	it('is told the list, folds changes, and says when one has ended', async () => {
		const server = scripted([download()]);
		const store = new DownloadStore({ fetch: server.fetch });
		store.watch();
		await vi.waitFor(() => expect(store.state).toBe('live'));
		expect([store.list.length, store.active, store.said('Meadow/model')?.text]).toEqual([1, 1, '25 %']);
		server.send(':\n\n');
		server.tell(7, download({ state: 'ready', bytes: 4096, updated_at: '2026-11-21T00:00:05.000Z' }));
		await vi.waitFor(() => expect(store.announcer.text).toBe('meadow/Model is downloaded and verified.'));
		expect([store.active, store.said('meadow/Model')?.text]).toEqual([0, 'On this machine']);
		server.tell(8, { id: 'd1' }, 'removed');
		await vi.waitFor(() => expect(store.list).toEqual([]));
		store.rest();
		expect(store.state).toBe('resting');
	});

	it('goes on after its last number when a stream ends, and asks for everything when nobody had answered', async () => {
		const server = scripted([download()]);
		const waits: (() => void)[] = [];
		const store = new DownloadStore({
			fetch: server.fetch,
			wait: () => new Promise((resolve) => void waits.push(resolve)),
		});
		store.watch();
		await vi.waitFor(() => expect(store.state).toBe('live'));
		server.tell(41, download({ bytes: 2048 }));
		await vi.waitFor(() => expect(store.list[0]?.bytes).toBe(2048));
		server.end();
		await vi.waitFor(() => expect(waits).toHaveLength(1));
		server.setDown(true);
		waits[0]?.();
		await vi.waitFor(() => expect(store.state).toBe('lost'));
		expect(store.list).toHaveLength(1);
		await vi.waitFor(() => expect(waits).toHaveLength(2));
		server.setDown(false);
		waits[1]?.();
		await vi.waitFor(() => expect(store.state).toBe('live'));
		server.tell(42, download());
		await vi.waitFor(() => expect(store.list[0]?.bytes).toBe(1024));
		server.end();
		await vi.waitFor(() => expect(waits).toHaveLength(3));
		waits[2]?.();
		await vi.waitFor(() => expect(server.asked).toEqual([null, null, '42']));
		store.rest();
	});

	it('keeps what the stream brought when an older answer comes late', async () => {
		const newer = download({ state: 'ready', updated_at: '2026-11-21T00:01:00.000Z' });
		const fetch: Fetch = async (path) =>
			path === '/api/downloads' ? Response.json({ downloads: [newer] }) : Response.json(download({ state: 'paused' }));
		const store = new DownloadStore({ fetch, wait: () => new Promise(() => {}) });
		store.watch();
		await vi.waitFor(() => expect(store.list).toHaveLength(1));
		await store.act('d1', 'pause');
		expect(store.list[0]?.state).toBe('ready');
		store.rest();
	});
});
