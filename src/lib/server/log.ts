// The log: one JSON line per event, with secrets blanked and nothing in it that could forge a line or move a cursor.
import { blankSecrets } from '#lib/core/failure.ts';

/** Fields of one line. Never hand over whole requests, headers or settings. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

interface LogOptions {
	/** Takes one line without its end. */
	write: (line: string) => void;
	/** Milliseconds since the epoch. */
	now: () => number;
	/** A short name for one bug, to find its line by. */
	id: () => string;
	/** Values that must not appear, besides everything that looks like a key. */
	secrets: (string | null)[];
}

const unprintable = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function trace(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Writes events as lines that stay lines whatever their fields hold. */
export class Log {
	readonly #write: (line: string) => void;
	readonly #now: () => number;
	readonly #id: () => string;
	readonly #secrets: string[];

	constructor({ write, now, id, secrets }: LogOptions) {
		this.#write = write;
		this.#now = now;
		this.#id = id;
		this.#secrets = secrets.filter((secret) => secret !== null).filter((secret) => secret.length >= 4);
	}

	/** The text without the secrets this process knows and without anything that looks like one. */
	blank(text: string): string {
		const known = this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, '•••'), text);
		return blankSecrets(known);
	}

	/** Something went wrong that nobody expected. */
	error(event: string, fields: LogFields): void {
		this.#line('error', event, fields);
	}

	/** A bug: logs where it happened and gives the id of the line, which may be shown to people. */
	bug(event: string, error: unknown, fields: LogFields = {}): string {
		const id = this.#id();
		const cause = error instanceof Error && error.cause !== undefined ? trace(error.cause) : undefined;
		this.error(event, { id, ...fields, stack: trace(error), cause });
		return id;
	}

	/** Something worth knowing went well, or badly in an expected way. */
	info(event: string, fields: LogFields): void {
		this.#line('info', event, fields);
	}

	#line(level: string, event: string, fields: LogFields): void {
		const clean = Object.entries(fields).map(([name, value]) => [name, this.#value(value)]);
		const time = new Date(this.#now()).toISOString();
		const line = JSON.stringify({ time, level, event, ...Object.fromEntries(clean) });
		this.#write(line.replace(unprintable, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`));
	}

	#value(value: LogFields[string]): LogFields[string] {
		return typeof value === 'string' ? this.blank(value).slice(0, 8000) : value;
	}
}
