// Tells whoever waits for finished models that one is complete.
import { applyDownload, type DownloadEvent, type DownloadRecord } from '#lib/core/download.ts';

/** The events of a run as they are. Before the world is told that it is complete and verified, `onReady` has done its part. */
export async function* thenTold(
	record: DownloadRecord,
	events: AsyncIterable<DownloadEvent>,
	onReady: ((record: DownloadRecord) => void | Promise<void>) | undefined,
): AsyncGenerator<DownloadEvent> {
	let latest = record;
	for await (const event of events) {
		latest = applyDownload(latest, event);
		if (latest.state === 'ready') await onReady?.(latest);
		yield event;
	}
}
