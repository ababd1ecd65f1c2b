// The rest of a file as it comes from the Hub's CDN: checked before the first byte is believed, never read ahead.
import type { Readable } from 'node:stream';
import type { FailureCode } from '#lib/core/failure.ts';
import { isCommit } from '#lib/core/repository.ts';
import { UnreadableReply } from '#lib/server/hub-client.ts';
import { commitIn, etagIn } from '#lib/server/hub-replies.ts';
import type { WireReply } from '#lib/server/hub-transport.ts';

/**
 * What a server sends of a file. `start` is where its bytes begin: what was asked for, or 0 from a server that sends the
 * whole or has another content now. `size` is that of the whole file in bytes, null when nobody said. `etag` is the
 * Hub's own digest of the content, `tag` the entity tag of the server that sends it (null when it named none that can be
 * compared): they are two different things. `isPart`: is it a part that was asked for, and not the whole? Whoever has it
 * ends `body`.
 */
export interface FileBytes {
	body: Readable;
	start: number;
	size: number | null;
	etag: string | null;
	tag: string | null;
	isPart: boolean;
}

/** What a CDN answers to a signed address that has expired, or whose signature it does not know any more. */
export const cdnRefusals: ReadonlySet<number> = new Set([400, 401, 403, 404, 410]);

/** Worth one more try: the Hub gives a fresh address for every question. */
export function expired(reply: WireReply): UnreadableReply {
	return new UnreadableReply(
		`The CDN refused the address that the Hub had signed for it (it answered ${reply.status}), twice.`,
	);
}

/** A weak tag says only that two contents are alike, which is not enough to put them together. */
function strongTag(tag: string | undefined): string | null {
	return tag !== undefined && /^"[\x21\x23-\x7e]{1,200}"$/.test(tag) ? tag : null;
}

function count(text: string | undefined): number | null {
	return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

interface Part {
	start: number;
	/** Without the byte there; null for a reply that is the whole file. */
	end: number | null;
	size: number | null;
}

/** Where a part lies and how large the whole is; null when the header makes no sense. */
function partOf(header: string | undefined): Part | null {
	const [, first, last, whole] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header ?? '') ?? [];
	const [start, end] = [count(first), count(last)];
	return start === null || end === null ? null : { start, end: end + 1, size: count(whole) };
}

/** Is it the part that was asked for, or the whole file? A server may not cut off what was asked for. */
function isAsked(part: Part, start: number, end: number | undefined): boolean {
	if (part.start === 0 && part.end === null) return true;
	return part.start === start && (end === undefined || part.end === end);
}

/**
 * Reads the headers of a reply to a question for a file from `start`, up to `end` where one was named. Throws UnreadableReply, with the
 * stream ended, for a part that was not asked for, a coded body, a web page in its place, and contradicting sizes.
 */
export function readBytes(
	reply: WireReply,
	stream: Readable,
	{ start, end, revision }: { start: number; end?: number | undefined; revision: string },
): FileBytes {
	const { headers, status } = reply;
	const refuse = (message: string, code: FailureCode = 'hub_error') => {
		stream.destroy();
		return new UnreadableReply(message, code);
	};
	const commit = commitIn(reply) ?? (isCommit(revision) ? revision : null);
	if ((headers['content-encoding'] ?? 'identity') !== 'identity')
		throw refuse('The file came in a coding that was not asked for.');
	if (commit === null && /text\/html/i.test(headers['content-type'] ?? '')) {
		throw refuse('Something between here and the Hub answered with a web page.');
	}
	const whole = { start: 0, end: null, size: count(headers['content-length']) };
	const part = status === 206 ? partOf(headers['content-range']) : whole;
	if (part === null || !isAsked(part, start, end))
		throw refuse('The Hub sent another part of the file than was asked for.');
	const linked = reply.hops.map((hop) => count(hop['x-linked-size'])).find((size) => size !== null) ?? null;
	if (linked !== null && part.size !== null && linked !== part.size) {
		throw refuse('The CDN has another file than the Hub named.', 'integrity_failed');
	}
	return {
		body: stream,
		start: part.start,
		size: part.size ?? linked,
		etag: etagIn(reply),
		tag: strongTag(headers.etag),
		isPart: part.end !== null,
	};
}
