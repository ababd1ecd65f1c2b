// Server-sent events out of bytes, however the bytes were cut: in the middle of a letter, a line, or many events at once.
import { isUtf8 } from 'node:buffer';

/** One event, or a comment (`data` is null): a sign of life without content. `name` is null where the sender gave none. */
export interface SseFrame {
	name: string | null;
	data: string | null;
}

/** The most characters that an event may have: room for a picture in an answer; beyond it somebody sends no events at all. */
const mostPending = 8 * 1024 * 1024;

/** More of one event than anybody sends on purpose. */
export class SseOverflow extends Error {
	override readonly name = 'SseOverflow';
}

/**
 * Reads events by the rules of the HTML standard (9.2.6): lines end in LF, CRLF or CR, several `data` lines of one event
 * are joined by LF, an event without data is none. `id` and `retry` are for browsers and left out.
 */
export class SseParser {
	/** Made for the first bytes that are not whole letters: making one costs as much as reading a short answer. */
	#decoder: TextDecoder | null = null;
	#hasBegun = false;
	/** The beginning of a line whose end has not come. Kept in parts: bytes may come one by one. */
	#parts: string[] = [];
	#pending = 0;
	/** Did the last piece end in CR? Then a LF at the beginning of the next one belongs to it. */
	#afterReturn = false;
	#name: string | null = null;
	#data: string | null = null;

	/** The events that are complete with these bytes. Throws `SseOverflow`. */
	push(bytes: Uint8Array): SseFrame[] {
		return this.#read(this.#text(bytes));
	}

	#text(bytes: Uint8Array): string {
		const mayHaveMark = !this.#hasBegun && (bytes.length < 3 || bytes[0] === 0xef);
		this.#hasBegun = true;
		if (this.#decoder === null && !mayHaveMark && isUtf8(bytes)) {
			return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
		}
		this.#decoder ??= new TextDecoder();
		return this.#decoder.decode(bytes, { stream: true });
	}

	/** What is left when the sender has ended; a last event counts even without the empty line after it. */
	end(): SseFrame[] {
		const frames = this.#read(`${this.#decoder?.decode() ?? ''}\n`);
		this.#dispatch(frames);
		return frames;
	}

	#read(text: string): SseFrame[] {
		const frames: SseFrame[] = [];
		let from = this.#afterReturn && text.startsWith('\n') ? 1 : 0;
		if (text !== '') this.#afterReturn = text.endsWith('\r');
		const hasReturns = text.includes('\r');
		for (;;) {
			let end = text.indexOf('\n', from);
			let next = end + 1;
			if (hasReturns) {
				const back = text.indexOf('\r', from);
				if (back >= 0 && (end < 0 || back < end)) {
					end = back;
					next = text[back + 1] === '\n' ? back + 2 : back + 1;
				}
			}
			if (end < 0) break;
			this.#line(this.#whole(text.slice(from, end)), frames);
			from = next;
		}
		if (from < text.length) this.#keep(text.slice(from));
		return frames;
	}

	#keep(part: string): void {
		this.#parts.push(part);
		this.#pending += part.length;
		if (this.#pending + (this.#data?.length ?? 0) > mostPending) throw new SseOverflow('an event without an end');
	}

	#whole(end: string): string {
		if (this.#parts.length === 0) return end;
		const line = this.#parts.join('') + end;
		this.#parts = [];
		this.#pending = 0;
		return line;
	}

	#line(line: string, frames: SseFrame[]): void {
		if (line === '') return this.#dispatch(frames);
		if (line.startsWith(':')) return void frames.push({ name: null, data: null });
		const colon = line.indexOf(':');
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
		if (field === 'event') this.#name = value;
		if (field !== 'data') return;
		this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
		if (this.#data.length > mostPending) throw new SseOverflow('an event without an end');
	}

	#dispatch(frames: SseFrame[]): void {
		if (this.#data !== null) frames.push({ name: this.#name, data: this.#data });
		this.#name = null;
		this.#data = null;
	}
}
