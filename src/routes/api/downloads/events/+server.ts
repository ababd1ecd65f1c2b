// GET /api/downloads/events: every change of any download as a server-sent event; goes on after Last-Event-ID.
import type { DownloadChange } from '#lib/core/download.ts';
import type { Downloads } from '#lib/server/downloads.ts';
import { serverEvents, type ServerEvent } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

/** The event of a change, the same one for every reader who gets that change. */
const events = new WeakMap<DownloadChange, ServerEvent>();

function eventOf(change: DownloadChange): ServerEvent {
	const known = events.get(change);
	if (known !== undefined) return known;
	const { serial: id, download } = change;
	const fresh: ServerEvent =
		download === null ? { event: 'removed', id, value: { id: change.id } } : { event: 'download', id, value: download };
	events.set(change, fresh);
	return fresh;
}

async function* eventsOf(
	downloads: Downloads,
	options: { after: number | null; signal: AbortSignal; onSlow: () => void },
): AsyncGenerator<ServerEvent | null> {
	for await (const change of downloads.watch(options)) yield change === null ? null : eventOf(change);
}

export const GET: RequestHandler = ({ locals, request, platform }) => {
	const { downloads, closing } = locals.app;
	const last = request.headers.get('last-event-id') ?? '';
	const after = /^\d{1,15}$/.test(last) ? Number(last) : null;
	/** What was sent and never taken ends with the connection; the reader may come back with its last number. */
	const onSlow = () => void platform?.req.socket.destroy();
	return serverEvents((signal) => eventsOf(downloads, { after, signal, onSlow }), [request.signal, closing]);
};
