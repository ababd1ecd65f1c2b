// `modeldex model import` and `model path`: models that are brought in from elsewhere, and where a model lies.
import { resolve } from 'node:path';
import { z } from 'zod';
import { formatBytes } from '#lib/core/format.ts';
import { meantId } from '#lib/core/tables/named-models.ts';
import { Failure } from '#lib/core/failure.ts';
import type { App } from '#lib/server/app.ts';
import type { Imported } from '#lib/server/inventory/importing.ts';
import { bestOf } from '#lib/server/inventory/shelf.ts';
import { command, option, positional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

interface Order {
	path: string;
	id: string | null;
	link: boolean;
}

async function take(
	{ local }: App,
	{ path, id, link }: Order,
	signal: AbortSignal,
	terminal: Terminal,
): Promise<Imported> {
	for await (const step of local.importing({ path, id, way: link ? 'link' : 'copy', signal })) {
		if ('checksum' in step) return step;
		terminal.progress(`${formatBytes(step.read_bytes)} of ${formatBytes(step.total_bytes)} taken in`);
	}
	throw new Error('The import ended without a result.');
}

/** Takes a file or folder into our own store, or has it searched where it lies. */
export const modelImport = command({
	name: 'model import',
	summary: 'take a file or folder into our store, or search it where it lies',
	args: z.strictObject({
		path: positional('path', 'the file or folder'),
		as: option('id', 'the id it goes by, such as me/model'),
		link: toggle('make links instead of copies; both names then lead to the same bytes'),
		in_place: toggle('leave it where it is, and search that folder from now on'),
		forget: toggle('stop searching a folder that was added; nothing in it is touched'),
		dry_run: toggle('with nothing changed, say what would be taken in'),
		...settingOptions(machineFlags),
	}),
	run: async ({ path: asked, as, link, in_place, forget, dry_run, ...args }, terminal) => {
		const path = resolve(asked);
		if (link && in_place) throw new Failure('usage', 'Give --link or --in-place, not both.');
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async (app, signal) => {
			if (forget || (in_place && !dry_run)) {
				const folders = forget ? await app.local.forgetFolder(path) : await app.local.addFolder(path, as ?? null);
				if (terminal.json) terminal.document({ folders });
				else terminal.line(path);
				return 0;
			}
			if (dry_run) {
				const plan = app.local.importPlan({ path, id: as ?? null });
				if (terminal.json) terminal.document(plan);
				else terminal.line(`${plan.id}: ${plan.files} files, ${formatBytes(plan.size_bytes)}, to ${plan.path}`);
				return 0;
			}
			const imported = await take(app, { path, id: as ?? null, link }, signal, terminal);
			terminal.note(`${imported.id}: ${imported.files} files, ${formatBytes(imported.size_bytes)}.`);
			if (terminal.json) terminal.document(imported);
			else terminal.line(imported.path);
			return 0;
		});
	},
});

/** Prints where a model's files lie, for programs. Exit code 4 when it is not here. */
export const modelPath = command({
	name: 'model path',
	summary: 'print the folder that holds a model’s files',
	args: z.strictObject({
		model: positional('model', 'its id, its short name, or the name its tool gives it'),
		file: option('path', 'the place of this one file of it'),
		tool: option('tool', 'which copy is meant, where there are several'),
		...settingOptions(machineFlags),
	}),
	run: async ({ model, file, tool, ...args }, terminal) => {
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ local }) => {
			const copies = await local.copies(meantId(model));
			const usable = copies.find((row) => row.broken === null && (tool === undefined || row.tool === tool));
			const held = usable === undefined ? null : await local.pick(usable.key);
			const best = held === null ? null : bestOf(held.found);
			const place = file === undefined ? best?.folder : best?.files.find((one) => one.path === file)?.place;
			if (place === undefined) {
				const what = file === undefined ? 'no copy that can be used' : `no file "${file}" here`;
				throw new Failure('not_installed', `${model} has ${what}.`);
			}
			if (terminal.json) terminal.document({ id: usable?.id, tool: usable?.tool, path: place });
			else terminal.line(place);
			return 0;
		});
	},
});
