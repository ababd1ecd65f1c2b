// From a connection into a part: small pieces gathered into large writes, one under way while the next one gathers.
import type { Clock } from '#lib/server/clock.ts';

/** Bytes from which on they are written: a write costs a round trip to another thread. */
export const batchBytes = 1024 * 1024;
/** Milliseconds after which less is written, too: what has come on a slow line is not to be lost or hidden. */
const batchMs = 100;

interface PourOptions {
	write: (chunks: Buffer[], bytes: number) => Promise<void>;
	clock: Pick<Clock, 'ticks'>;
	/** Bytes from which on they are written now. */
	most: () => number;
	/** Batches that may gather behind a write and are written together: on a busy machine a round trip is a long one. */
	ahead: () => number;
}

/**
 * Writes everything that comes, in order; at most twice what may gather is held. What came before the stream broke is written
 * before its error is thrown. An error of `write` ends the reading.
 */
export async function pour(body: AsyncIterable<Buffer>, { write, clock, most, ahead }: PourOptions): Promise<void> {
	let waiting: Buffer[] = [];
	let bytes = 0;
	let writtenAt = clock.ticks();
	let isWriting = false;
	let underWay: Promise<void> = Promise.resolve();
	const flush = async () => {
		await underWay;
		const [chunks, sum] = [waiting, bytes];
		[waiting, bytes] = [[], 0];
		if (sum === 0) return;
		isWriting = true;
		underWay = write(chunks, sum).finally(() => {
			writtenAt = clock.ticks();
			isWriting = false;
		});
		underWay.catch(() => {}); // the next one to wait for it hears of it
	};
	try {
		for await (const chunk of body) {
			waiting.push(chunk);
			bytes += chunk.length;
			const least = most();
			// Under a bandwidth cap the wait is the cap's own, and nothing is to gather.
			const isFull = bytes >= (isWriting && least >= batchBytes ? ahead() * least : least);
			if (isFull || (!isWriting && clock.ticks() - writtenAt >= batchMs)) await flush();
		}
	} finally {
		await flush();
		await underWay;
	}
}
