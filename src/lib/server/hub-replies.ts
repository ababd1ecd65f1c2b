// What the Hub's replies hold: JSON, pages, commits, entity tags and contents, each checked before it is believed.
import { createHash } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelFile } from '#lib/core/model.ts';
import { isCommit, isRepositoryId } from '#lib/core/repository.ts';
import { UnreadableReply } from '#lib/server/hub-client.ts';
import { readRow, readTreeEntry, type RefusedFile } from '#lib/server/hub-rows.ts';
import type { WireReply } from '#lib/server/hub-transport.ts';

/** Rows are translated in slices, so that a page of 1,000 does not hold up other requests. */
const SLICE = 100;

/** A repository's files. `refused` ones have names or digests that must not be used; `commit` is null if not told. */
export interface FileTree {
	files: ModelFile[];
	refused: RefusedFile[];
	/** Git's digests of the contents of small files, by path. */
	oids: Map<string, string>;
	commit: string | null;
	movedTo: string | null;
}

/** A small file. `commit` and `etag` are null when the Hub did not name them; `text` is null when it has not changed. */
export interface HubFile {
	text: string | null;
	commit: string | null;
	etag: string | null;
	movedTo: string | null;
}

/** The failure for a list whose pages lead back to earlier ones. */
export function circular(): Failure {
	return new Failure('pagination_loop', 'The Hub led from one page of its list back to an earlier one.');
}

/** Parses a reply's JSON; anything else is worth one more try. */
export function parseJson(body: Buffer): unknown {
	try {
		return JSON.parse(new TextDecoder().decode(body)); // drops a byte order mark
	} catch (error) {
		throw new UnreadableReply('The Hub sent an answer that is not JSON.', 'hub_error', error);
	}
}

/** A commit that the Hub names but that is none must not become a key of anything. */
export function checkCommit(value: unknown): void {
	if (typeof value !== 'object' || value === null || !('sha' in value)) return;
	if (typeof value.sha === 'string' && isCommit(value.sha)) return;
	throw new Failure('invalid_digest', 'The Hub named a commit that is not one.');
}

/**
 * Where the next page starts, from the `Link` header. Only its cursor is used: the Hub writes its own public address
 * there, which is not the one that was asked when a mirror stands between.
 */
export function nextCursor(reply: WireReply): string | null {
	for (const [, target = '', rest = ''] of (reply.headers.link ?? '').matchAll(/<([^>]{1,8000})>([^<]*)/g)) {
		if (!/;\s*rel="?next"?/i.test(rest)) continue;
		if (!URL.canParse(target, 'https://huggingface.co')) return null;
		return new URL(target, 'https://huggingface.co').searchParams.get('cursor');
	}
	return null;
}

export async function translateInSlices(rows: unknown[], signal: AbortSignal | undefined): Promise<ListingFacts[]> {
	const facts: ListingFacts[] = [];
	for (let at = 0; at < rows.length; at += SLICE) {
		signal?.throwIfAborted();
		for (const row of rows.slice(at, at + SLICE)) {
			const read = readRow(row);
			if (read !== null) facts.push(read);
		}
		await new Promise((resolve) => setImmediate(resolve));
	}
	return facts;
}

export function addEntries(tree: FileTree, reply: WireReply, id: string): void {
	const rows = parseJson(reply.body);
	if (!Array.isArray(rows)) throw new UnreadableReply('The Hub sent something else in place of a list of files.');
	for (const row of rows) {
		const entry = readTreeEntry(row);
		if (entry === null) continue;
		if ('refused' in entry) {
			tree.refused.push(entry.refused);
			continue;
		}
		tree.files.push(entry.file);
		if (entry.oid !== null) tree.oids.set(entry.file.path, entry.oid);
	}
	tree.commit ??= commitIn(reply);
	tree.movedTo ??= movedFrom(reply, id);
}

/** The commit a reply names, from the first hop that does; `invalid_digest` when it is none. */
export function commitIn(reply: WireReply): string | null {
	const commit = reply.hops.map((headers) => headers['x-repo-commit']).find((value) => value !== undefined);
	if (commit === undefined) return null;
	if (isCommit(commit)) return commit;
	throw new Failure('invalid_digest', 'The Hub named a commit that is not one.');
}

/** The id that redirects led to, when it is another one. */
export function movedFrom(reply: WireReply, id: string): string | null {
	for (const path of reply.movedTo) {
		const match = /^(?:\/api\/models\/(.+)\/tree\/|\/(.+)\/resolve\/)/.exec(path);
		const found = decodeURIComponent(match?.[1] ?? match?.[2] ?? '');
		if (found !== '' && found !== id && isRepositoryId(found)) return found;
	}
	return null;
}

/** Entity tag of the content: the Hub's own, never the CDN's; null when none was sent. */
export function etagIn(reply: WireReply): string | null {
	const linked = reply.hops.map((headers) => headers['x-linked-etag']).find((value) => value !== undefined);
	const tag = linked ?? reply.hops.at(-1)?.etag;
	return tag === undefined ? null : tag.replace(/^W\//, '').replaceAll('"', '');
}

/** Does the content have the digest that the tag is: git's for 40 digits, SHA-256 for 64? Other tags prove nothing. */
function agrees(body: Buffer, etag: string): boolean {
	if (/^[0-9a-f]{64}$/.test(etag)) return createHash('sha256').update(body).digest('hex') === etag;
	if (!/^[0-9a-f]{40}$/.test(etag)) return true;
	return createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex') === etag;
}

export function readFile(reply: WireReply, id: string, revision: string): HubFile {
	const etag = etagIn(reply);
	const commit = commitIn(reply) ?? (isCommit(revision) ? revision : null);
	const movedTo = movedFrom(reply, id);
	if (reply.status === 304) return { text: null, commit, etag, movedTo };
	if (commit === null && /text\/html/i.test(reply.headers['content-type'] ?? '')) {
		throw new UnreadableReply('Something between here and the Hub answered with a web page.');
	}
	if (etag !== null && !reply.isCut && !agrees(reply.body, etag))
		throw new UnreadableReply('A file arrived damaged, twice.', 'integrity_failed');
	return { text: reply.body.toString('utf8'), commit, etag, movedTo };
}
