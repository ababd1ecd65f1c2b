// A piece of a large file as the Hub or its CDN sent it: the very bytes that were asked for, or a failure.
import { isCommit } from '#lib/core/repository.ts';
import { UnreadableReply } from '#lib/server/hub-client.ts';
import { commitIn, etagIn, movedFrom } from '#lib/server/hub-replies.ts';
import type { WireReply } from '#lib/server/hub-transport.ts';

/**
 * Some bytes of a file: fewer than asked only at its end, none behind it. `size` is that of the whole file in bytes,
 * null when nobody said. `commit` and `etag` (the Hub's own: SHA-256 of a large file) are null when not named.
 */
export interface HubPiece {
	bytes: Buffer;
	size: number | null;
	commit: string | null;
	etag: string | null;
	movedTo: string | null;
}

/** Which bytes: `length` of them from `start`. */
export interface Range {
	start: number;
	length: number;
}

interface Asked extends Range {
	id: string;
	revision: string;
}

const rangeShape = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/;

function wrong(): UnreadableReply {
	return new UnreadableReply('The Hub sent another part of the file than was asked for.');
}

/** Size of the whole file as the Hub names it on the way to the CDN; null when it does not. */
function linkedSize(reply: WireReply): number | null {
	const named = reply.hops.map((headers) => headers['x-linked-size']).find((value) => value !== undefined);
	return named !== undefined && /^\d{1,15}$/.test(named) ? Number(named) : null;
}

/** The size behind a reply with a part, which must be the part that was asked for. */
function partSize(reply: WireReply, { start, length }: Range): number | null {
	const [, first = '', last = '', whole = ''] = rangeShape.exec(reply.headers['content-range'] ?? '') ?? [];
	const count = Number(last) - Number(first) + 1;
	const isAsked = first !== '' && Number(first) === start && count <= length && count === reply.body.length;
	const size = whole === '*' || whole === '' ? null : Number(whole);
	const isWhole = count === length || size === null || Number(last) + 1 === size;
	if (!isAsked || !isWhole || (size !== null && Number(last) >= size)) throw wrong();
	return size;
}

/** The size behind a refusal: there is nothing at that place. */
function sizeBehind(reply: WireReply, { start }: Range): number {
	const size = Number(/^bytes \*\/(\d{1,15})$/.exec(reply.headers['content-range'] ?? '')?.[1] ?? NaN);
	if (!(size <= start)) throw wrong();
	return size;
}

/** The size told by a reply that is the whole file, of which only the part was kept. */
function wholeSize(reply: WireReply, { start }: Range): number | null {
	const isCoded = (reply.headers['content-encoding'] ?? 'identity') !== 'identity';
	const length = isCoded ? undefined : reply.headers['content-length'];
	if (length !== undefined && /^\d{1,15}$/.test(length)) return Number(length);
	return reply.isCut ? null : start + reply.body.length;
}

/**
 * Reads a reply to a question for a part of a file: 206, 416 behind the end, or 200 from a server that sends the whole.
 * Throws UnreadableReply for another part than was asked for, and for a web page in its place.
 */
export function readPiece(reply: WireReply, { id, revision, ...range }: Asked): HubPiece {
	const commit = commitIn(reply) ?? (isCommit(revision) ? revision : null);
	const linked = linkedSize(reply);
	const common = { commit, etag: etagIn(reply), movedTo: movedFrom(reply, id) };
	if (reply.status === 416) return { bytes: Buffer.alloc(0), size: sizeBehind(reply, range), ...common };
	if (commit === null && /text\/html/i.test(reply.headers['content-type'] ?? '')) {
		throw new UnreadableReply('Something between here and the Hub answered with a web page.');
	}
	const size = reply.status === 206 ? partSize(reply, range) : wholeSize(reply, range);
	if (linked !== null && size !== null && linked !== size) {
		throw new UnreadableReply('The CDN has another file than the Hub named.', 'integrity_failed');
	}
	return { bytes: reply.body, size: size ?? linked, ...common };
}
