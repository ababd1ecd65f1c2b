// A provider on loopback that does what its scripts say: OpenAI's and Anthropic's shapes, slow, broken, hostile or fine.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Pace } from './fake-provider-pace.ts';
import {
	anthropicFrames,
	anthropicReply,
	openAiFrames,
	openAiReply,
	type Frame,
	type Script,
} from './fake-provider-script.ts';
import { seeded } from './seeded.ts';

/** A request as it came in. */
export interface Taken {
	method: string;
	path: string;
	headers: Record<string, string>;
	body: Record<string, unknown>;
	model: string;
}

interface FakeProviderOptions {
	/** What is done for a model; a list is used up request by request, its last one stays. */
	scripts?: Record<string, Script | Script[]>;
	/** For every other model. */
	script?: Script;
	port?: number;
	seed?: number;
	/** Requests without this key are refused with 401. */
	key?: string;
}

export interface FakeProvider {
	/** Base address with `/v1`. */
	url: string;
	port: number;
	requests: Taken[];
	stats: {
		/** Connections that are open now. */
		sockets: number;
		/** Answers that are being written now. */
		active: number;
		/** Answers whose reader left before the end. */
		aborted: number;
		/** Bytes written after their reader had left. */
		bytesAfterAbort: number;
	};
	/** Replaces the script of a model. */
	set(model: string, script: Script | Script[]): void;
	/** Resolves as soon as something about the stats or the requests is so. */
	until(holds: () => boolean): Promise<void>;
	close(): Promise<void>;
}

function bytesOf({ event, data }: Frame, end: string): Buffer {
	const lines = event === undefined ? [] : [`event: ${event}`];
	const text = typeof data === 'string' ? data : JSON.stringify(data);
	return Buffer.from([...lines, `data: ${text}`, '', ''].join(end));
}

/** Writes one answer, piece by piece, minding what the script says about faults. */
class Writer {
	readonly #response: ServerResponse;
	readonly #script: Script;
	readonly #stats: FakeProvider['stats'];
	#written = 0;

	constructor(response: ServerResponse, script: Script, stats: FakeProvider['stats']) {
		this.#response = response;
		this.#script = script;
		this.#stats = stats;
	}

	get isGone(): boolean {
		return this.#response.destroyed;
	}

	async write(bytes: Buffer): Promise<void> {
		const { resetAt } = this.#script;
		if (resetAt !== undefined && this.#written + bytes.length >= resetAt) {
			const part = bytes.subarray(0, Math.max(0, resetAt - this.#written));
			await new Promise<void>((resolve) => this.#response.write(part.length > 0 ? part : ':', () => resolve()));
			this.#response.socket?.resetAndDestroy();
			return;
		}
		this.#written += bytes.length;
		for (const part of this.#cut(bytes)) {
			if (this.isGone) this.#stats.bytesAfterAbort += part.length;
			else if (!this.#response.write(part)) await this.#drained();
			if (this.#script.writes === 'bytes' || this.#script.writes === 'halves') {
				await new Promise((resolve) => setImmediate(resolve));
			}
		}
	}

	#cut(bytes: Buffer): Buffer[] {
		if (this.#script.writes === 'bytes') return [...bytes].map((byte) => Buffer.from([byte]));
		if (this.#script.writes !== 'halves') return [bytes];
		const middle = bytes.length >> 1;
		return [bytes.subarray(0, middle), bytes.subarray(middle)];
	}

	#drained(): Promise<void> {
		return new Promise((resolve) => {
			this.#response.once('drain', resolve);
			this.#response.once('close', resolve);
		});
	}
}

const comment = (end: string) => Buffer.from(`: still here${end}${end}`);

async function stream(response: ServerResponse, script: Script, frames: Frame[], writer: Writer, pace: Pace) {
	const end = script.lineEnd ?? '\n';
	response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...script.headers });
	response.flushHeaders();
	await pace.wait(script.firstMs, script.jitter);
	if (script.endless !== undefined) {
		const life = script.endless === 'comments' ? comment(end) : bytesOf(frames[0] ?? { data: {} }, end);
		for (; !writer.isGone; await pace.wait(script.betweenMs ?? 5)) await writer.write(life);
		return;
	}
	if (script.writes === 'packed') {
		await writer.write(Buffer.concat([comment(end), ...frames.map((frame) => bytesOf(frame, end))]));
		return void response.end();
	}
	let pieces = 0;
	for (const frame of frames) {
		if (writer.isGone) return;
		// A fault after all pieces comes before the finish.
		if (!frame.isPiece && pieces === 0) {
			await writer.write(bytesOf(frame, end));
			continue;
		}
		if (pieces === script.endAt) return void response.end();
		if (pieces === script.stallAt) return;
		if (pieces === script.malformedAt) await writer.write(Buffer.from(`data: {"choices": [${end}${end}`));
		if (pieces === script.errorAt) {
			const error = script.error ?? { message: 'fell over', type: 'server_error', code: null };
			await writer.write(bytesOf({ event: frame.event && 'error', data: { type: 'error', error } }, end));
			return void response.end();
		}
		if (pieces > 0) await pace.wait(script.betweenMs, script.jitter);
		if (writer.isGone) return;
		await writer.write(bytesOf(frame, end));
		if (frame.isPiece) pieces += 1;
	}
	if (!writer.isGone) response.end();
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
	const isText = typeof body === 'string';
	response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers });
	response.end(isText ? body : JSON.stringify(body));
}

function embeddings(body: Record<string, unknown>, script: Script, model: string): object {
	const inputs = Array.isArray(body.input) && typeof body.input[0] === 'string' ? body.input : [body.input];
	const vector = (index: number) => [index, 0.5, -0.25];
	const data = inputs.map((_, index) => {
		const floats = vector(index);
		const embedding =
			body.encoding_format === 'base64' ? Buffer.from(new Float32Array(floats).buffer).toString('base64') : floats;
		return { object: 'embedding', index, embedding };
	});
	const usage =
		script.usage === undefined ? { prompt_tokens: inputs.length * 3, total_tokens: inputs.length * 3 } : script.usage;
	return { object: 'list', model, data, ...(usage === null ? {} : { usage }) };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
	const parts: Buffer[] = [];
	for await (const part of request) parts.push(part);
	const text = Buffer.concat(parts).toString('utf8');
	return text === '' ? {} : JSON.parse(text);
}

async function answer(
	taken: Taken,
	script: Script,
	response: ServerResponse,
	writer: Writer,
	pace: Pace,
): Promise<void> {
	const { path, model, body } = taken;
	if (script.refuses) return void response.socket?.resetAndDestroy();
	await pace.wait(script.headersMs, script.jitter);
	if (response.destroyed) return;
	if (script.redirect) {
		response.writeHead(script.redirect.status ?? 307, { location: script.redirect.to });
		return void response.end();
	}
	if (script.status !== undefined) return sendJson(response, script.status, script.body ?? {}, script.headers);
	if (script.body !== undefined) return sendJson(response, 200, script.body, script.headers);
	if (script.page) return sendJson(response, 200, '<!doctype html><title>Sign in</title>', script.headers);
	if (script.empty) return void response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
	if (path.endsWith('/embeddings')) return sendJson(response, 200, embeddings(body, script, model), script.headers);
	const isAnthropic = path.endsWith('/messages');
	const isChat = path.endsWith('/chat/completions');
	if (script.plain || body.stream !== true) {
		const reply = isAnthropic ? anthropicReply(script, model) : openAiReply(script, model, isChat);
		return sendJson(response, 200, reply, script.headers);
	}
	const frames = isAnthropic ? anthropicFrames(script, model) : openAiFrames(script, model, isChat);
	await stream(response, script, frames, writer, pace);
}

/** Starts a fake provider. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
	const scripts = new Map(Object.entries(options.scripts ?? {}));
	const random = seeded(options.seed ?? 1);
	const requests: Taken[] = [];
	const stats = { sockets: 0, active: 0, aborted: 0, bytesAfterAbort: 0 };
	const waiting = new Set<() => void>();
	const changed = () => [...waiting].forEach((look) => look());
	const scriptOf = (model: string): Script => {
		const found = scripts.get(model);
		if (!Array.isArray(found)) return found ?? options.script ?? {};
		return (found.length > 1 ? found.shift() : found[0]) ?? {};
	};
	const sockets = new Set<Socket>();
	const server = createServer(async (request, response) => {
		const body = await readBody(request).catch(() => null);
		if (body === null) return;
		const model = typeof body.model === 'string' ? body.model : '';
		const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
		const taken = { method: request.method ?? '', path: request.url ?? '', headers, body, model };
		requests.push(taken);
		stats.active += 1;
		response.on('error', () => undefined);
		response.once('close', () => {
			stats.active -= 1;
			if (!response.writableFinished) stats.aborted += 1;
			changed();
		});
		changed();
		const shown = headers.authorization?.replace(/^Bearer /, '') ?? headers['x-api-key'];
		if (options.key !== undefined && shown !== options.key) {
			const error = {
				message: `Incorrect API key provided: ${shown}.`,
				type: 'invalid_request_error',
				code: 'invalid_api_key',
			};
			return sendJson(response, 401, { error });
		}
		const script = scriptOf(model);
		await answer(taken, script, response, new Writer(response, script, stats), new Pace(response, random));
	});
	server.on('connection', (socket) => {
		sockets.add(socket);
		stats.sockets += 1;
		socket.once('close', () => {
			sockets.delete(socket);
			stats.sockets -= 1;
			changed();
		});
	});
	await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
	const address = server.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	return {
		url: `http://127.0.0.1:${port}/v1`,
		port,
		requests,
		stats,
		set: (model, script) => void scripts.set(model, script),
		until: (holds) =>
			new Promise((resolve) => {
				const look = () => {
					if (!holds()) return;
					waiting.delete(look);
					resolve();
				};
				waiting.add(look);
				look();
			}),
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}
