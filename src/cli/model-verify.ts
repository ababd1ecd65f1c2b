// `modeldex model verify`: the bytes of models against every hash that is known of them, or against a lock file.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { formatBytes } from '#lib/core/format.ts';
import { parseLock, type LockFile } from '#lib/core/lock.ts';
import { meantId } from '#lib/core/tables/named-models.ts';
import type { App } from '#lib/server/app.ts';
import type { Held } from '#lib/server/inventory/shelf.ts';
import { verifyCopy, type CheckedFile, type Told } from '#lib/server/inventory/verify.ts';
import { notHere } from '#lib/server/local.ts';
import { command, option, optional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** Exit code of `integrity_failed`, which is an answer here. */
const mismatchCode = 6;
const missingCode = 4;

interface Verified {
	id: string;
	tool: string;
	path: string;
	revision: string | null;
	files: CheckedFile[];
}

/** The lock file at a path. Throws `usage` when there is none. */
export async function lockAt(path: string): Promise<LockFile> {
	const text = await readFile(path, 'utf8').catch((cause: unknown) => {
		throw new Failure('usage', `There is no lock file at ${path}; "modeldex model lock" writes one.`, { cause });
	});
	return parseLock(text, path);
}

const marks: Record<CheckedFile['state'], string> = {
	ok: 'ok',
	mismatch: 'WRONG',
	missing: 'MISSING',
	unknown: 'unknown',
};

function showFile({ path, state, size, expected, actual }: CheckedFile, terminal: Terminal): void {
	const word = marks[state].padEnd(8);
	const why =
		state === 'mismatch'
			? `  ${expected?.by} says ${expected?.value}, it is ${actual}`
			: state === 'unknown'
				? '  nothing says which bytes it ought to hold'
				: '';
	terminal.line(
		state === 'ok' ? quiet(`  ${word}`) : strong(`  ${word}`),
		`${path} (${formatBytes(size)})`,
		quiet(why),
	);
}

async function check(
	app: App,
	held: Held,
	{ commit, told, signal, terminal }: { commit: string | null; told?: Told; signal: AbortSignal; terminal: Terminal },
): Promise<Verified> {
	const { copy } = held;
	if (!terminal.json) terminal.line(strong(copy.id), quiet(`  ${copy.path}`));
	const files: CheckedFile[] = [];
	let read = 0;
	const onBytes = (bytes: number) =>
		terminal.progress(`${copy.id}: ${formatBytes((read += bytes))} of ${formatBytes(copy.size_bytes)} read`);
	const common = { hashes: app.hashes, signal, onBytes };
	for await (const file of verifyCopy(held, commit, told === undefined ? common : { ...common, told })) {
		files.push(file);
		terminal.progress(null);
		if (!terminal.json) showFile(file, terminal);
	}
	return { id: copy.id, tool: copy.tool, path: copy.path, revision: commit ?? copy.revision, files };
}

/** Checks what a lock file names: the very commit, and every file of it. */
async function checkLock(
	app: App,
	lock: LockFile,
	{ only, signal, terminal }: { only: string | null; signal: AbortSignal; terminal: Terminal },
): Promise<{ models: Verified[]; missing: string[] }> {
	const models: Verified[] = [];
	const missing: string[] = [];
	for (const [id, { commit, files }] of Object.entries(lock.models)) {
		if (only !== null && id !== only) continue;
		const held = app.shelf.find(id).find(({ found }) => found.revisions.some((revision) => revision.commit === commit));
		if (held === undefined) {
			missing.push(id);
			if (!terminal.json) terminal.line(strong(`${id} is not here at commit ${commit.slice(0, 12)}.`));
			continue;
		}
		const told: Told = (path) => {
			const file = files[path];
			if (file?.sha256 != null) return { kind: 'sha256', value: file.sha256, by: 'the lock' };
			return file?.git == null ? null : { kind: 'git', value: file.git, by: 'the lock' };
		};
		const verified = await check(app, held, { commit, told, signal, terminal });
		const seen = new Set(verified.files.map(({ path }) => path));
		for (const [path, { size }] of Object.entries(files)) {
			if (seen.has(path)) continue;
			const gone = { path, size, state: 'missing' as const, expected: told(path), actual: null };
			verified.files.push(gone);
			if (!terminal.json) showFile(gone, terminal);
		}
		models.push(verified);
	}
	return { models, missing };
}

async function checkCopies(
	app: App,
	model: string | null,
	signal: AbortSignal,
	terminal: Terminal,
): Promise<Verified[]> {
	const found = model === null ? app.shelf.last.held : app.shelf.find(model);
	if (model !== null && found.length === 0) throw notHere(model);
	const models: Verified[] = [];
	for (const held of found)
		if (held.copy.broken === null) models.push(await check(app, held, { commit: null, signal, terminal }));
	return models;
}

/** Exit code 6 when bytes are wrong or missing, 4 when a locked model is not here at its commit. */
export const modelVerify = command({
	name: 'model verify',
	summary: 'read models to the last byte and compare them with every hash that is known',
	args: z.strictObject({
		model: optional('model', 'its id, its short name, or the name its tool gives it'),
		all: toggle('check every model on this machine'),
		lock: toggle('check against the lock file'),
		file: option('path', 'the lock file; modeldex.lock unless told'),
		...settingOptions(machineFlags),
	}),
	run: async ({ model, all, lock, file = 'modeldex.lock', ...args }, terminal) => {
		if (model === undefined && !all && !lock) throw new Failure('usage', 'Name a model, or say --all or --lock.');
		const locked = lock ? await lockAt(file) : null;
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async (app, signal) => {
			const id = model === undefined ? null : meantId(model);
			if (id !== null && locked !== null && locked.models[id] === undefined)
				throw new Failure('usage', `${id} is not in ${file}.`);
			const found =
				locked === null
					? { models: await checkCopies(app, id, signal, terminal), missing: [] }
					: await checkLock(app, locked, { only: id, signal, terminal });
			const files = found.models.flatMap((one) => one.files);
			const bad = files.filter(({ state }) => state === 'mismatch' || state === 'missing').length;
			const unknown = files.filter(({ state }) => state === 'unknown').length;
			if (terminal.json) terminal.document({ ok: bad === 0 && found.missing.length === 0, ...found });
			terminal.note(`${files.length} files: ${bad} wrong or missing, ${unknown} of unknown content.`);
			return bad > 0 ? mismatchCode : found.missing.length > 0 ? missingCode : 0;
		});
	},
});
