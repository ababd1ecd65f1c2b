// `modeldex model lock` and `model drift`: which models a project uses, down to the bytes, and what has moved since.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { emptyLock, parseLock, writeLock, type Drift, type LockFile } from '#lib/core/lock.ts';
import { meantId } from '#lib/core/tables/named-models.ts';
import type { App } from '#lib/server/app.ts';
import type { Held } from '#lib/server/inventory/shelf.ts';
import { notHere } from '#lib/server/local.ts';
import { command, list, option, optional, toggle } from './command.ts';
import { lockAt } from './model-verify.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** Exit code of a "no" when it was asked for with --check. */
const noCode = 3;

async function before(path: string): Promise<LockFile> {
	const text = await readFile(path, 'utf8').catch(() => null); // none yet: a new one is written
	return text === null ? emptyLock : parseLock(text, path);
}

/** The copies that are to be locked: those named, else all with a commit. */
function wanted({ shelf }: App, names: readonly string[]): Held[] {
	const withCommit = shelf.last.held.filter(({ copy }) => copy.broken === null && copy.revision !== null);
	if (names.length === 0)
		return withCommit.filter((held, at) => withCommit.findIndex(({ copy }) => copy.id === held.copy.id) === at);
	return names.map((name) => {
		const found = shelf.find(name);
		const best = found.find(({ copy }) => copy.broken === null && copy.revision !== null) ?? found[0];
		if (best === undefined) throw notHere(name);
		return best;
	});
}

async function save(path: string, lock: LockFile): Promise<void> {
	const early = `${path}.${process.pid}.tmp`;
	await writeFile(early, writeLock(lock));
	await rename(early, path);
}

/** Writes the lock file, adding to what it has. */
export const modelLock = command({
	name: 'model lock',
	summary: 'write commit, files, hashes, licence and chat template of models into a lock file',
	args: z.strictObject({
		model: optional('model', 'the model to lock; every one with a known commit when left out'),
		and: list('model', 'one more model'),
		file: option('path', 'the lock file; modeldex.lock unless told'),
		dry_run: toggle('print the lock file instead of writing it'),
		...settingOptions(machineFlags),
	}),
	run: async ({ model, and, file = 'modeldex.lock', dry_run, ...args }, terminal) => {
		const names = [...(model === undefined ? [] : [model]), ...and].map(meantId);
		const kept = await before(file);
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async (app, signal) => {
			const models = { ...kept.models };
			const copies = wanted(app, names);
			if (copies.length === 0)
				throw new Failure('not_installed', 'No model on this machine has a commit that could be locked.');
			for (const held of copies) {
				terminal.progress(`Locking ${held.copy.id}`);
				models[held.copy.id] = await app.locks.entryOf(held, signal);
			}
			terminal.progress(null);
			const lock: LockFile = { ...kept, models };
			if (!dry_run) await save(file, lock);
			if (terminal.json) terminal.document({ file: dry_run ? null : file, lock });
			else if (dry_run) terminal.line(writeLock(lock).trimEnd());
			else for (const { copy } of copies) terminal.line(`${copy.id} ${copy.revision}`);
			if (!dry_run) terminal.note(`${copies.length} ${copies.length === 1 ? 'model' : 'models'} locked in ${file}.`);
			return 0;
		});
	},
});

function showDrift(id: string, drift: readonly Drift[], terminal: Terminal): void {
	terminal.line(strong(id), drift.length === 0 ? quiet('  as locked') : '');
	for (const { words } of drift) terminal.line(`  ${words}`);
}

/** Asks the Hub. Drift is an answer: exit code 0, with --check 3. */
export const modelDrift = command({
	name: 'model drift',
	summary: 'say what has moved on the Hub since models were locked',
	args: z.strictObject({
		model: optional('model', 'only this model of the lock file'),
		file: option('path', 'the lock file; modeldex.lock unless told'),
		check: toggle('exit with 3 when anything moved'),
		...settingOptions(machineFlags),
	}),
	run: async ({ model, file = 'modeldex.lock', check, ...args }, terminal) => {
		const lock = await lockAt(file);
		const id = model === undefined ? null : meantId(model);
		if (id !== null && lock.models[id] === undefined) throw new Failure('usage', `${id} is not in ${file}.`);
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ locks }, signal) => {
			const found: { id: string; drift: Drift[] }[] = [];
			for (const [name, locked] of Object.entries(lock.models)) {
				if (id !== null && name !== id) continue;
				terminal.progress(`Asking about ${name}`);
				const drift = await locks.drift(name, locked, signal);
				terminal.progress(null);
				found.push({ id: name, drift });
				if (!terminal.json) showDrift(name, drift, terminal);
			}
			const moved = found.filter(({ drift }) => drift.length > 0).length;
			if (terminal.json) terminal.document({ drifted: moved > 0, models: found });
			else terminal.note(moved === 0 ? 'Nothing moved.' : `${moved} of ${found.length} moved.`);
			return check && moved > 0 ? noCode : 0;
		});
	},
});
