// `modeldex info <id>`: everything known about one model, with the place each fact was read from on request.
import { z } from 'zod';
import { formatCount, formatDay } from '#lib/core/format.ts';
import { licenseLabel } from '#lib/core/license.ts';
import type { ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { parseRepositoryId } from '#lib/core/repository.ts';
import { specGroups, type Spec } from '#lib/core/specs.ts';
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
	terminal.line(
		quiet(`From ${sources[c.source]}${at}, ${formatDay(c.fetched_at) ?? c.fetched_at}${states[c.config_status]}`),
	);
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

/** Exit codes: 2 for a bad id, 5 when it is not found or the Hub cannot be asked, 9 when it is gated. */
export const infoCommand = command({
	name: 'info',
	summary: 'show what is known about one model',
	args: z.strictObject({
		id: positional('id', 'the model, such as Qwen/Qwen3-8B'),
		revision: option('revision', 'branch, tag or commit instead of the newest'),
		refresh: toggle('ask the Hub even when there is a copy here'),
		evidence: toggle('show where each fact was read'),
		...settingOptions(machineFlags),
	}),
	run: async ({ id, revision, refresh, evidence, ...settings }, terminal) => {
		parseRepositoryId(id);
		const { withApp } = await import('./machine.ts');
		await withApp(settings, terminal, async ({ configs, catalog }, signal) => {
			const characteristics = await configs.read(id, { revision: revision ?? null, refresh, signal });
			const entry = catalog.entry(id);
			if (terminal.json) terminal.document({ entry, characteristics });
			else show(characteristics, entry, evidence, terminal);
		});
	},
});
