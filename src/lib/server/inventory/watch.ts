// Tells when folders change, a moment after they have come to rest; where the system cannot tell, regular looks have to do.
import { watch, type FSWatcher } from 'node:fs';
import type { Clock } from '#lib/server/clock.ts';

/** A download writes without end: one call when it rests, and one now and then while it does not. */
const restMs = 500;
const mostWaitMs = 5_000;
/** Each takes a little of the system's memory, and systems have limits of their own (often 8,192). */
const mostFolders = 4_000;

interface FolderWatchOptions {
	clock: Clock;
	/** Called when something changed. */
	onChange: () => void;
	/** The system's own watch; tests hand in one that they can speak for. */
	watch?: (path: string, changed: () => void) => Pick<FSWatcher, 'close' | 'on'>;
}

/** Watches a set of folders that may change. Never throws: a folder that cannot be watched is left to regular looks. */
export class FolderWatch {
	readonly #options: Required<FolderWatchOptions>;
	readonly #watchers = new Map<string, Pick<FSWatcher, 'close' | 'on'>>();
	#cancel: (() => void) | null = null;
	#firstAt = 0;
	#isClosed = false;

	constructor(options: FolderWatchOptions) {
		this.#options = { watch: (path, changed) => watch(path, { persistent: false }, changed), ...options };
	}

	/** How many folders are watched. */
	get size(): number {
		return this.#watchers.size;
	}

	/** Watches these folders and no others. */
	follow(paths: readonly string[]): void {
		if (this.#isClosed) return;
		const wanted = new Set(paths.slice(0, mostFolders));
		for (const [path, watcher] of this.#watchers) {
			if (wanted.has(path)) continue;
			watcher.close();
			this.#watchers.delete(path);
		}
		for (const path of wanted) if (!this.#watchers.has(path) && !this.#add(path)) return;
	}

	/** False when the system will not watch any more folders. */
	#add(path: string): boolean {
		try {
			const watcher = this.#options.watch(path, () => this.#changed());
			watcher.on('error', () => this.#drop(path));
			this.#watchers.set(path, watcher);
			return true;
		} catch (error) {
			const code = error instanceof Error && 'code' in error ? error.code : '';
			return code !== 'ENOSPC' && code !== 'EMFILE' && code !== 'ENFILE';
		}
	}

	#drop(path: string): void {
		this.#watchers.get(path)?.close();
		this.#watchers.delete(path);
		this.#changed();
	}

	#changed(): void {
		if (this.#isClosed) return;
		const { clock, onChange } = this.#options;
		const now = clock.ticks();
		if (this.#cancel === null) this.#firstAt = now;
		else this.#cancel();
		const wait = Math.max(0, Math.min(restMs, this.#firstAt + mostWaitMs - now));
		this.#cancel = clock.after(wait, () => {
			this.#cancel = null;
			onChange();
		});
	}

	close(): void {
		this.#isClosed = true;
		this.#cancel?.();
		for (const watcher of this.#watchers.values()) watcher.close();
		this.#watchers.clear();
	}
}
