// A whole reply of a provider, read within a limit; used for plain answers and for errors.
import { CallFailure, type Ends } from '#lib/core/registry/call.ts';
import { parseWire, type Wire } from '#lib/core/registry/wire.ts';
import { networkFailure } from '#lib/server/providers/exchange.ts';
import type { Upstream } from '#lib/server/providers/upstream.ts';

/** Most bytes of a plain answer: a batch of embeddings in numbers takes some ten megabytes. */
export const mostReplyBytes = 128 * 1024 * 1024;
/** Of an error no more than this is read. */
const mostErrorBytes = 64 * 1024;
/** What is waited for the body of an error whose status is known already. */
const errorMs = 2_000;

/** The text of a reply. Throws `malformed` beyond the limit, `network` when it breaks off. The body is released. */
export async function readWhole(name: string, { body }: Upstream, ends: Ends): Promise<string> {
	const parts: Buffer[] = [];
	let size = 0;
	let isOver = false;
	try {
		for await (const part of body) {
			size += part.length;
			if (size > mostReplyBytes) {
				throw new CallFailure('malformed', `The answer of ${name} is larger than ${mostReplyBytes / 1024 / 1024} MiB.`);
			}
			parts.push(part);
		}
		isOver = true;
		return Buffer.concat(parts, size).toString('utf8');
	} catch (error) {
		if (ends.aborted) throw ends.reason;
		throw error instanceof CallFailure ? error : networkFailure(name, error, false);
	} finally {
		body.release(isOver);
	}
}

/** The body of an error answer as JSON; null when it is none, too large, or does not come. The body is released. */
export async function readError({ body }: Upstream, ends: Ends): Promise<Wire | null> {
	const parts: Buffer[] = [];
	let size = 0;
	const timer = setTimeout(() => body.abort(null), errorMs);
	try {
		for await (const part of body) {
			size += part.length;
			if (size > mostErrorBytes) break;
			parts.push(part);
		}
		return parseWire(Buffer.concat(parts).toString('utf8'));
	} catch {
		if (ends.aborted) throw ends.reason;
		return null; // the status alone says what it is
	} finally {
		clearTimeout(timer);
		body.release(false);
	}
}
