// The body of a reply: decoded by its one content coding, counted while it is read, never more than was allowed.
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { Failure } from '#lib/core/failure.ts';

/** The body decoded by its one content coding. A second coding is refused: chains are how bombs are packed. */
function decoded(body: Readable, coding: string | undefined): Readable {
	const name = coding?.trim().toLowerCase() ?? '';
	if (name === '' || name === 'identity') return body;
	if (name !== 'gzip' && name !== 'br') {
		body.destroy();
		throw new Failure('hub_error', 'The Hub answered in a content coding that was not asked for.');
	}
	const decoder = name === 'gzip' ? createGunzip() : createBrotliDecompress();
	body.on('error', (error) => decoder.destroy(error));
	decoder.on('close', () => body.destroy());
	return body.pipe(decoder);
}

interface ReadOptions {
	maxBytes: number;
	cut: boolean;
	/** Bytes at the beginning that are read away without being kept. */
	unwanted?: number;
	/** What the other side says the body is long, NaN when it does not say: too much is not even begun. */
	announced?: number;
	coding: string | undefined;
	signal: AbortSignal;
}

/** A body, at most `maxBytes` after decoding; stops the transfer at the first byte beyond. */
export async function readLimited(
	body: Readable,
	{ maxBytes, cut, unwanted = 0, announced = NaN, coding, signal }: ReadOptions,
): Promise<Buffer> {
	const parts: Buffer[] = [];
	let size = 0;
	let left = unwanted;
	body.on('error', () => {}); // what ends the reading below is thrown there; later errors are nobody's
	if (!cut && announced > maxBytes) {
		body.destroy();
		throw tooLarge(maxBytes);
	}
	const source = decoded(body, coding);
	const stop = () => source.destroy(new DOMException('Stopped', 'AbortError'));
	signal.addEventListener('abort', stop, { once: true });
	try {
		for await (const sent of source) {
			const part = left === 0 ? sent : sent.subarray(Math.min(left, sent.length));
			left -= sent.length - part.length;
			size += part.length;
			if (size > maxBytes && cut) return Buffer.concat([...parts, part]);
			if (size > maxBytes) throw tooLarge(maxBytes);
			parts.push(part);
		}
	} finally {
		signal.removeEventListener('abort', stop);
		source.destroy();
		body.destroy();
	}
	return Buffer.concat(parts, size);
}

function tooLarge(maxBytes: number): Failure {
	const most = Math.round(maxBytes / 1e6);
	return new Failure('response_too_large', `The Hub's answer is larger than ${most} MB and was not read.`);
}
