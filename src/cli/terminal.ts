// Where commands write: data to stdout, everything else to stderr, and nothing that could move the cursor.

/** Version of every document that `--json` prints; raised when a field changes its meaning or goes. */
export const schemaVersion = 1;

/** Control characters (line feed and tab excepted) and those that turn the reading direction around. */
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The text with every character replaced that a terminal would obey instead of showing. */
export function printable(text: string): string {
	return text.replace(unsafe, '\ufffd');
}

/** A text that stands out, or stands back, where the terminal can show it. */
export interface Piece {
	text: string;
	style: 'strong' | 'quiet';
}

const styles = { strong: [1, 22], quiet: [2, 22] } as const;

/** The text emphasized. */
export function strong(text: string): Piece {
	return { text, style: 'strong' };
}

/** The text dimmed. */
export function quiet(text: string): Piece {
	return { text, style: 'quiet' };
}

interface Stream {
	write(text: string): unknown;
	isTTY?: boolean;
	columns?: number;
}

interface TerminalOptions {
	stdout: Stream;
	stderr: Stream;
	env: NodeJS.ProcessEnv;
	/** Folder of the built app, as a path. */
	build: string;
	version: string;
	/** Print one JSON document instead of text. */
	json: boolean;
	/** Asks the person at the terminal; left out where nobody sits there. */
	ask?: (question: string) => Promise<string>;
}

/** What a command has to work with besides its arguments. */
export class Terminal {
	readonly env: NodeJS.ProcessEnv;
	readonly build: string;
	readonly version: string;
	readonly json: boolean;
	readonly #stdout: Stream;
	readonly #stderr: Stream;
	readonly #ask: ((question: string) => Promise<string>) | null;
	#hasProgress = false;

	constructor({ stdout, stderr, env, build, version, json, ask }: TerminalOptions) {
		this.#stdout = stdout;
		this.#stderr = stderr;
		this.env = env;
		this.build = build;
		this.version = version;
		this.json = json;
		this.#ask = ask ?? null;
	}

	/** Is there a person to ask? Never in a script, a pipe, or where a document is wanted. */
	get canAsk(): boolean {
		return this.#ask !== null && !this.json && this.showsProgress;
	}

	/** What the person answers; empty where nobody can be asked. */
	async ask(question: string): Promise<string> {
		this.progress(null);
		return this.#ask === null ? '' : this.#ask(printable(question));
	}

	/** Characters that fit in a line; null when the output is not a terminal and lines may be of any length. */
	get width(): number | null {
		return this.#stdout.isTTY === true ? (this.#stdout.columns ?? 80) : null;
	}

	/** May output carry colour? Only on a terminal, and not with NO_COLOR. */
	get colour(): boolean {
		return this.#stdout.isTTY === true && !this.env.NO_COLOR && this.env.TERM !== 'dumb';
	}

	/** One line of data, of texts and styled pieces. */
	line(...pieces: (string | Piece)[]): void {
		this.#stdout.write(`${pieces.map((piece) => this.#dress(piece)).join('')}\n`);
	}

	#dress(piece: string | Piece): string {
		if (typeof piece === 'string') return printable(piece);
		const [on, off] = styles[piece.style];
		return this.colour ? `\u001b[${on}m${printable(piece.text)}\u001b[${off}m` : printable(piece.text);
	}

	/** The one document of `--json`, with its schema version first. */
	document(content: object): void {
		const text = JSON.stringify({ schemaVersion, ...content }, null, 2);
		this.#stdout.write(`${text.replace(unsafe, (char) => escaped(char))}\n`);
	}

	/** One of many values, as a line of JSON. */
	jsonLine(value: object): void {
		this.#stdout.write(`${JSON.stringify(value).replace(unsafe, (char) => escaped(char))}\n`);
	}

	/** One line for the person: notes, errors. */
	note(text: string): void {
		this.progress(null);
		this.#stderr.write(`${printable(text)}\n`);
	}

	/** Does the person see progress as it goes on? */
	get showsProgress(): boolean {
		return this.#stderr.isTTY === true && this.env.TERM !== 'dumb';
	}

	/** The line of progress, in place of the one before; null takes it away. Nothing where nobody would see it. */
	progress(text: string | null): void {
		if (!this.showsProgress || (text === null && !this.#hasProgress)) return;
		this.#hasProgress = text !== null;
		const line = printable(text ?? '').slice(0, (this.#stderr.columns ?? 80) - 1);
		this.#stderr.write(`\r\u001b[K${line}`);
	}
}

function escaped(char: string): string {
	return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
