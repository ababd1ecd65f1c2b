// Names that come from outside: repository ids, revisions, digests and file names, each with its one validator.
import { Failure } from '#lib/core/failure.ts';

const idPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95})(?:\/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95}))?$/;
const revisionPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;
const shaPattern = /^[0-9a-f]{40}$/;
const digestPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** At most 80 printable characters of an outside value, for error messages. */
export function quoted(value: string): string {
	const printable = value.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
	return printable.length > 80 ? `${printable.slice(0, 77)}…` : printable;
}

/** Is this a repository id the Hub could have: `name` or `owner/name`? (Rules of the official Python client.) */
export function isRepositoryId(id: string): boolean {
	if (!idPattern.test(id) || id.includes('..') || id.includes('--')) return false;
	return id.split('/').every((part) => !/[-.]$/.test(part) && !/\.(git|ipynb)$/i.test(part));
}

/** The id itself, or a `invalid_model_id` failure. Nothing is asked of the Hub for a bad id. */
export function parseRepositoryId(id: string): string {
	if (isRepositoryId(id)) return id;
	throw new Failure('invalid_model_id', `"${quoted(id)}" is not a model id: expected "owner/name" or "name".`);
}

/** The ending of owners that the Hub does not have: models that only this machine knows, by whoever keeps them. */
const ownerHere = '.local';

/** Does this id stand for a model that only this machine knows? Nothing is asked of the Hub for it. */
export function isIdHere(id: string): boolean {
	return (authorOf(id) ?? '').endsWith(ownerHere);
}

/** An id for a model that only this machine knows: `ollama.local/llama3.2-1b`. */
export function idHere(keeper: string, name: string): string {
	const clean = name
		.normalize('NFKD')
		.replace(/[^A-Za-z0-9._-]+/g, '-')
		.replace(/\.{2,}/g, '.')
		.replace(/-{2,}/g, '-')
		.replace(/^[-._]+/, '')
		.slice(0, 90)
		.replace(/(\.git|\.ipynb)$/i, '')
		.replace(/[-._]+$/, '');
	return `${keeper}${ownerHere}/${clean === '' ? 'model' : clean}`;
}

/** The id of a model that the Hub may have. Throws `invalid_model_id`, and `not_found` for one only this machine knows. */
export function parseHubId(id: string): string {
	if (!isIdHere(id)) return parseRepositoryId(id);
	throw new Failure('not_found', `${quoted(id)} is known to this machine only; the Hub is not asked for it.`);
}

/** Is this a full commit id (40 hexadecimal digits)? */
export function isCommit(revision: string): boolean {
	return shaPattern.test(revision);
}

/** The revision itself (branch, tag, commit, `refs/pr/1`), or an `invalid_revision` failure. */
export function parseRevision(revision: string): string {
	const bad = !revisionPattern.test(revision) || /\.\.|\/\/|@\{|\/$/.test(revision);
	if (!bad) return revision;
	throw new Failure('invalid_revision', `"${quoted(revision)}" is not a branch, tag or commit.`);
}

/** Is this a digest that may name a file: git blob SHA-1 (40) or SHA-256 (64), lower-case hexadecimal? */
export function isDigest(digest: string): boolean {
	return digestPattern.test(digest);
}

/** The owner part of an id; null for ids without one, such as `gpt2`. */
export function authorOf(id: string): string | null {
	const slash = id.indexOf('/');
	return slash > 0 ? id.slice(0, slash) : null;
}

/** The id as one or two encoded path segments, with the slash kept. */
export function encodeId(id: string): string {
	return id.split('/').map(encodeURIComponent).join('/');
}

const devicePattern = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
const hiddenPattern = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const encoder = new TextEncoder();

/** What is wrong with one segment of a path, under the rules of POSIX and Windows alike; null when nothing is. */
function segmentProblem(part: string): string | null {
	if (part === '') return 'an empty folder or file name';
	if (part === '.' || part === '..') return 'it leaves its folder';
	if (part.includes(':')) return 'a colon';
	if (devicePattern.test(part)) return 'the name of a Windows device';
	if (/[. ]$/.test(part)) return 'a dot or space at the end';
	if (encoder.encode(part).length > 255) return 'a name longer than 255 bytes';
	return null;
}

/**
 * What makes a repository's file name unfit to become a path on any machine; null when it is fit. The same answer on
 * every system, so that a name which is only dangerous elsewhere is refused here too.
 */
export function fileNameProblem(path: string): string | null {
	if (path.length > 1024 || encoder.encode(path).length > 1024) return 'a path longer than 1,024 bytes';
	if (/[\ud800-\udfff]/u.test(path)) return 'half a Unicode character';
	if (hiddenPattern.test(path)) return 'control or direction characters';
	if (path.includes('\\')) return 'a backslash';
	for (const part of path.split('/')) {
		const problem = segmentProblem(part);
		if (problem !== null) return problem;
	}
	return path.normalize('NFC') === path ? null : 'not in Unicode normal form C';
}

/** Names that fall together on a file system which ignores case: every one after the first. */
export function collidingNames(paths: readonly string[]): string[] {
	const seen = new Map<string, string>();
	return paths.filter((path) => {
		const folded = path.normalize('NFC').toLowerCase();
		const known = seen.get(folded);
		if (known === undefined) seen.set(folded, path);
		return known !== undefined && known !== path;
	});
}
