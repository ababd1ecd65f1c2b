// A Hub to test against: two real listeners on loopback (Hub and CDN), the Hub's own errors, quotas, and faults on demand.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
	badToken,
	FakeLimits,
	identify,
	limitedAnswer,
	type BucketName,
	type FakeUser,
	type Quotas,
} from './fake-hub-access.ts';
import { apiAnswer } from './fake-hub-api.ts';
import { deliver, pause, replacement, rewritten } from './fake-hub-delivery.ts';
import { FaultSwitch, type FakeAnswer, type FakeFault, type FakeFaultRule } from './fake-hub-faults.ts';
import { askAccess, cachedFileAnswer, cdnAnswer, fileAnswer } from './fake-hub-files.ts';
import type { FakeRepo } from './fake-hub-repo.ts';
import { FakeWorld, type FakeRequest, type FakeSwitches } from './fake-hub-world.ts';
import { seeded } from './seeded.ts';

export interface FakeHubOptions extends Partial<FakeSwitches> {
	repos?: FakeRepo[];
	users?: FakeUser[];
	/** Requests per window for someone anonymous; users have twice as much. */
	quotas?: Partial<Quotas>;
	windowSeconds?: number;
	/** Delay before every answer. */
	latencyMs?: number;
	/** Milliseconds now, for windows and signed addresses; tests with virtual time hand in their own. */
	now?: () => number;
	/** Seed for faults with a chance. */
	seed?: number;
	port?: number;
}

/** One request as the fake saw it. */
export interface SeenRequest {
	at: number;
	origin: 'hub' | 'cdn';
	method: string;
	/** Path with its query. */
	path: string;
	bucket: BucketName | 'cdn';
	authorization: string | null;
	status: number;
	headers: Record<string, string | undefined>;
	/** Bytes that went out for it, headers included; known when it is over. */
	sent: number;
}

export interface FakeHubStats {
	requests: SeenRequest[];
	/** Requests being answered now, the most at any time, and those whose client left early. */
	open: number;
	mostOpen: number;
	aborted: number;
	/** Requests with an Authorization header at the CDN: each one is a failure of the client. */
	tokensAtCdn: number;
	/** Requests to the Hub per bucket. */
	perBucket: Record<BucketName, number>;
	/** Answers with status 429. */
	limited: number;
}

export interface FakeHub {
	url: string;
	cdnUrl: string;
	stats: FakeHubStats;
	world: FakeWorld;
	/** Adds a fault; the returned function takes it back. */
	fault(rule: FakeFaultRule): () => void;
	clearFaults(): void;
	/** Forgets what was counted. */
	resetStats(): void;
	/** Requests to the Hub whose `METHOD path` holds the text. */
	count(text: string): number;
	close(): Promise<void>;
}

function bucketOf(path: string): BucketName {
	if (path.startsWith('/api/resolve-cache/') || /\/resolve\//.test(path)) return 'resolvers';
	return path.startsWith('/api/') ? 'api' : 'pages';
}

function readBody(request: IncomingMessage): Promise<Buffer> {
	return new Promise((resolve) => {
		const parts: Buffer[] = [];
		request.on('data', (part: Buffer) => parts.push(part));
		request.on('end', () => resolve(Buffer.concat(parts)));
		request.on('error', () => resolve(Buffer.concat(parts)));
	});
}

function listen(server: Server, port: number): Promise<string> {
	return new Promise((resolve, reject) => {
		server.on('error', reject);
		server.listen(port, '127.0.0.1', () => {
			const address: AddressInfo | string | null = server.address();
			resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`);
		});
	});
}

function emptyStats(): FakeHubStats {
	return {
		requests: [],
		open: 0,
		mostOpen: 0,
		aborted: 0,
		tokensAtCdn: 0,
		perBucket: { api: 0, resolvers: 0, pages: 0 },
		limited: 0,
	};
}

/** Answers requests on both origins and counts what it sees. */
class Desk {
	readonly stats = emptyStats();
	readonly faults: FaultSwitch;
	readonly #world: FakeWorld;
	readonly #limits: FakeLimits;
	readonly #users: FakeUser[];
	readonly #latencyMs: number;
	#serial = 0;

	constructor(world: FakeWorld, options: FakeHubOptions) {
		this.#world = world;
		this.#users = options.users ?? [];
		this.#latencyMs = options.latencyMs ?? 0;
		this.faults = new FaultSwitch(seeded(options.seed ?? 1));
		const quotas = { api: 500, resolvers: 3000, pages: 100, ...options.quotas };
		this.#limits = new FakeLimits(quotas, options.windowSeconds ?? 300, world.now);
	}

	#hubAnswer(request: FakeRequest, fault: FakeFault | null): FakeAnswer {
		const path = request.url.pathname;
		const bucket = bucketOf(path);
		const { headers, over, quota } = this.#limits.count(bucket, request.who);
		const answer = replacement(fault) ?? (over ? limitedAnswer(request.who, bucket, quota) : this.#real(request));
		const limits: Record<string, string> = { ...headers };
		if (fault?.kind === 'limited') {
			delete limits['ratelimit-policy'];
			delete limits.ratelimit;
			if (fault.seconds !== undefined) limits.ratelimit = `"${bucket}";r=0;t=${fault.seconds}`;
		}
		return { ...answer, headers: { ...limits, ...answer.headers } };
	}

	#real(request: FakeRequest): FakeAnswer {
		const path = request.url.pathname;
		const api = path.startsWith('/api/') && !path.startsWith('/api/resolve-cache/');
		if (request.who.kind === 'bad') return badToken(api);
		if (path.startsWith('/api/resolve-cache/')) return cachedFileAnswer(this.#world, request);
		if (api) return apiAnswer(this.#world, request);
		if (request.method === 'POST') {
			const asked = askAccess(this.#world, request);
			if (asked) return asked;
		}
		const file = fileAnswer(this.#world, request);
		return file ?? { status: 404, headers: { 'content-type': 'text/html' }, body: Buffer.from('<h1>404</h1>') };
	}

	#note(origin: 'hub' | 'cdn', message: IncomingMessage, path: string): SeenRequest {
		const bucket = origin === 'cdn' ? 'cdn' : bucketOf(path);
		const authorization = message.headers.authorization ?? null;
		const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
		const seen: SeenRequest = {
			at: this.#world.now(),
			origin,
			method: message.method ?? 'GET',
			path,
			bucket,
			authorization,
			status: 0,
			headers,
			sent: 0,
		};
		this.stats.requests.push(seen);
		this.stats.open += 1;
		this.stats.mostOpen = Math.max(this.stats.mostOpen, this.stats.open);
		if (bucket === 'cdn') this.stats.tokensAtCdn += authorization === null ? 0 : 1;
		else this.stats.perBucket[bucket] += 1;
		return seen;
	}

	async answer(origin: 'hub' | 'cdn', message: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = message.url ?? '/';
		const seen = this.#note(origin, message, path);
		const { socket } = message;
		const before = socket.bytesWritten;
		response.on('close', () => {
			seen.sent = socket.bytesWritten - before;
			this.stats.open -= 1;
			if (!response.writableFinished) this.stats.aborted += 1;
		});
		const url = new URL(path, origin === 'hub' ? this.#world.hubUrl : this.#world.cdnUrl);
		const body = await readBody(message);
		const who = identify(message.headers.authorization, this.#users);
		const fault = this.faults.take(`${seen.method} ${path}`);
		const headers = fault?.kind === 'whole' ? { ...seen.headers, range: undefined } : seen.headers;
		const request: FakeRequest = { method: seen.method, url, headers, body, who };
		if (this.#latencyMs > 0) await pause(this.#latencyMs, response);
		if (response.destroyed) return;
		const real =
			origin === 'hub' ? this.#hubAnswer(request, fault) : (replacement(fault) ?? cdnAnswer(this.#world, request));
		const answer = rewritten(real, fault);
		seen.status = answer.status;
		if (answer.status === 429) this.stats.limited += 1;
		this.#serial += 1;
		answer.headers['x-request-id'] = `Root=1-fake-${this.#serial}`;
		await deliver({ response, answer, fault, head: seen.method === 'HEAD' });
	}
}

/** Starts both listeners. `close()` ends every connection. */
export async function startFakeHub(options: FakeHubOptions = {}): Promise<FakeHub> {
	const switches: FakeSwitches = {
		canonicalLinks: options.canonicalLinks ?? true,
		xet: options.xet ?? true,
		bigLimit: options.bigLimit ?? 'refuse',
		expandable: options.expandable ?? null,
		signedSeconds: options.signedSeconds ?? 3600,
		direct: options.direct ?? false,
	};
	const world = new FakeWorld(options.repos ?? [], switches, options.now ?? Date.now);
	const desk = new Desk(world, options);
	const hub = createServer((request, response) => void desk.answer('hub', request, response));
	const cdn = createServer((request, response) => void desk.answer('cdn', request, response));
	world.cdnUrl = await listen(cdn, 0);
	world.hubUrl = await listen(hub, options.port ?? 0);
	return {
		url: world.hubUrl,
		cdnUrl: world.cdnUrl,
		stats: desk.stats,
		world,
		fault: (rule) => desk.faults.add(rule),
		clearFaults: () => desk.faults.clear(),
		resetStats: () => void Object.assign(desk.stats, { ...emptyStats(), open: desk.stats.open }),
		count: (text) => desk.stats.requests.filter(({ method, path }) => `${method} ${path}`.includes(text)).length,
		close: async () => {
			for (const server of [hub, cdn]) {
				server.closeAllConnections();
				await new Promise((resolve) => server.close(resolve));
			}
		},
	};
}
