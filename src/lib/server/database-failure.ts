// What goes wrong with the database, in one sentence: the driver's codes as our failure.
import { Failure } from '#lib/core/failure.ts';

const brokenCodes = /^SQLITE_(NOTADB|CORRUPT|IOERR_SHORT_READ)/;

const reasons: [RegExp, string][] = [
	[/^SQLITE_(BUSY|LOCKED)/, 'another process has kept it busy for more than five seconds'],
	[/^SQLITE_FULL/, 'the disk is full'],
	[/^SQLITE_READONLY/, 'it cannot be written'],
	[/^SQLITE_CANTOPEN/, 'it cannot be opened'],
	[brokenCodes, 'its file is damaged'],
	[/^SQLITE_IOERR/, 'the disk reports an error'],
];

function codeOf(error: unknown): string {
	return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Did SQLite find the file itself damaged (not a database, torn pages)? */
export function isBroken(error: unknown): boolean {
	const cause = error instanceof Failure ? error.cause : error;
	return brokenCodes.test(codeOf(cause));
}

/** Without the path: a running server passes the sentence on to whoever asked. Opening adds it, for the person who starts. */
export function unusable(reason: string, cause: unknown): Failure {
	return new Failure('database', `The database cannot be used: ${reason}.`, { cause });
}

/** An error of the driver in our words; any other one as it is. */
export function translate(error: unknown): unknown {
	const reason = reasons.find(([pattern]) => pattern.test(codeOf(error)))?.[1];
	return reason === undefined ? error : unusable(reason, error);
}

/** The same trouble, naming the file. */
export function located(error: unknown, path: string): unknown {
	if (!(error instanceof Failure) || error.code !== 'database' || error.message.includes(path)) return error;
	const message = error.message.replace(/^The database\b/, `The database ${path}`);
	return new Failure('database', message, { cause: error.cause });
}
