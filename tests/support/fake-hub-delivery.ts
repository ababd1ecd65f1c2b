// How the fake Hub sends an answer, or changes, replaces and breaks it as a fault says.
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { errorAnswer } from './fake-hub-access.ts';
import type { FakeAnswer, FakeFault } from './fake-hub-faults.ts';

const codecs = { gzip: gzipSync, br: brotliCompressSync };

/** The real answer changed by a fault that only rewrites it. */
export function rewritten(answer: FakeAnswer, fault: FakeFault | null): FakeAnswer {
	if (fault?.kind === 'headers') return { ...answer, headers: fault.change({ ...answer.headers }) };
	if (fault?.kind === 'body') {
		const body = typeof fault.body === 'string' ? Buffer.from(fault.body) : fault.body;
		return { ...answer, body, headers: { ...without(answer.headers), ...fault.headers } };
	}
	if (fault?.kind === 'json') {
		const changed = Buffer.from(JSON.stringify(fault.change(JSON.parse(answer.body.toString()))) ?? '');
		return { ...answer, body: changed, headers: without(answer.headers) };
	}
	if (fault?.kind === 'flip') {
		const body = Buffer.from(answer.body);
		body[fault.at] = (body[fault.at] ?? 0) ^ 1;
		return { ...answer, body };
	}
	if (fault?.kind === 'encode') {
		const body = fault.codings.reduce<Buffer>((bytes, coding) => codecs[coding](bytes), answer.body);
		const headers = { ...without(answer.headers), 'content-encoding': fault.codings.join(', ') };
		return { ...answer, headers, body };
	}
	return answer;
}

function without(headers: Record<string, string>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}

/** An answer that replaces the real one; null for faults that change or break it later. */
export function replacement(fault: FakeFault | null): FakeAnswer | null {
	if (fault?.kind === 'status') {
		const type = fault.type ?? 'text/html; charset=utf-8';
		const body = Buffer.from(fault.body ?? `<!doctype html><title>${fault.status}</title><h1>Try later</h1>`);
		return { status: fault.status, headers: { 'content-type': type, ...fault.headers }, body };
	}
	if (fault?.kind === 'limited') {
		const answer = errorAnswer({ status: 429, message: 'We had to rate limit you.', api: true });
		if (fault.retryAfter !== undefined) answer.headers['retry-after'] = fault.retryAfter;
		if (fault.rateLimit !== undefined) answer.headers.ratelimit = fault.rateLimit;
		return answer;
	}
	if (fault?.kind === 'redirect') {
		const headers: Record<string, string> = fault.to === null ? {} : { location: fault.to };
		return { status: fault.status ?? 307, headers, body: Buffer.from('Moved') };
	}
	return null;
}

interface Delivery {
	response: ServerResponse;
	answer: FakeAnswer;
	fault: FakeFault | null;
	head: boolean;
}

export function pause(ms: number, response: ServerResponse): Promise<void> {
	return new Promise((resolve) => {
		const end = () => {
			clearTimeout(timer);
			response.off('close', end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		response.on('close', end);
	});
}

function drained(response: ServerResponse): Promise<void> {
	return new Promise((resolve) => {
		const end = () => {
			response.off('drain', end).off('close', end);
			resolve();
		};
		response.on('drain', end).on('close', end);
	});
}

async function drip(response: ServerResponse, body: Buffer, fault: { bytes: number; everyMs: number }): Promise<void> {
	for (let at = 0; at < body.length && !response.destroyed; at += fault.bytes) {
		const isTaken = response.write(body.subarray(at, at + fault.bytes));
		if (!isTaken) await drained(response);
		await pause(fault.everyMs, response);
	}
	response.end();
}

/** Writes an answer, or breaks it as the fault says. */
export async function deliver({ response, answer, fault, head }: Delivery): Promise<void> {
	if (fault?.kind === 'stall' && fault.where === 'headers') await pause(fault.ms, response);
	if (response.destroyed) return;
	const chunked =
		fault?.kind === 'cut' || fault?.kind === 'drip' || fault?.kind === 'encode' || fault?.kind === 'extra';
	const length = answer.headers['content-length'] ?? String(answer.body.length);
	const bodiless = answer.status === 304 || answer.status === 204;
	response.writeHead(answer.status, {
		...without(answer.headers),
		...(chunked || bodiless ? {} : { 'content-length': length }),
	});
	if (head || bodiless) return void response.end();
	if (fault?.kind === 'reset') {
		response.write(answer.body.subarray(0, fault.after), () => response.socket?.resetAndDestroy());
		return;
	}
	if (fault?.kind === 'cut') return void response.end(answer.body.subarray(0, fault.after));
	if (fault?.kind === 'short') {
		response.write(answer.body.subarray(0, Math.max(0, answer.body.length - fault.missing)), () =>
			response.socket?.end(),
		);
		return;
	}
	if (fault?.kind === 'extra') return void response.end(Buffer.concat([answer.body, Buffer.alloc(fault.bytes)]));
	if (fault?.kind === 'drip') return drip(response, answer.body, fault);
	if (fault?.kind === 'stall') {
		response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)));
		await pause(fault.ms, response);
	}
	response.end(fault?.kind === 'stall' ? answer.body.subarray(Math.floor(answer.body.length / 2)) : answer.body);
}
