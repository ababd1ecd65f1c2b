// Tells whoever waits for finished models that one is complete.
import { applyDownload, type DownloadEvent, type DownloadRecord } from '#lib/core/download.ts';

/** The events of a run as they are; after the last one `onReady` hears of the download when it is complete and verified. */
export async function* thenTold(
	record: DownloadRecord,
	events: AsyncIterable<DownloadEvent>,
	onReady: ((record: DownloadRecord) => void) | undefined,
): AsyncGenerator<DownloadEvent> {
	let latest = record;
	for await (const event of events) {
		latest = applyDownload(latest, event);
		yield event;
	}
	if (latest.state === 'ready') onReady?.(latest);
}
