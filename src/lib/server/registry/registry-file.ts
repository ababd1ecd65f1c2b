// The registry file on disk: read at the start, watched, read again when it changed, written as a whole.
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, watch, type FSWatcher } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import type { FileVersion } from '#lib/core/registry/view.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { configFailure, digestOf, type Reading, type Registry } from '#lib/server/registry/registry.ts';
import { mostFileBytes, withoutSecrets } from '#lib/server/registry/yaml.ts';
import { addVersion, readGoodFile, readVersion, saveGoodFile, versionsOf } from '#lib/server/store/registry-files.ts';

interface FileOptions {
	registry: Registry;
	database: Database;
	clock: Clock;
	/** Is it nothing to speak of when there is no file? */
	mayBeMissing?: boolean;
	/** Told when a changed file was taken or refused. */
	onRead: (reading: Reading) => void;
}

/** The registry file where nobody named one: in the data directory. */
export function ownRegistryFile(home: string): string {
	return join(home, 'registry.yaml');
}

/** Editors write in several steps. */
const settleMs = 200;
/** Network drives tell nothing: looked at by itself now and then. */
const pollMs = 5000;

/** The text of a regular file within limits; null when there is none. Throws a sentence for what cannot be read. */
export function readSmallFile(path: string): string | null {
	let file: number;
	try {
		file = openSync(path, 'r');
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
		throw new Error('The file cannot be opened.', { cause: error });
	}
	try {
		if (!fstatSync(file).isFile()) throw new Error('It is no regular file.');
		const bytes = Buffer.alloc(mostFileBytes + 1);
		let size = 0;
		for (let read = -1; read !== 0 && size < bytes.length; size += read) {
			read = readSync(file, bytes, size, bytes.length - size, null);
		}
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, size));
	} catch (error) {
		throw error instanceof TypeError ? new Error('It is not UTF-8 text.', { cause: error }) : error;
	} finally {
		closeSync(file);
	}
}

/** Keeps the registry in step with its file. Without a file nothing happens. */
export class RegistryFile {
	readonly #registry: Registry;
	readonly #database: Database;
	readonly #clock: Clock;
	readonly #mayBeMissing: boolean;
	readonly #onRead: (reading: Reading) => void;
	#digest: string | null = null;
	#watcher: FSWatcher | null = null;
	#cancelSettle: () => void = () => {};
	#cancelPoll: () => void = () => {};

	constructor({ registry, database, clock, mayBeMissing = false, onRead }: FileOptions) {
		this.#mayBeMissing = mayBeMissing;
		this.#registry = registry;
		this.#database = database;
		this.#clock = clock;
		this.#onRead = onRead;
	}

	/** Reads the file. A broken one leaves what was good before, also what was good at an earlier start. */
	load(): void {
		const { file } = this.#registry;
		if (file === null) return;
		this.read();
		if (this.#registry.state.degraded === null) return;
		const good = readGoodFile(this.#database, file);
		const { degraded } = this.#registry.state;
		if (good === null || this.#registry.take(good.text, { isRestored: true }).config === null) return;
		if (degraded !== null) this.#registry.markDegraded(degraded);
	}

	/** Reads the file now; null when it did not change. */
	read(): Reading | null {
		const { file } = this.#registry;
		if (file === null) return null;
		let text: string | null;
		try {
			text = readSmallFile(file);
		} catch (error) {
			this.#digest = null;
			this.#registry.lost(error instanceof Error ? error.message : 'The file cannot be read.');
			return null;
		}
		if (text === null) {
			if (this.#mayBeMissing && this.#digest === null) return null;
			this.#digest = null;
			this.#registry.lost('The file is not there.');
			return null;
		}
		const digest = digestOf(text);
		if (digest === this.#digest) return null;
		this.#digest = digest;
		const reading = this.#registry.take(text);
		if (reading.config !== null) this.#remember(file, text, digest);
		this.#onRead(reading);
		return reading;
	}

	#remember(file: string, text: string, digest: string): void {
		const at = this.#clock.date().toISOString();
		this.#database.transaction(() => {
			saveGoodFile(this.#database, file, { text, digest, at });
			addVersion(this.#database, file, { text, digest, at });
		});
	}

	/** Texts that were in force, the newest first, without the texts themselves. */
	versions(): FileVersion[] {
		const { file } = this.#registry;
		return file === null ? [] : versionsOf(this.#database, file);
	}

	/** A text that was in force. Throws `not_found`. */
	version(digest: string): string {
		const { file } = this.#registry;
		const text = file === null ? null : readVersion(this.#database, file, digest);
		if (text === null) throw new Failure('not_found', 'There is no earlier registry file with this mark.');
		return text;
	}

	/** The text on disk now; empty when there is none or it cannot be read. */
	text(): string {
		try {
			return this.#registry.file === null ? '' : (readSmallFile(this.#registry.file) ?? '');
		} catch {
			return ''; // the state says what is wrong with it
		}
	}

	/** The text for people to look at: a key that somebody wrote into it is blanked. */
	shown(): { text: string; hidesKeys: boolean } {
		const text = this.text();
		const shown = withoutSecrets(text);
		return { text: shown, hidesKeys: shown !== text };
	}

	/** Watches the folder: editors put another file in the place of the old one. */
	start(): void {
		const { file } = this.#registry;
		if (file === null) return;
		try {
			this.#watcher = watch(dirname(file), (_, name) => {
				if (name === null || name === basename(file)) this.#soon();
			});
			this.#watcher.on('error', () => this.#watcher?.close()); // looking now and then is left
		} catch {
			this.#watcher = null; // the folder is not there yet: looking now and then is left
		}
		this.#poll();
	}

	#soon(): void {
		this.#cancelSettle();
		this.#cancelSettle = this.#clock.after(settleMs, () => this.read());
	}

	#poll(): void {
		this.#cancelPoll = this.#clock.after(pollMs, () => {
			this.read();
			this.#poll();
		});
	}

	/** Writes a text in the file's place and takes it. Throws `invalid_config` for one that is not good; then nothing changed. */
	async save(text: string): Promise<Reading> {
		const reading = this.#registry.read(text);
		if (reading.config === null) throw configFailure(reading.faults);
		const { file } = this.#registry;
		if (file !== null) {
			await mkdir(dirname(file), { recursive: true, mode: 0o700 });
			await replace(file, text);
			this.#digest = reading.digest;
			this.#remember(file, text, reading.digest);
		}
		this.#registry.take(text);
		this.#onRead(reading);
		return reading;
	}

	close(): void {
		this.#cancelSettle();
		this.#cancelPoll();
		this.#watcher?.close();
	}
}

/** Puts a text in the place of a file, whole or not at all. */
async function replace(file: string, text: string): Promise<void> {
	const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
	try {
		const handle = await open(beside, 'wx', 0o600);
		try {
			await handle.writeFile(text);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(beside, file);
	} catch (error) {
		await rm(beside, { force: true });
		throw error;
	}
}
