// Users' own experiment files: one per user in one folder, nowhere else, whatever an id or a link may say.
import { realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { userConfigSchema, type UserConfig } from '#lib/core/registry/config.ts';
import type { Clock } from '#lib/server/clock.ts';
import { readSmallFile } from '#lib/server/registry/registry-file.ts';
import { configFailure, digestOf } from '#lib/server/registry/registry.ts';
import { readYaml } from '#lib/server/registry/yaml.ts';

/** Users whose files are kept read. */
const mostKept = 500;
/** A file that went away counts this much longer: editors take it away for a moment. */
const graceMs = 2000;

/** The name of a user's file; null for ids that are no file name. */
function fileName(user: string): string | null {
	return /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/.test(user) && !user.includes('..') ? `${user}.yaml` : null;
}

interface Kept {
	/** Changes with the file. */
	stamp: string;
	config: UserConfig;
	digest: string;
	/** Ticks at which the file was first missed; null while it is there. */
	missedAt: number | null;
}

/** The path with every link followed; null when there is nothing. */
function realPath(path: string): string | null {
	try {
		return realpathSync(path);
	} catch {
		return null; // nothing there, or a link that leads nowhere
	}
}

/** Reads users' files when they are asked for. A file that broke leaves the good one before in force. */
export class UserFiles {
	readonly folder: string;
	readonly #clock: Clock;
	readonly #kept = new Map<string, Kept>();
	readonly #broken = new Map<string, Failure>();

	constructor({ folder, clock }: { folder: string; clock: Clock }) {
		this.folder = folder;
		this.#clock = clock;
	}

	/** What is wrong with a user's file now; null when nothing is. */
	problem(user: string): Failure | null {
		return this.#broken.get(user) ?? null;
	}

	/** The user's file; null when there is none. Throws `invalid_config` when it never was good, `unsafe_local_path` outside. */
	read = (user: string): UserConfig | null => {
		const name = fileName(user);
		const path = name === null ? null : this.#inside(name);
		const kept = this.#kept.get(user);
		if (path === null) return this.#missing(user, kept);
		const stat = statSync(path);
		const stamp = `${stat.mtimeMs}/${stat.size}/${stat.ino}`;
		if (kept?.stamp === stamp) {
			kept.missedAt = null;
			return kept.config;
		}
		return this.#take(user, path, stamp);
	};

	#missing(user: string, kept: Kept | undefined): UserConfig | null {
		this.#broken.delete(user);
		if (kept === undefined) return null;
		const now = this.#clock.ticks();
		kept.missedAt ??= now;
		if (now - kept.missedAt < graceMs) return kept.config;
		this.#kept.delete(user);
		return null;
	}

	/** The file's real path; null when it is not there. Throws `unsafe_local_path` when a link leads out of the folder. */
	#inside(name: string): string | null {
		const folder = realPath(this.folder);
		if (folder === null) return null;
		const path = realPath(join(folder, name));
		if (path === null || path.startsWith(folder + sep)) return path;
		throw new Failure('unsafe_local_path', 'A user’s file lies outside the folder for users.');
	}

	#take(user: string, path: string, stamp: string): UserConfig {
		const kept = this.#kept.get(user);
		try {
			const text = readSmallFile(path) ?? '';
			const { value, faults } = readYaml(`${user}.yaml`, text, userConfigSchema);
			if (value === null) throw configFailure(faults);
			const [oldest] = this.#kept.keys();
			if (this.#kept.size >= mostKept && oldest !== undefined) this.#kept.delete(oldest);
			this.#kept.set(user, { stamp, config: value, digest: digestOf(text), missedAt: null });
			this.#broken.delete(user);
			return value;
		} catch (error) {
			const failure = error instanceof Failure ? error : new Failure('invalid_config', `${user}.yaml cannot be read.`);
			this.#broken.set(user, failure);
			if (kept === undefined) throw failure;
			return kept.config;
		}
	}
}
