// The lock file `modeldex.lock`: which models a project uses, down to the bytes, and what has changed since, in words.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { fileKind } from '#lib/core/files.ts';
import { formatCount } from '#lib/core/format.ts';
import { licenseLabel } from '#lib/core/license.ts';
import { fileNameProblem, isRepositoryId } from '#lib/core/repository.ts';

/** Version of the file's form. */
const lockVersion = 1;

const hash = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const lockedFileSchema = z.object({
	size: z.number().int().min(0),
	sha256: hash(64).nullable(),
	git: hash(40).nullable(),
});
const lockedModelSchema = z.object({
	commit: hash(40),
	license: z.string().nullable(),
	context_window: z.number().nullable(),
	template_sha256: hash(64).nullable(),
	files: z.record(
		z.string().refine((path) => fileNameProblem(path) === null, 'not a file name'),
		lockedFileSchema,
	),
});
const lockSchema = z.object({
	version: z.literal(lockVersion),
	models: z.record(z.string().refine(isRepositoryId, 'not a model id'), lockedModelSchema),
});

/** A file: small ones have the hash that git gives them, large ones their SHA-256. */
export type LockedFile = z.infer<typeof lockedFileSchema>;
/** A model at a commit. `template_sha256` is over the text of its chat template; null where it has none. */
export type LockedModel = z.infer<typeof lockedModelSchema>;
export type LockFile = z.infer<typeof lockSchema>;

/** An empty lock file. */
export const emptyLock: LockFile = { version: lockVersion, models: {} };

/** Reads a lock file. Throws `usage` naming the first thing that is wrong. */
export function parseLock(text: string, name: string): LockFile {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		throw new Failure('usage', `${name} is not JSON.`, { cause });
	}
	const parsed = lockSchema.safeParse(value);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new Failure(
		'usage',
		`${name} is not a lock file: ${issue?.path.join(' / ') || 'it'}: ${issue?.message ?? 'wrong'}.`,
	);
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
	return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The text of a lock file: the same content always gives the same bytes. */
export function writeLock({ models }: LockFile): string {
	const entries = Object.entries(models).map(([id, model]) => [id, { ...model, files: sorted(model.files) }]);
	return `${JSON.stringify({ version: lockVersion, models: sorted(Object.fromEntries(entries)) }, null, 2)}\n`;
}

/** One thing that differs from the lock. `words` is a sentence. */
export interface Drift {
	what: 'commit' | 'weights' | 'tokenizer' | 'template' | 'license' | 'context' | 'files' | 'gone';
	words: string;
}

function named(paths: readonly string[]): string {
	return paths.length > 3 ? `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more` : paths.join(', ');
}

function isSame(before: LockedFile, now: LockedFile): boolean {
	if (before.sha256 !== null && now.sha256 !== null) return before.sha256 === now.sha256;
	if (before.git !== null && now.git !== null) return before.git === now.git;
	return before.size === now.size;
}

type Files = Readonly<Record<string, LockedFile>>;

function filesDrift(what: 'weights' | 'tokenizer' | 'files', before: Files, now: Files): Drift[] {
	const label = { weights: 'weight', tokenizer: 'tokenizer', files: 'other' }[what];
	const kinds = { weights: ['weights'], tokenizer: ['tokenizer', 'template'] };
	const isMeant = (path: string) => {
		const kind = fileKind(path);
		if (what !== 'files') return kinds[what].includes(kind);
		return !['weights', 'tokenizer', 'template'].includes(kind);
	};
	const say = (paths: string[], verb: string): Drift[] => {
		const count = `${paths.length} ${label} ${paths.length === 1 ? 'file' : 'files'}`;
		return paths.length === 0 ? [] : [{ what, words: `${count} ${verb}: ${named(paths)}.` }];
	};
	const all = Object.entries(before).filter(([path]) => isMeant(path));
	const changed = all
		.filter(([path, file]) => now[path] !== undefined && !isSame(file, now[path]))
		.map(([path]) => path);
	const gone = all.filter(([path]) => now[path] === undefined).map(([path]) => path);
	return [...say(changed, 'changed'), ...say(gone, 'went away')];
}

const orNone = (value: string | null) => (value === null ? 'none' : licenseLabel(value));
const tokens = (value: number | null) => (value === null ? 'unknown' : formatCount(value));

/** What moved between the lock and now; empty when nothing did. Files that the lock does not have are no drift. */
export function driftOf(locked: LockedModel, now: LockedModel): Drift[] {
	if (locked.commit === now.commit) return [];
	const found: Drift[] = [
		...filesDrift('weights', locked.files, now.files),
		...filesDrift('tokenizer', locked.files, now.files),
		...filesDrift('files', locked.files, now.files),
	];
	if (locked.template_sha256 !== now.template_sha256) {
		const verb = now.template_sha256 === null ? 'went away' : locked.template_sha256 === null ? 'is new' : 'changed';
		found.push({ what: 'template', words: `The chat template ${verb}.` });
	}
	if (locked.license !== now.license) {
		found.push({ what: 'license', words: `The licence changed: ${orNone(locked.license)} → ${orNone(now.license)}.` });
	}
	if (locked.context_window !== now.context_window) {
		const words = `The context window changed: ${tokens(locked.context_window)} → ${tokens(now.context_window)} tokens.`;
		found.push({ what: 'context', words });
	}
	const commits = `${locked.commit.slice(0, 12)} → ${now.commit.slice(0, 12)}`;
	const rest = found.length === 0 ? '; nothing that is locked is different' : '';
	return [{ what: 'commit', words: `The repository moved: ${commits}${rest}.` }, ...found];
}
