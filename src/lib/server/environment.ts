// What the process itself brings: settings from its environment and token files, and the log on stderr.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readSettings, type Settings } from '#lib/server/config.ts';
import { Log } from '#lib/server/log.ts';

function readText(path: string): string | null {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return null; // no such file: there is no token
	}
}

/** Settings from environment variables; token files are read from disk. Throws `usage`. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
	return readSettings(env, readText);
}

/** The log of this process on stderr, without the secrets these settings hold. */
export function logOf({ key, hubToken, logFormat, logLevel }: Settings): Log {
	return new Log({
		write: (line) => process.stderr.write(`${line}\n`),
		now: Date.now,
		id: () => randomUUID().slice(0, 8),
		secrets: [key, hubToken],
		format: logFormat,
		level: logLevel,
	});
}
