// One request on a connection and the bytes that come back: taken as they come, without a stream object in between.
import type { Dispatcher } from 'undici';
import type { Ends } from '#lib/core/registry/call.ts';

/** A reply whose body is still to be read. Header names are in lower case. */
export interface Upstream {
	status: number;
	headers: Readonly<Record<string, string>>;
	body: ReplyBody;
}

/** A request as it goes out. */
export interface Sent {
	origin: string;
	path: string;
	headers: Readonly<Record<string, string>>;
	body: string;
}

/** Bytes that wait for their reader; beyond it the sender is made to wait. */
const mostWaiting = 64 * 1024;
/** How long, and for how many bytes, a body is read on after its answer has ended, so that the connection can be kept. */
const drainMs = 250;
const drainBytes = 64 * 1024;

/** Why a body was let go of before its end; nobody reads it any more. */
class LetGo extends Error {
	override readonly name = 'LetGo';
}

/**
 * Ends a call's connection in the next turn: tearing it down, and the new one that undici opens in its place, must not stand
 * between the winner of a race and whoever waits for it.
 */
function cutSoon(control: Dispatcher.DispatchController): void {
	setImmediate(() => control.abort(new LetGo('The call was ended.')));
}

interface Waiting {
	resolve: (bytes: Buffer | null) => void;
	reject: (error: unknown) => void;
}

/** The bytes of a reply, read by one reader. Who has read enough calls `release`, on every way out. */
export class ReplyBody {
	#parts: Buffer[] = [];
	#size = 0;
	#isOver = false;
	#error: { why: unknown } | null = null;
	#waiting: Waiting | null = null;
	/** Bytes that may still be thrown away; null while somebody reads. */
	#drain: number | null = null;
	#timer: NodeJS.Timeout | undefined;
	readonly #control: Dispatcher.DispatchController;

	constructor(control: Dispatcher.DispatchController) {
		this.#control = control;
	}

	/** Is there something to be had at once: bytes, or the end of a whole body? */
	get isReady(): boolean {
		return this.#size > 0 || (this.#isOver && this.#error === null);
	}

	/** All that has come since the last time. Waits when nothing has; null at the end. Throws what broke it off. */
	read(): Promise<Buffer | null> {
		if (this.#size > 0) return Promise.resolve(this.#take());
		if (this.#error !== null) return Promise.reject(this.#error.why);
		if (this.#isOver) return Promise.resolve(null);
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject };
		});
	}

	/** The same for loops; a loop that is left lets the body go. */
	async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
		for (let bytes = await this.read(); bytes !== null; bytes = await this.read()) yield bytes;
	}

	#take(): Buffer {
		const [first] = this.#parts;
		const all = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts, this.#size);
		this.#parts = [];
		this.#size = 0;
		this.#control.resume();
		return all;
	}

	/** Bytes have come. */
	push(bytes: Buffer): void {
		if (this.#drain !== null) {
			this.#drain -= bytes.length;
			if (this.#drain < 0) this.#cut();
			return;
		}
		if (this.#error !== null) return;
		const waiting = this.#waiting;
		if (waiting !== null) {
			this.#waiting = null;
			return waiting.resolve(bytes);
		}
		this.#parts.push(bytes);
		this.#size += bytes.length;
		if (this.#size > mostWaiting) this.#control.pause();
	}

	/** It has come to its end. */
	end(): void {
		this.#isOver = true;
		clearTimeout(this.#timer);
		this.#waiting?.resolve(null);
		this.#waiting = null;
	}

	/** It broke off. What has come before can still be read. */
	fail(why: unknown): void {
		if (this.#isOver) return;
		const waiting = this.#waiting;
		this.#waiting = null;
		this.#error = { why };
		this.end();
		waiting?.reject(why);
	}

	/** Ends the call: whoever waits is told why at once, what has come is thrown away, the connection is cut. */
	abort(why: unknown): void {
		if (this.#isOver) return;
		const waiting = this.#waiting;
		this.#waiting = null;
		this.#parts = [];
		this.#size = 0;
		this.#error = { why };
		this.#isOver = true;
		clearTimeout(this.#timer);
		waiting?.reject(why);
		cutSoon(this.#control);
	}

	#cut(): void {
		this.#isOver = true;
		clearTimeout(this.#timer);
		this.#control.abort(new LetGo('The rest is not wanted.'));
	}

	/** Lets it go: what is left of a finished answer is read away for a moment so that its connection is kept, else cut. */
	release(isFinished: boolean): void {
		if (this.#isOver || this.#drain !== null) return;
		if (!isFinished) return this.#cut();
		this.#drain = drainBytes;
		this.#parts = [];
		this.#size = 0;
		this.#control.resume();
		this.#timer = setTimeout(() => this.#cut(), drainMs);
		this.#timer.unref();
	}
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
	const flat: Record<string, string> = {};
	for (const [name, value] of Object.entries(headers)) {
		if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
	}
	return flat;
}

/** How the promise of a reply is settled. */
interface Promised {
	resolve: (reply: Upstream) => void;
	reject: (error: unknown) => void;
}

/** What one request hears of its connection. */
class Exchanged implements Dispatcher.DispatchHandler {
	readonly #tell: Promised;
	readonly #ends: Ends;
	#control: Dispatcher.DispatchController | null = null;
	#body: ReplyBody | null = null;

	constructor(ends: Ends, tell: Promised) {
		this.#ends = ends;
		this.#tell = tell;
		ends.addEventListener('abort', this.#stop, { once: true });
	}

	readonly #stop = (): void => {
		const { reason } = this.#ends;
		this.#tell.reject(reason); // nothing where the reply is here already
		if (this.#body !== null) this.#body.abort(reason);
		else if (this.#control !== null) cutSoon(this.#control);
	};

	#left(): void {
		this.#ends.removeEventListener('abort', this.#stop);
	}

	onRequestStart(control: Dispatcher.DispatchController): void {
		this.#control = control;
		if (this.#ends.aborted) control.abort(new LetGo('The call was ended.'));
	}

	onResponseStart(
		control: Dispatcher.DispatchController,
		status: number,
		headers: Record<string, string | string[] | undefined>,
	): void {
		if (status < 200) return;
		this.#body = new ReplyBody(control);
		this.#tell.resolve({ status, headers: flatten(headers), body: this.#body });
	}

	onResponseData(_control: Dispatcher.DispatchController, bytes: Buffer): void {
		this.#body?.push(bytes);
	}

	onResponseEnd(): void {
		this.#left();
		this.#body?.end();
	}

	onResponseError(_control: Dispatcher.DispatchController, error: Error): void {
		this.#left();
		if (this.#body === null) this.#tell.reject(error);
		else this.#body.fail(error);
	}
}

/** Sends a request and gives the reply as soon as its headers are here. Throws the ending's reason or what undici threw. */
export function exchanged(dispatcher: Dispatcher, sent: Sent, ends: Ends): Promise<Upstream> {
	return new Promise((resolve, reject) => {
		if (ends.aborted) return reject(ends.reason);
		dispatcher.dispatch({ ...sent, method: 'POST' }, new Exchanged(ends, { resolve, reject }));
	});
}
