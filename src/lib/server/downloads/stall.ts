// Connections that are as good as dead: open, and next to nothing comes.
import type { Readable } from 'node:stream';
import type { Clock } from '#lib/server/clock.ts';
import type { Throttle } from '#lib/server/downloads/throttle.ts';
import { WireError } from '#lib/server/wire-error.ts';

/** Less than this much in this time is next to nothing. */
const stall = { ms: 30_000, bytes: 30 * 1024 };

/**
 * Looks from time to time how long the file has become, and ends the body when it hardly has. Under a bandwidth cap less
 * is expected. The returned function ends the looking.
 */
export function watchStall(
	{ clock, throttle }: { clock: Clock; throttle: Throttle },
	length: () => number,
	body: Readable,
): () => void {
	let last = length();
	let cancel = () => {};
	const look = () => {
		const least = Math.min(stall.bytes, ((throttle.bytesPerSecond ?? Infinity) * stall.ms) / 4000);
		if (length() - last < least) return body.destroy(new WireError('timeout', 'next to nothing came', undefined));
		last = length();
		cancel = clock.after(stall.ms, look);
	};
	cancel = clock.after(stall.ms, look);
	return () => cancel();
}
