// GET /api/downloads/events: every change of any download as a server-sent event; goes on after Last-Event-ID.
import { serverEvents, type ServerEvent } from '#lib/server/stream.ts';
import type { Downloads } from '#lib/server/downloads.ts';
import type { RequestHandler } from './$types';

async function* eventsOf(
	downloads: Downloads,
	options: { after: number | null; signal: AbortSignal; onSlow: () => void },
): AsyncGenerator<ServerEvent | null> {
	for await (const change of downloads.watch(options)) {
		if (change === null) yield null;
		else if (change.download === null) yield { event: 'removed', id: change.serial, value: { id: change.id } };
		else yield { event: 'download', id: change.serial, value: change.download };
	}
}

export const GET: RequestHandler = ({ locals, request, platform }) => {
	const { downloads, closing } = locals.app;
	const last = request.headers.get('last-event-id') ?? '';
	const after = /^\d{1,15}$/.test(last) ? Number(last) : null;
	/** What was sent and never taken ends with the connection; the reader may come back with its last number. */
	const onSlow = () => void platform?.req.socket.destroy();
	return serverEvents((signal) => eventsOf(downloads, { after, signal, onSlow }), [request.signal, closing]);
};
