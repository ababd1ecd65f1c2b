// The gateway's own door: takes its calls off Node's server before the framework sees them, which costs more than they do.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '#lib/core/failure.ts';
import type { Operation } from '#lib/core/registry/call.ts';
import { failureReply, mostRequestBytes } from '#lib/server/gateway-wire.ts';
import { send, type Reply } from '#lib/server/gateway-reply.ts';
import type { Gateway } from '#lib/server/gateway.ts';
import { tooLarge } from '#lib/server/http.ts';
import type { Door } from '#lib/server/listener.ts';
import type { Log } from '#lib/server/log.ts';
import type { Metrics } from '#lib/server/metrics.ts';
import type { Caller, Callers } from '#lib/server/registry/callers.ts';
import { sessionCookie } from '#lib/server/session.ts';

interface DoorOptions {
	gateway: Gateway;
	callers: Callers;
	metrics: Metrics;
	log: Log;
}

/** What goes through here, by path; the framework's routes of the same paths answer everywhere else. */
const operations: ReadonlyMap<string, Operation> = new Map([
	['/v1/chat/completions', 'chat'],
	['/v1/completions', 'completions'],
	['/v1/embeddings', 'embeddings'],
]);

function headerOf({ headers }: IncomingMessage, name: string): string | null {
	const value = headers[name];
	return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
}

/** The value of our cookie; null without it. */
function cookieOf(request: IncomingMessage): string | null {
	const { cookie } = request.headers;
	if (cookie === undefined) return null;
	const own = cookie.split(';').find((part) => part.trim().startsWith(`${sessionCookie}=`));
	return own === undefined ? null : own.slice(own.indexOf('=') + 1).trim();
}

function admitted(request: IncomingMessage, path: string, callers: Callers): Caller {
	return callers.admit({
		authorization: headerOf(request, 'authorization'),
		apiKey: headerOf(request, 'x-api-key'),
		cookie: cookieOf(request),
		address: request.socket.remoteAddress ?? '',
		claimedUser: headerOf(request, 'x-modeldex-user'),
		path,
	});
}

/** The body as text. Throws `payload_too_large` as soon as too much has come, `invalid_json` for what is no UTF-8. */
async function textOf(request: IncomingMessage): Promise<string> {
	const bytes = await bytesOf(request);
	if (!isUtf8(bytes)) throw new Failure('invalid_json', 'The body is not UTF-8 text.');
	const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
	return bytes.toString('utf8', hasMark ? 3 : 0);
}

function bytesOf(request: IncomingMessage): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const parts: Buffer[] = [];
		let size = 0;
		request.on('data', (part: Buffer) => {
			size += part.length;
			if (size > mostRequestBytes) {
				request.pause().removeAllListeners('data');
				reject(tooLarge(mostRequestBytes));
			} else parts.push(part);
		});
		request.once('end', () => {
			const [first] = parts;
			if (first === undefined) reject(new Failure('invalid_json', 'The request has no body; expected JSON.'));
			else resolve(parts.length === 1 ? first : Buffer.concat(parts, size));
		});
		request.once('close', () => {
			if (!request.complete) reject(new Failure('client_closed', 'The caller left before the request had come.'));
		});
	});
}

/** Makes the door. */
export function gatewayDoor({ gateway, callers, metrics, log }: DoorOptions): Door {
	const answer = async (operation: Operation, request: IncomingMessage, path: string): Promise<Reply> => {
		let caller: Caller;
		try {
			caller = admitted(request, path, callers);
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			const reply = failureReply(error);
			return { ...reply, headers: { ...reply.headers, 'www-authenticate': 'Bearer' } };
		}
		const incoming = {
			header: (name: string) => headerOf(request, name),
			text: () => textOf(request),
			signal: null,
			socket: request.socket,
		};
		return await gateway.reply(operation, incoming, caller);
	};
	const serve = async (operation: Operation, path: string, request: IncomingMessage, response: ServerResponse) => {
		const started = performance.now();
		let reply: Reply;
		try {
			reply = await answer(operation, request, path);
		} catch (error) {
			const id = log.bug('request_failed', error, { method: 'POST', path });
			const sentence = `Something went wrong inside Modeldex; the log has the details under ${id}.`;
			reply = failureReply(new Failure('internal', sentence));
		}
		const ms = performance.now() - started;
		metrics.answered({ method: 'POST', route: path, status: reply.status, seconds: ms / 1000 });
		if (log.isOn('debug')) {
			log.debug('request', { method: 'POST', path, status: reply.status, ms: Math.round(ms * 10) / 10 });
		}
		await send(reply, response);
	};
	return (request, response) => {
		const path = request.url ?? '';
		const operation = request.method === 'POST' ? operations.get(path) : undefined;
		if (operation === undefined) return false;
		void serve(operation, path, request, response);
		return true;
	};
}
