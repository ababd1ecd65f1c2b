// `modeldex info <id>`: everything known about one model, with the place each fact was read from on request.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { formatBytes, formatCount, formatDay, formatParameters } from '#lib/core/format.ts';
import type { HeaderAnswer } from '#lib/core/file-header.ts';
import { mainSet } from '#lib/core/files.ts';
import { headerFileOf } from '#lib/core/gguf-files.ts';
import { headerFacts } from '#lib/core/header-words.ts';
import { licenseLabel } from '#lib/core/license.ts';
import type { ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { parseRepositoryId } from '#lib/core/repository.ts';
import { specGroups, type Spec } from '#lib/core/specs.ts';
import type { App } from '#lib/server/app.ts';
import { command, option, positional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

const sources: Record<ModelCharacteristics['source'], string> = {
	local: 'the copy on this machine',
	cache: 'the copy kept here',
	hub: 'the Hub',
	snapshot: 'the shipped list',
};

const states: Record<ModelCharacteristics['config_status'], string> = {
	ok: '',
	missing: ' (no config.json; list fields only)',
	invalid: ' (its config.json cannot be read; list fields only)',
	gated: ' (gated; list fields only)',
};

function stateOf(c: ModelCharacteristics): string {
	const header = headerFileOf(c);
	return header === null ? states[c.config_status] : ` (no config.json; from the header of ${header})`;
}

/** What the list knows beyond the configuration. */
function listFacts(entry: ModelRecord | null): [string, string][] {
	if (entry === null) return [];
	const { license, downloads, likes, updated_at, gated, pipeline_tag } = entry;
	const rows: [string, string | null][] = [
		['Task', pipeline_tag ?? null],
		['Licence', license === null ? null : licenseLabel(license)],
		['Access', gated === false ? null : `gated (${gated === 'auto' ? 'at once' : 'after a review'})`],
		['Downloads', downloads === null ? null : `${formatCount(downloads)} in 30 days`],
		['Likes', likes === null ? null : formatCount(likes)],
		['Updated', updated_at === null ? null : formatDay(updated_at)],
		['Here', entry.local ? 'on this machine' : null],
	];
	return rows.flatMap(([label, value]) => (value === null ? [] : [[label, value]]));
}

function showSpec({ label, value, note, evidence, conflicts }: Spec, proven: boolean, terminal: Terminal): void {
	terminal.line(`  ${label.padEnd(20)}${value}`, quiet(note === null ? '' : `  ${note}`));
	if (proven && evidence !== null) {
		terminal.line(quiet(`  ${' '.repeat(20)}${evidence.file} ${evidence.path}: ${evidence.rule}`));
	}
	for (const { claims } of conflicts) {
		for (const claim of claims) {
			terminal.line(quiet(`  ${' '.repeat(20)}${claim.file} ${claim.path} says ${JSON.stringify(claim.value)}`));
		}
	}
}

function show(c: ModelCharacteristics, entry: ModelRecord | null, proven: boolean, terminal: Terminal): void {
	const at = c.revision === null ? '' : ` at ${c.revision.slice(0, 12)}`;
	terminal.line(strong(c.id));
	terminal.line(quiet(`From ${sources[c.source]}${at}, ${formatDay(c.fetched_at) ?? c.fetched_at}${stateOf(c)}`));
	const listed = listFacts(entry);
	if (listed.length > 0) terminal.line();
	for (const [label, value] of listed) terminal.line(`  ${label.padEnd(20)}${value}`);
	for (const { title, specs } of specGroups(c)) {
		terminal.line();
		terminal.line(strong(title));
		for (const spec of specs) showSpec(spec, proven, terminal);
	}
	for (const warning of c.warnings) terminal.note(`Note: ${warning}`);
}

function showHeader(header: HeaderAnswer, terminal: Terminal): void {
	const [first] = header.files;
	const more = header.files.length > 1 ? ` and ${formatCount(header.files.length - 1)} more parts` : '';
	terminal.line();
	terminal.line(strong(`Header of ${first?.path ?? ''}${more}`));
	terminal.line(`  ${headerFacts(header).join(' · ')}`);
	terminal.line(quiet(`  ${header.basis}`));
	for (const { type, tensors, parameters, bytes } of header.types) {
		const size = bytes === null ? 'size unknown' : formatBytes(bytes);
		const words = `${formatParameters(parameters)} weights in ${formatCount(tensors)} tensors, ${size}`;
		terminal.line(`  ${type.padEnd(20)}${words}`);
	}
	const rows: [string, string | null][] = [
		[
			'Experts',
			(header.expert_parameters ?? 0) === 0 ? null : `${formatParameters(header.expert_parameters ?? 0)} weights`,
		],
		['Name', header.name],
		['Tokenizer', header.tokenizer],
		...header.chat_templates.map(({ name, bytes, digest }): [string, string] => {
			return [`Template ${name}`, `${formatCount(bytes)} bytes, SHA-256 ${digest?.slice(0, 12) ?? 'unknown'}…`];
		}),
	];
	for (const [label, value] of rows) if (value !== null) terminal.line(`  ${label.padEnd(20)}${value}`);
}

/** The header of the file that stands for the model, or of the one that was named. */
async function readHeader(
	{ details, headers }: App,
	id: string,
	{ file, revision, signal }: { file: string | undefined; revision: string | null; signal: AbortSignal },
): Promise<HeaderAnswer> {
	const { headerAnswer } = await import('#lib/server/header-answers.ts');
	const path = file ?? (await mainFile(details, id, signal));
	const set = await headers.readAll(id, path, { revision, signal, priority: 'click' });
	return headerAnswer(id, path, set);
}

async function mainFile(details: App['details'], id: string, signal: AbortSignal): Promise<string> {
	const record = await details.record(id, { signal });
	const { files } = await details.files(record, { signal });
	const path = mainSet(files)?.paths[0];
	if (path !== undefined) return path;
	throw new Failure('not_found', `${id} has no GGUF or safetensors file whose header could be read.`);
}

/** Exit codes: 2 for a bad id, 5 when it is not found or the Hub cannot be asked, 6 for a broken header, 9 when it is gated. */
export const infoCommand = command({
	name: 'info',
	summary: 'show what is known about one model',
	args: z.strictObject({
		id: positional('id', 'the model, such as Qwen/Qwen3-8B'),
		revision: option('revision', 'branch, tag or commit instead of the newest'),
		refresh: toggle('ask the Hub even when there is a copy here'),
		evidence: toggle('show where each fact was read'),
		headers: toggle('read the header of its weight file: exact counts and number types'),
		file: option('path', 'the weight file that --headers reads'),
		...settingOptions(machineFlags),
	}),
	run: async ({ id, revision = null, refresh, evidence, headers, file, ...settings }, terminal) => {
		parseRepositoryId(id);
		const { withApp } = await import('./machine.ts');
		await withApp(settings, terminal, async (app, signal) => {
			const characteristics = await app.configs.read(id, { revision, refresh, signal });
			const entry = app.catalog.entry(id);
			const wanted = headers || file !== undefined;
			const header = wanted ? await readHeader(app, id, { file, revision, signal }) : null;
			if (terminal.json) terminal.document({ entry, characteristics, ...(header === null ? {} : { header }) });
			else {
				show(characteristics, entry, evidence, terminal);
				if (header !== null) showHeader(header, terminal);
			}
		});
	},
});
