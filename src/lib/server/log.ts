// The log: one event at a time, as JSON or for people, with secrets blanked and nothing in it that could forge a line.
import { blankSecrets } from '#lib/core/failure.ts';

/** Fields of one line. Never hand over whole requests, headers or settings. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** How much an event matters, least first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

interface LogOptions {
	/** Takes one line without its end. */
	write: (line: string) => void;
	/** Milliseconds since the epoch. */
	now: () => number;
	/** A short name for one bug, to find its line by. */
	id: () => string;
	/** Values that must not appear, besides everything that looks like a key. */
	secrets: (string | null)[];
	/** `json`: an object per event (the usual); `text`: a line for people, traces indented below it. */
	format?: 'text' | 'json';
	/** What matters less is left out; everything is written unless told. */
	level?: LogLevel;
}

const unprintable = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function escaped(text: string): string {
	return text.replace(unprintable, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A value in a line for people: bare where it is one plain word, else as JSON. */
function shown(value: LogFields[string]): string {
	return typeof value === 'string' && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Fields that are too long for a line; people read them below it. */
const longFields = new Set(['stack', 'cause']);

/** An event for people. Every further line is indented, so that no field can look like an event. */
function forPeople(time: string, level: string, event: string, fields: [string, LogFields[string]][]): string {
	const told = fields.filter(([, value]) => value !== undefined);
	const short = told.filter(([name]) => !longFields.has(name)).map(([name, value]) => `${name}=${shown(value)}`);
	const long = told
		.filter(([name]) => longFields.has(name))
		.flatMap(([name, value]) => [
			`    ${name}:`,
			...String(value)
				.split(/\r\n|[\r\n]/)
				.map((line) => `      ${line}`),
		]);
	const head = [time, level.padEnd(5), event, ...short].join(' ');
	return [head, ...long.map((line) => line.replace(/[\u0000-\u001f]/g, ' '))].join('\n');
}

function trace(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Writes events as lines that stay lines whatever their fields hold. */
export class Log {
	readonly #write: (line: string) => void;
	readonly #now: () => number;
	readonly #id: () => string;
	readonly #secrets: string[];
	readonly #format: 'text' | 'json';
	readonly #least: number;

	constructor({ write, now, id, secrets, format = 'json', level = 'debug' }: LogOptions) {
		this.#write = write;
		this.#now = now;
		this.#id = id;
		this.#format = format;
		this.#least = logLevels.indexOf(level);
		this.#secrets = secrets.filter((secret) => secret !== null).filter((secret) => secret.length >= 4);
	}

	/** Would an event of this level be written? */
	isOn(level: LogLevel): boolean {
		return logLevels.indexOf(level) >= this.#least;
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

	/** Something a person should look at when they have time. */
	warn(event: string, fields: LogFields): void {
		this.#line('warn', event, fields);
	}

	/** What is only worth reading while one looks for something. */
	debug(event: string, fields: LogFields): void {
		this.#line('debug', event, fields);
	}

	#line(level: LogLevel, event: string, fields: LogFields): void {
		if (!this.isOn(level)) return;
		const clean = Object.entries(fields).map(([name, value]): [string, LogFields[string]] => [
			name,
			this.#value(value),
		]);
		const time = new Date(this.#now()).toISOString();
		const isJson = this.#format === 'json';
		const line = isJson
			? JSON.stringify({ time, level, event, ...Object.fromEntries(clean) })
			: forPeople(time, level, event, clean);
		this.#write(escaped(line));
	}

	#value(value: LogFields[string]): LogFields[string] {
		return typeof value === 'string' ? this.blank(value).slice(0, 8000) : value;
	}
}
