// The Hub's verbs: list models, one model's facts, its files, one file's text. Everything is checked before it leaves.
import { createHash } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelFile } from '#lib/core/model.ts';
import {
	collidingNames,
	encodeId,
	isCommit,
	isDigest,
	isRepositoryId,
	parseRepositoryId,
	parseRevision,
	quoted,
} from '#lib/core/repository.ts';
import type { Clock } from '#lib/server/clock.ts';
import { HubClient, UnreadableReply, type AskOptions, type Question } from '#lib/server/hub-client.ts';
import { failureOf, type TokenState } from '#lib/server/hub-failure.ts';
import { readRow, readTreeEntry, type RefusedFile } from '#lib/server/hub-rows.ts';
import { HubTransport, usualDeadlines, type Deadlines, type WireReply } from '#lib/server/hub-transport.ts';
import { RateGate, type BucketBudget } from '#lib/server/rate-gate.ts';

/** Largest config or other small file that is read, in bytes after decoding. */
export const MOST_FILE_BYTES = 5 * 1024 * 1024;
const MOST_PAGE_BYTES = 25 * 1024 * 1024;
const MOST_TREE_PAGES = 200;

/** Rows are translated in slices, so that a page of 1,000 does not hold up other requests. */
const SLICE = 100;

/** Fields asked of the Hub for a list: everything cards and filters show, without the heavy ones. */
export const usualExpand = [
	'author',
	'createdAt',
	'lastModified',
	'downloads',
	'likes',
	'trendingScore',
	'gated',
	'private',
	'disabled',
	'pipeline_tag',
	'library_name',
	'tags',
	'safetensors',
	'gguf',
	'config',
	'baseModels',
	'sha',
];

/** What to list. `pageSize` is at most 1,000; `most` rows in all, everything when left out. */
export interface ListOrder {
	search?: string;
	author?: string;
	filter?: string[];
	pipelineTag?: string;
	sort?: 'downloads' | 'likes' | 'lastModified' | 'createdAt' | 'trendingScore';
	pageSize?: number;
	most?: number;
	expand?: readonly string[];
	/** Where an earlier listing stopped. */
	cursor?: string | null;
}

/** One page. `skipped` counts rows that were no rows; `cursor` is where the next page starts, null at the end. */
export interface ListedPage {
	rows: ListingFacts[];
	skipped: number;
	cursor: string | null;
}

/** `movedTo` is the id the Hub now uses when it differs from the one asked for. */
export interface ModelInfo {
	facts: ListingFacts;
	movedTo: string | null;
	/** True when the name now leads to another repository than `hubId`, the one known before. */
	replaced: boolean;
}

/** A repository's files. `refused` ones have names or digests that must not be used; `commit` is null if not told. */
export interface FileTree {
	files: ModelFile[];
	refused: RefusedFile[];
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

interface FileOptions extends AskOptions {
	revision?: string;
	/** Entity tag of the content already here, without quotes. */
	etag?: string | undefined;
	limitBytes?: number;
}

interface HubOptions {
	endpoint: string;
	token: string | null;
	offline: boolean;
	proxy: string | null;
	version: string;
	clock: Clock;
	random: () => number;
	deadlines?: Partial<Deadlines>;
}

/** One per process: the only thing that talks to the Hub. */
export class Hub {
	readonly endpoint: string;
	readonly #gate: RateGate;
	readonly #transport: HubTransport;
	readonly #client: HubClient;
	/** Names the Hub takes in `expand`; null until it has refused one. */
	#expandable: Set<string> | null = null;

	constructor({ endpoint, token, offline, proxy, version, clock, random, deadlines }: HubOptions) {
		this.endpoint = endpoint;
		this.#gate = new RateGate({ clock, random });
		this.#transport = new HubTransport({
			endpoint,
			proxy,
			userAgent: `modeldex/${version}`,
			deadlines: { ...usualDeadlines, ...deadlines },
			gate: this.#gate,
			clock,
		});
		this.#client = new HubClient({ transport: this.#transport, token, offline, clock, random });
	}

	/** Did the last attempt reach the Hub? Null before the first one, false in offline mode. */
	get online(): boolean | null {
		return this.#client.online;
	}

	get offline(): boolean {
		return this.#client.offline;
	}

	get tokenState(): TokenState {
		return this.#client.token;
	}

	/** What is left of the Hub's request limits, per bucket; empty before its first answer. */
	budget(): Record<string, BucketBudget> {
		return this.#gate.budget();
	}

	/** Ends every connection and everything that waits. */
	async close(): Promise<void> {
		this.#gate.close();
		await this.#transport.close();
	}

	#failure(reply: WireReply, about: { id: string | null; revision?: string; path?: string }): Failure {
		return failureOf(reply, { ...about, token: this.#client.token, site: this.endpoint });
	}

	#json(path: string, page: boolean): Question {
		return {
			path,
			page,
			maxBytes: page ? MOST_PAGE_BYTES : MOST_FILE_BYTES,
			cut: false,
			accept: 'application/json',
			compressed: true,
		};
	}

	/**
	 * Lists page by page. A page that leads back to an earlier one, or to nothing new, throws `pagination_loop`; pages
	 * given before stay valid. Rows the Hub repeats while its order moves are given once.
	 */
	async *list(order: ListOrder, options: AskOptions = {}): AsyncGenerator<ListedPage> {
		const seen = new Set<string>();
		const cursors = new Set<string>();
		let cursor = order.cursor ?? null;
		let left = order.most ?? Infinity;
		do {
			const page = await this.#page(order, Math.min(left, order.pageSize ?? 1000), cursor, options);
			const rows = page.rows.filter(({ hub_id, id }) => !seen.has(hub_id ?? id));
			for (const { hub_id, id } of rows) seen.add(hub_id ?? id);
			left -= rows.length;
			const next = left > 0 ? page.cursor : null;
			yield { rows: rows.slice(0, rows.length + Math.min(0, left)), skipped: page.skipped, cursor: next };
			if (next !== null && (cursors.has(next) || next === cursor || rows.length === 0)) throw circular();
			if (next !== null) cursors.add(next);
			cursor = next;
		} while (cursor !== null);
	}

	#listPath(order: ListOrder, limit: number, cursor: string | null): string {
		const params = new URLSearchParams();
		const put = (name: string, value: string | undefined) => value !== undefined && params.append(name, value);
		put('search', order.search);
		put('author', order.author);
		put('pipeline_tag', order.pipelineTag);
		for (const tag of order.filter ?? []) put('filter', tag);
		put('sort', order.sort ?? 'downloads');
		put('limit', String(Math.max(1, Math.min(1000, limit))));
		for (const name of this.#allowed(order.expand ?? usualExpand)) put('expand', name);
		if (cursor !== null) put('cursor', cursor);
		return `/api/models?${params}`;
	}

	#allowed(expand: readonly string[]): string[] {
		return expand.filter((name) => this.#expandable === null || this.#expandable.has(name));
	}

	async #page(order: ListOrder, limit: number, cursor: string | null, options: AskOptions): Promise<ListedPage> {
		const question = this.#json(this.#listPath(order, limit, cursor), true);
		const reply = await this.#client.ask(question, options, (received) => {
			if (received.status === 400 && this.#learnExpand(received)) return null;
			if (received.status >= 400) throw this.#failure(received, { id: null });
			const rows = parseJson(received.body);
			if (!Array.isArray(rows)) throw new UnreadableReply('The Hub sent something else in place of a list of models.');
			return { rows, cursor: nextCursor(received) };
		});
		if (reply === null) return this.#page(order, limit, cursor, options);
		const rows = await translateInSlices(reply.rows, options.signal);
		return { rows, skipped: reply.rows.length - rows.length, cursor: reply.cursor };
	}

	/** Remembers what the Hub allows in `expand` from its own refusal; false when the refusal was about something else. */
	#learnExpand(reply: WireReply): boolean {
		const told = reply.body.toString('utf8', 0, 8000);
		if (this.#expandable !== null || !/Invalid option: expected one of/.test(told)) return false;
		const names = [...told.matchAll(/\\?"([A-Za-z][\w-]{0,40})\\?"/g)].map((match) => match[1] ?? '');
		this.#expandable = new Set(names.filter((name) => name !== 'error'));
		return this.#expandable.size > 0;
	}

	/** A model's facts at a revision. `hubId` is the identity known before, to notice a name that changed hands. */
	async info(
		id: string,
		{ revision, hubId, ...options }: AskOptions & { revision?: string; hubId?: string } = {},
	): Promise<ModelInfo> {
		const base = `/api/models/${encodeId(parseRepositoryId(id))}`;
		const at = revision === undefined ? '' : `/revision/${encodeURIComponent(parseRevision(revision))}`;
		const query = this.#allowed([...usualExpand, 'siblings']).map((name) => `expand=${name}`);
		const reply = await this.#client.ask(this.#json(`${base}${at}?${query.join('&')}`, false), options, (received) => {
			if (received.status === 400 && this.#learnExpand(received)) return null;
			if (received.status >= 400)
				throw this.#failure(received, { id, ...(revision === undefined ? {} : { revision }) });
			const value = parseJson(received.body);
			checkCommit(value);
			const facts = readRow(value);
			if (facts === null) throw new UnreadableReply('The Hub sent something else in place of a model.');
			return facts;
		});
		if (reply === null) return this.info(id, { ...options, ...(revision === undefined ? {} : { revision }) });
		const replaced = hubId !== undefined && reply.hub_id !== undefined && reply.hub_id !== hubId;
		return { facts: reply, movedTo: reply.id === id ? null : reply.id, replaced };
	}

	/** Every file of a revision, all folders. Names and digests that are not safe to use are in `refused`. */
	async tree(
		id: string,
		{ revision = 'main', ...options }: AskOptions & { revision?: string } = {},
	): Promise<FileTree> {
		const base = `/api/models/${encodeId(parseRepositoryId(id))}/tree/${encodeURIComponent(parseRevision(revision))}`;
		const tree: FileTree = { files: [], refused: [], commit: null, movedTo: null };
		const cursors = new Set<string>();
		let cursor: string | null = null;
		do {
			const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
			cursor = await this.#client.ask(this.#json(`${base}?recursive=true${query}`, true), options, (reply) => {
				if (reply.status >= 400) throw this.#failure(reply, { id, revision });
				addEntries(tree, reply, id);
				return nextCursor(reply);
			});
			if (cursor !== null && (cursors.has(cursor) || cursors.size >= MOST_TREE_PAGES)) throw circular();
			if (cursor !== null) cursors.add(cursor);
		} while (cursor !== null);
		const colliding = new Set(collidingNames(tree.files.map(({ path }) => path)));
		for (const path of colliding) {
			tree.refused.push({ path: quoted(path), code: 'unsafe_file_name', why: 'another name differs only in case' });
		}
		return { ...tree, files: tree.files.filter(({ path }) => !colliding.has(path)) };
	}

	/**
	 * A small text file at a revision; null when the repository has no such file. With `etag` the Hub may answer that
	 * nothing changed. Content is checked against the digest the Hub names. Files above 5 MB are `response_too_large`;
	 * with `limitBytes` that much of a file's beginning is given instead.
	 */
	async file(
		id: string,
		path: string,
		{ revision = 'main', etag, limitBytes, ...options }: FileOptions = {},
	): Promise<HubFile | null> {
		const encoded = path.split('/').map(encodeURIComponent).join('/');
		const address = `/${encodeId(parseRepositoryId(id))}/resolve/${encodeURIComponent(parseRevision(revision))}/${encoded}`;
		const size = { maxBytes: limitBytes ?? MOST_FILE_BYTES, cut: limitBytes !== undefined };
		const base = { path: address, ...size, accept: '*/*', compressed: false, page: false };
		const question: Question = etag !== undefined && isDigest(etag) ? { ...base, etag } : base;
		const file = await this.#client.ask(question, options, (reply) => {
			if (reply.headers['x-error-code'] === 'EntryNotFound') return null;
			if (reply.status === 404 && !('x-error-code' in reply.headers)) return 'unclear';
			if (reply.status >= 400) throw this.#failure(reply, { id, revision, path });
			return readFile(reply, id, revision);
		});
		if (file !== 'unclear') return file;
		// A bare 404 says neither "no such model" nor "no such file": some mirrors send nothing else.
		await this.info(id, options);
		return null;
	}
}

function circular(): Failure {
	return new Failure('pagination_loop', 'The Hub led from one page of its list back to an earlier one.');
}

/** Parses a reply's JSON; anything else is worth one more try. */
function parseJson(body: Buffer): unknown {
	try {
		return JSON.parse(new TextDecoder().decode(body)); // drops a byte order mark
	} catch (error) {
		throw new UnreadableReply('The Hub sent an answer that is not JSON.', 'hub_error', error);
	}
}

/** A commit that the Hub names but that is none must not become a key of anything. */
function checkCommit(value: unknown): void {
	if (typeof value !== 'object' || value === null || !('sha' in value)) return;
	if (typeof value.sha === 'string' && isCommit(value.sha)) return;
	throw new Failure('invalid_digest', 'The Hub named a commit that is not one.');
}

/**
 * Where the next page starts, from the `Link` header. Only its cursor is used: the Hub writes its own public address
 * there, which is not the one that was asked when a mirror stands between.
 */
function nextCursor(reply: WireReply): string | null {
	for (const [, target = '', rest = ''] of (reply.headers.link ?? '').matchAll(/<([^>]{1,8000})>([^<]*)/g)) {
		if (!/;\s*rel="?next"?/i.test(rest)) continue;
		if (!URL.canParse(target, 'https://huggingface.co')) return null;
		return new URL(target, 'https://huggingface.co').searchParams.get('cursor');
	}
	return null;
}

async function translateInSlices(rows: unknown[], signal: AbortSignal | undefined): Promise<ListingFacts[]> {
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

function addEntries(tree: FileTree, reply: WireReply, id: string): void {
	const rows = parseJson(reply.body);
	if (!Array.isArray(rows)) throw new UnreadableReply('The Hub sent something else in place of a list of files.');
	for (const row of rows) {
		const entry = readTreeEntry(row);
		if (entry === null) continue;
		if ('file' in entry) tree.files.push(entry.file);
		else tree.refused.push(entry.refused);
	}
	tree.commit ??= commitIn(reply);
	tree.movedTo ??= movedFrom(reply, id);
}

/** The commit a reply names, from the first hop that does; `invalid_digest` when it is none. */
function commitIn(reply: WireReply): string | null {
	const commit = reply.hops.map((headers) => headers['x-repo-commit']).find((value) => value !== undefined);
	if (commit === undefined) return null;
	if (isCommit(commit)) return commit;
	throw new Failure('invalid_digest', 'The Hub named a commit that is not one.');
}

/** The id that redirects led to, when it is another one. */
function movedFrom(reply: WireReply, id: string): string | null {
	for (const path of reply.movedTo) {
		const match = /^(?:\/api\/models\/(.+)\/tree\/|\/(.+)\/resolve\/)/.exec(path);
		const found = decodeURIComponent(match?.[1] ?? match?.[2] ?? '');
		if (found !== '' && found !== id && isRepositoryId(found)) return found;
	}
	return null;
}

/** Entity tag of the content: the Hub's own, never the CDN's; null when none was sent. */
function etagIn(reply: WireReply): string | null {
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

function readFile(reply: WireReply, id: string, revision: string): HubFile {
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
