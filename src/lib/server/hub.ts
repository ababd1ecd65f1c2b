// The Hub's verbs: list models, one model's facts, its files, one file's text. Everything is checked before it leaves.
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { collidingNames, encodeId, isDigest, parseHubId, parseRevision, quoted } from '#lib/core/repository.ts';
import type { Clock } from '#lib/server/clock.ts';
import { fileAddress } from '#lib/server/hub-addresses.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import { HubClient, UnreadableReply, type Question } from '#lib/server/hub-client.ts';
import { failureOf, gateOf, openGate, type Gate, type TokenState } from '#lib/server/hub-failure.ts';
import { expired, cdnRefusals, readBytes, type FileBytes } from '#lib/server/hub-bytes.ts';
import { readPiece, type HubPiece, type Range } from '#lib/server/hub-pieces.ts';
import {
	addEntries,
	checkCommit,
	circular,
	nextCursor,
	parseJson,
	readFile,
	type FileTree,
	type HubFile,
} from '#lib/server/hub-replies.ts';
import {
	Expandable,
	listParams,
	usualExpand,
	walkPages,
	type ListedPage,
	type ListOrder,
	type RawPage,
} from '#lib/server/hub-list.ts';
import { readRow } from '#lib/server/hub-rows.ts';
import {
	HubTransport,
	usualDeadlines,
	type Deadlines,
	type RestOfFile,
	type WireReply,
} from '#lib/server/hub-transport.ts';
import { RateGate, type BucketBudget } from '#lib/server/rate-gate.ts';

/** Largest config or other small file that is read, in bytes after decoding. */
export const MOST_FILE_BYTES = 5 * 1024 * 1024;
const MOST_PAGE_BYTES = 25 * 1024 * 1024;
const MOST_TREE_PAGES = 200;

/** `movedTo` is the id the Hub now uses when it differs from the one asked for. */
export interface ModelInfo {
	facts: ListingFacts;
	movedTo: string | null;
	/** True when the name now leads to another repository than `hubId`, the one known before. */
	replaced: boolean;
}

interface FileOptions extends AskOptions {
	revision?: string;
	/** Entity tag of the content already here, without quotes. */
	etag?: string | undefined;
	limitBytes?: number;
	/** The repository was listed a moment ago, so that a bare 404 can only mean the file. */
	isListed?: boolean;
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
	readonly #expandable = new Expandable();
	readonly #options: HubOptions;

	constructor(options: HubOptions) {
		const { endpoint, token, offline, proxy, version, clock, random, deadlines } = options;
		this.endpoint = endpoint;
		this.#options = options;
		this.#gate = new RateGate({ clock, random });
		const wire = { endpoint, proxy, clock, gate: this.#gate, userAgent: `modeldex/${version}` };
		this.#transport = new HubTransport({ ...wire, deadlines: { ...usualDeadlines, ...deadlines } });
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

	/**
	 * The same Hub for somebody else: another token (null asks as nobody) with request limits and a memory of its own.
	 * Null for whoever this one asks for anyway. To be closed by the caller.
	 */
	as(token: string | null): Hub | null {
		return token === this.#options.token ? null : new Hub({ ...this.#options, token });
	}

	/** What is left of the Hub's request limits, per bucket; empty before its first answer. */
	budget(): Record<string, BucketBudget> {
		return this.#gate.budget();
	}

	/** Requests this process sent to the Hub, by bucket and how they ended. */
	requests(): { bucket: string; outcome: string; count: number }[] {
		return this.#gate.ended();
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
	list(order: ListOrder, options: AskOptions = {}): AsyncGenerator<ListedPage> {
		return walkPages(order, options.signal, (cursor, most, signal) => {
			return this.#page(order, Math.min(most, order.pageSize ?? 1000), cursor, { ...options, signal });
		});
	}

	async #page(order: ListOrder, limit: number, cursor: string | null, options: AskOptions): Promise<RawPage> {
		const expand = this.#expandable.allowed(order.expand ?? usualExpand);
		const question = this.#json(`/api/models?${listParams(order, { limit, cursor, expand })}`, true);
		const reply = await this.#client.ask(question, options, (received) => {
			if (received.status === 400 && this.#expandable.learn(received.body)) return null;
			if (received.status >= 400) throw this.#failure(received, { id: null });
			const rows = parseJson(received.body);
			if (!Array.isArray(rows)) throw new UnreadableReply('The Hub sent something else in place of a list of models.');
			return { received: rows, cursor: nextCursor(received) };
		});
		return reply ?? this.#page(order, limit, cursor, options);
	}

	/** A model's facts at a revision. `hubId` is the identity known before, to notice a name that changed hands. */
	async info(
		id: string,
		{ revision, hubId, ...options }: AskOptions & { revision?: string; hubId?: string } = {},
	): Promise<ModelInfo> {
		const base = `/api/models/${encodeId(parseHubId(id))}`;
		const at = revision === undefined ? '' : `/revision/${encodeURIComponent(parseRevision(revision))}`;
		const query = this.#expandable.allowed([...usualExpand, 'siblings']).map((name) => `expand=${name}`);
		const reply = await this.#client.ask(this.#json(`${base}${at}?${query.join('&')}`, false), options, (received) => {
			if (received.status === 400 && this.#expandable.learn(received.body)) return null;
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
		const base = `/api/models/${encodeId(parseHubId(id))}/tree/${encodeURIComponent(parseRevision(revision))}`;
		const tree: FileTree = { files: [], refused: [], oids: new Map(), commit: null, movedTo: null };
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
		{ revision = 'main', etag, limitBytes, isListed = false, ...options }: FileOptions = {},
	): Promise<HubFile | null> {
		const address = fileAddress(id, revision, path);
		const size = { maxBytes: limitBytes ?? MOST_FILE_BYTES, cut: limitBytes !== undefined };
		const base = { path: address, ...size, accept: '*/*', compressed: false, page: false };
		const question: Question = etag !== undefined && isDigest(etag) ? { ...base, etag } : base;
		return this.#askFile(question, { id, revision, path, isListed }, options, (reply) => readFile(reply, id, revision));
	}

	/**
	 * A piece of a file of any size at a revision, shorter than asked only at the end of the file; null when the
	 * repository has no such file. One request to the Hub and one to its CDN, where the token is not sent.
	 */
	async range(
		id: string,
		path: string,
		{ revision = 'main', start, length, ...options }: AskOptions & Range & { revision?: string },
	): Promise<HubPiece | null> {
		const range = { start, length };
		const size = { maxBytes: length, cut: true, page: true };
		const base = { path: fileAddress(id, revision, path), accept: '*/*', compressed: false };
		return this.#askFile({ ...base, ...size, range }, { id, revision, path }, options, (reply) => {
			return readPiece(reply, { id, revision, ...range });
		});
	}

	/**
	 * A file of any size from `start` to its end, or up to `end`, as a stream; null when the repository has no such file. `tag` is the
	 * entity tag of what is already here. Signed addresses of the CDN are never kept: a refused one is asked for anew.
	 */
	async open(
		id: string,
		path: string,
		{ revision, start, end, tag, ...options }: AskOptions & RestOfFile & { revision: string },
	): Promise<FileBytes | null> {
		const base = { path: fileAddress(id, revision, path), accept: '*/*', compressed: false, page: true };
		const question = { ...base, maxBytes: MOST_FILE_BYTES, cut: true, rest: { start, end, tag } };
		return this.#askFile(question, { id, revision, path, isListed: true }, options, (reply) => {
			if (reply.stream !== null) return readBytes(reply, reply.stream, { start, end, revision });
			throw this.#failure(reply, { id, revision, path });
		});
	}

	/** How the owner of the token stands before the gate of a repository. Other refusals are thrown. */
	async access(id: string, options: AskOptions = {}): Promise<Gate> {
		const question = this.#json(`/api/models/${encodeId(parseHubId(id))}/auth-check`, false);
		return this.#client.ask(question, options, (reply) => {
			const about = { id, token: this.#client.token, site: this.endpoint };
			const gate = gateOf(reply, about);
			if (gate === null && reply.status >= 400) throw failureOf(reply, about);
			return gate ?? openGate(id);
		});
	}

	async #askFile<T>(
		question: Question,
		about: { id: string; revision: string; path: string; isListed?: boolean },
		options: AskOptions,
		read: (reply: WireReply) => T,
	): Promise<T | null> {
		const found = await this.#client.ask(question, options, (reply) => {
			if (reply.headers['x-error-code'] === 'EntryNotFound') return null;
			if (reply.status === 404 && !('x-error-code' in reply.headers)) return 'unclear';
			const isBehind = reply.status === 416 && question.range !== undefined;
			if (question.rest !== undefined && !reply.isHome && cdnRefusals.has(reply.status)) throw expired(reply);
			if (reply.status >= 400 && !isBehind) throw this.#failure(reply, about);
			return { value: read(reply) };
		});
		if (found !== 'unclear') return found?.value ?? null;
		if (about.isListed) return null;
		// A bare 404 says neither "no such model" nor "no such file": some mirrors send nothing else.
		await this.info(about.id, options);
		return null;
	}
}
