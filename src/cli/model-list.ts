// `modeldex model list` and `model info`: the copies of models on this machine, what they take, and what they are.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { formatBytes, formatCount, formatDay } from '#lib/core/format.ts';
import {
	hashWords,
	isLocalTool,
	localTools,
	toolFacts,
	type DuplicatesAnswer,
	type LocalModelRow,
	type LocalRoot,
} from '#lib/core/inventory.ts';
import { badChoice } from '#lib/core/parameter.ts';
import { meantId, namedModel, namedModels, type NamedModel } from '#lib/core/tables/named-models.ts';
import { isCommit } from '#lib/core/repository.ts';
import type { App } from '#lib/server/app.ts';
import { checksumOf } from '#lib/server/inventory/importing.ts';
import { command, option, positional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

function stateOf({ broken, partial }: LocalModelRow): string {
	if (broken !== null) return `broken: ${broken}`;
	return partial ? 'partial' : '';
}

function versionOf(revision: string | null): string {
	return revision !== null && isCommit(revision) ? revision.slice(0, 12) : '–';
}

function showCopies(rows: readonly LocalModelRow[], terminal: Terminal): void {
	const cells = rows.map((row) => [
		row.id,
		formatBytes(row.size_bytes),
		toolFacts[row.tool].label,
		versionOf(row.revision),
		row.last_used === null ? '–' : (formatDay(row.last_used) ?? '–'),
		stateOf(row),
	]);
	const table = [['Model', 'Size', 'Kept by', 'Commit', 'Last used', ''], ...cells];
	const wide = [0, 1, 2, 3, 4].map((at) => Math.max(...table.map((row) => (row[at] ?? '').length)));
	for (const [index, row] of table.entries()) {
		const text = row
			.map((cell, at) => (at === 1 ? cell.padStart(wide[at] ?? 0) : cell.padEnd(wide[at] ?? 0)))
			.join('  ');
		terminal.line(index === 0 ? strong(text.trimEnd()) : text.trimEnd());
	}
}

function showFolders(folders: readonly LocalRoot[], terminal: Terminal): void {
	for (const { tool, path, copies, size_bytes, free_bytes, total_bytes, leftovers } of folders.filter(
		(one) => one.is_there,
	)) {
		terminal.line(strong(toolFacts[tool].label), `  ${path}`);
		const disk =
			free_bytes === null || total_bytes === null
				? ''
				: `; ${formatBytes(free_bytes)} of ${formatBytes(total_bytes)} free`;
		terminal.line(`  ${formatCount(copies)} ${copies === 1 ? 'copy' : 'copies'}, ${formatBytes(size_bytes)}${disk}`);
		for (const { bytes, why } of leftovers) terminal.line(quiet(`  ${formatBytes(bytes)}: ${why}`));
	}
}

function showDuplicates({ duplicates, wins_bytes, unread }: DuplicatesAnswer, terminal: Terminal): void {
	for (const { size_bytes, places } of duplicates) {
		terminal.line(strong(`${formatBytes(size_bytes)} in ${places.length} places`));
		for (const { tool, path, known_by } of places)
			terminal.line(`  ${toolFacts[tool].label}: ${path}`, quiet(`  ${hashWords[known_by]}`));
	}
	terminal.note(
		duplicates.length === 0
			? 'No bytes are known to be here twice.'
			: `One copy of each would free ${formatBytes(wins_bytes)}.`,
	);
	if (unread.files > 0)
		terminal.note(
			`${unread.files} more ${unread.files === 1 ? 'file has' : 'files have'} the size of another (${formatBytes(unread.bytes)} to read); --read compares them.`,
		);
}

/** Reads what may be the same, with progress for the person. */
async function readTwins({ local }: App, signal: AbortSignal, terminal: Terminal): Promise<void> {
	for await (const { read_bytes, total_bytes } of local.readDuplicates({ signal })) {
		terminal.progress(`${formatBytes(read_bytes)} of ${formatBytes(total_bytes)} read`);
	}
	terminal.progress(null);
}

function offered(model: NamedModel, rows: readonly LocalModelRow[], { pins }: App) {
	const isHere = rows.some(({ id, broken }) => id === model.id && broken === null);
	return { ...model, installed: isHere, pinned: pins.of(model.name)?.revision ?? null };
}

interface Views {
	tool: string | undefined;
	named: boolean;
	folders: boolean;
	duplicates: boolean;
	read: boolean;
}

/** Throws `usage` for a tool there is not, and for options that would have no effect together. */
function refuseViews({ tool, named, folders, duplicates, read }: Views): void {
	const views = [named, folders, duplicates].filter(Boolean).length;
	if (views > 1) throw new Failure('usage', 'Give one of --named, --folders and --duplicates.');
	if (read && !duplicates) throw new Failure('usage', '--read goes with --duplicates.');
	if (tool === undefined) return;
	if (views > 0) throw new Failure('usage', '--tool goes with the list of copies alone.');
	if (!isLocalTool(tool)) throw new Failure('usage', badChoice('--tool', tool, localTools).message);
}

/** Lists copies, folders or duplicates. */
export const modelList = command({
	name: 'model list',
	summary: 'list the models on this machine, in every tool’s folders',
	args: z.strictObject({
		tool: option('tool', 'only one: huggingface, modeldex, ollama, lmstudio, llamacpp or folder'),
		named: toggle('list the models that have a short name here, installed or not'),
		folders: toggle('list the folders that are searched, and their disks'),
		duplicates: toggle('list bytes that are here several times'),
		read: toggle('with --duplicates, read files whose hash nobody knows'),
		...settingOptions(machineFlags),
	}),
	run: async ({ tool, named, folders, duplicates, read, ...args }, terminal) => {
		refuseViews({ tool, named, folders, duplicates, read });
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async (app, signal) => {
			const { local } = app;
			if (folders) {
				const found = await local.folders();
				if (terminal.json) terminal.document({ folders: found });
				else showFolders(found, terminal);
			} else if (duplicates) {
				if (read) await readTwins(app, signal, terminal);
				const found = await local.duplicates();
				if (terminal.json) terminal.document(found);
				else showDuplicates(found, terminal);
			} else if (named) {
				const rows = (await local.list()).models;
				const models = namedModels.map((model) => offered(model, rows, app));
				if (terminal.json) terminal.document({ models });
				else for (const model of models) showNamed(model, terminal);
			} else await listCopies(app, tool ?? null, terminal);
			return 0;
		});
	},
});

async function listCopies({ local }: App, tool: string | null, terminal: Terminal): Promise<void> {
	const { models, disk } = await local.list();
	const rows = tool === null ? models : models.filter((row) => row.tool === tool);
	if (terminal.json) return terminal.document({ models: rows, disk });
	if (rows.length > 0) showCopies(rows, terminal);
	const size = rows.reduce((sum, row) => sum + row.size_bytes, 0);
	const room = disk.free_bytes === null ? '' : ` ${formatBytes(disk.free_bytes)} free.`;
	const count =
		rows.length === 0
			? 'No model is on this machine.'
			: `${rows.length} ${rows.length === 1 ? 'copy' : 'copies'}, ${formatBytes(size)}.`;
	terminal.note(count + room);
}

function showNamed(
	{ name, kind, installed, sizes, license, locked }: NamedModel & { installed: boolean },
	terminal: Terminal,
): void {
	const [[type, bytes] = ['', 0]] = Object.entries(sizes);
	terminal.line(strong(name), `  ${kind}, ${license}, ${type} ${formatBytes(bytes)}${installed ? ', installed' : ''}`);
	if (locked !== null) terminal.line(quiet(`  Not offered by default: ${locked}`));
}

/** The facts of a copy in the words of a model's record: what programs that load it ask for. */
function infoOf(row: LocalModelRow, name: string) {
	const model = namedModel(name);
	const hashed = row.files.flatMap(({ path, sha256 }) => (sha256 === null ? [] : [{ path, sha256 }]));
	// A hash over some of the files would look like one over all.
	const checksum = hashed.length === row.files.length && hashed.length > 0 ? checksumOf(hashed) : null;
	const metadata = { downloadedAt: row.arrived, version: row.revision, checksum };
	return {
		name: model?.name ?? row.name,
		type: model?.kind ?? row.characteristics?.classification ?? 'unknown',
		size: row.size_bytes,
		path: row.path,
		metadata,
	};
}

function showCopy(row: LocalModelRow, terminal: Terminal): void {
	const facts: [string, string | null][] = [
		['Kept by', toolFacts[row.tool].label],
		['Place', row.path],
		['Commit', row.revision],
		['Size', `${formatBytes(row.size_bytes)} in ${formatCount(row.files.length)} files`],
		['Only here', formatBytes(row.unique_bytes)],
		['Architecture', row.characteristics?.architecture_family ?? 'Unknown'],
		['Arrived', row.arrived === null ? null : formatDay(row.arrived)],
		['Last used', row.last_used === null ? null : formatDay(row.last_used)],
		['State', stateOf(row) || 'whole'],
	];
	terminal.line(strong(row.id));
	for (const [label, value] of facts) if (value !== null) terminal.line(`  ${label.padEnd(14)}${value}`);
	for (const { commit, refs, unique_bytes, missing } of row.revisions) {
		const names = refs.length === 0 ? '' : ` (${refs.join(', ')})`;
		if (row.revisions.length > 1)
			terminal.line(
				`  ${'Revision'.padEnd(14)}${commit?.slice(0, 12)}${names}, ${formatBytes(unique_bytes)} of its own`,
			);
		for (const path of missing) terminal.line(quiet(`  ${''.padEnd(14)}missing: ${path}`));
	}
	for (const { bytes, why, path } of row.leftovers)
		terminal.line(quiet(`  ${formatBytes(bytes).padEnd(12)}  ${why} ${path}`));
	for (const note of row.notes) terminal.line(quiet(`  ${note}`));
}

/** Shows every copy of one model. Exit code 4 when it is not here. */
export const modelInfo = command({
	name: 'model info',
	summary: 'show the copies of one model on this machine',
	args: z.strictObject({
		model: positional('model', 'its id, its short name, or the name its tool gives it'),
		...settingOptions(machineFlags),
	}),
	run: async ({ model, ...args }, terminal) => {
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ local, pins }) => {
			const copies = await local.copies(meantId(model));
			const pin = pins.of(model);
			if (terminal.json)
				terminal.document({ copies: copies.map((row) => ({ ...row, info: infoOf(row, model) })), pin });
			else for (const row of copies) showCopy(row, terminal);
			return 0;
		});
	},
});
