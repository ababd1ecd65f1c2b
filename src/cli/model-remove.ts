// `modeldex model remove` and `model prune`: what goes and what stays is shown first; nothing goes without a yes.
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { formatBytes } from '#lib/core/format.ts';
import { isLocalTool, toolFacts, type RemovalPlan } from '#lib/core/inventory.ts';
import { meantId } from '#lib/core/tables/named-models.ts';
import { Failure } from '#lib/core/failure.ts';
import { pruneKinds, type Pruned } from '#lib/server/inventory/prune.ts';
import { command, list, option, positional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** Exit code when some of it could not be done. */
const partlyCode = 3;
const dayMs = 86_400_000;

function showPlan({ id, tool, frees_bytes, removes, keeps }: RemovalPlan, terminal: Terminal): void {
	terminal.line(strong(`${id} (${toolFacts[tool].label}): frees ${formatBytes(frees_bytes)}`));
	for (const path of removes) terminal.line(`  goes   ${path}`);
	for (const { path, why } of keeps) terminal.line(`  stays  ${path}`, quiet(`  ${why}`));
}

/** The typed text; a person is asked, a script has to give it. */
async function answered(question: string, wanted: string, option: string): Promise<void> {
	if (process.stdin.isTTY !== true)
		throw new Failure('confirmation_required', `Nothing was removed: say so with ${option}.`);
	const lines = createInterface({ input: process.stdin, output: process.stderr });
	const text = await lines.question(question).finally(() => lines.close());
	if (text.trim() !== wanted) throw new Failure('confirmation_required', 'Nothing was removed.');
}

/** Removes one copy, or one revision of it. */
export const modelRemove = command({
	name: 'model remove',
	summary: 'remove a model from this machine, after showing what goes and what stays',
	args: z.strictObject({
		model: positional('model', 'its id, its short name, or the name its tool gives it'),
		revision: list('commit', 'only this revision of it'),
		tool: option('tool', 'which copy is meant, where there are several'),
		copy: option('key', 'which copy is meant, by the key in --json'),
		dry_run: toggle('only show what would go'),
		yes: toggle('do not ask, for places that all tools share'),
		confirm: option('id', 'the model’s id, typed out: needed for folders of other tools'),
		...settingOptions(machineFlags),
	}),
	run: async ({ model, revision, tool, copy, dry_run, yes, confirm, ...args }, terminal) => {
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ local }) => {
			const order = { tool: tool ?? null, copy: copy ?? null, revisions: revision };
			const name = meantId(model);
			const plan = await local.preview(name, order);
			if (!terminal.json) showPlan(plan, terminal);
			if (dry_run) {
				if (terminal.json) terminal.document({ ...plan, removed: false });
				return 0;
			}
			const typed = confirm ?? null;
			if (plan.confirm !== null && typed === null) {
				await answered(`Type ${plan.confirm} to remove it: `, plan.confirm, `--confirm ${plan.confirm}`);
			} else if (plan.confirm === null && !yes) await answered('Remove it? Type yes: ', 'yes', '--yes');
			const done = await local.remove(name, { ...order, confirm: typed ?? plan.confirm });
			if (terminal.json) terminal.document({ ...done, removed: true });
			else terminal.note(`${formatBytes(done.frees_bytes)} freed.`);
			return 0;
		});
	},
});

function daysOf(text: string | undefined): number {
	if (text === undefined) return 0;
	const [, count = '', unit = 'd'] = /^(\d+)([dhw]?)$/.exec(text) ?? [];
	if (count === '') throw new Failure('usage', 'Write --older-than as 30d, 12h or 4w.');
	return Number(count) * ({ h: 1 / 24, w: 7 }[unit] ?? 1);
}

function showPruned({ removes, frees_bytes, failed }: Pruned, isDone: boolean, terminal: Terminal): void {
	for (const { bytes, path, why } of removes)
		terminal.line(`${formatBytes(bytes).padStart(10)}  ${path}`, quiet(`  ${why}`));
	for (const { path, why } of failed) terminal.line(`    failed  ${path}`, quiet(`  ${why}`));
	const words = isDone ? 'freed' : 'would be freed';
	terminal.note(removes.length === 0 ? 'There is nothing to clear away.' : `${formatBytes(frees_bytes)} ${words}.`);
}

/** Clears away what no model needs. Exit code 3 when some of it could not be removed. */
export const modelPrune = command({
	name: 'model prune',
	summary: 'clear away dead downloads, files nobody names and, when asked, old revisions',
	args: z.strictObject({
		kind: list('kind', 'partial, orphan, revision or cache; partial and orphan unless told'),
		older_than: option('age', 'only what has not changed for so long: 30d, 12h, 4w'),
		tool: list('tool', 'in this tool’s folders instead of the shared ones'),
		dry_run: toggle('only show what would go'),
		yes: toggle('do not ask'),
		...settingOptions(machineFlags),
	}),
	run: async ({ kind, older_than, tool, dry_run, yes, ...args }, terminal) => {
		const kinds = pruneKinds.filter((one) =>
			kind.length === 0 ? one === 'partial' || one === 'orphan' : kind.includes(one),
		);
		const strange =
			kind.find((one) => !pruneKinds.some((known) => known === one)) ?? tool.find((one) => !isLocalTool(one));
		if (strange !== undefined)
			throw new Failure('usage', `"${strange}" is neither a kind of thing to clear away nor a tool.`);
		const tools = tool.filter(isLocalTool);
		const order = { kinds, olderThanMs: daysOf(older_than) * dayMs, ...(tools.length === 0 ? {} : { tools }) };
		const { withApp } = await import('./machine.ts');
		return withApp(args, terminal, async ({ local }) => {
			const plan = await local.prunePreview(order);
			const isOver = dry_run || plan.removes.length === 0;
			if (!terminal.json && (isOver || !yes)) showPruned(plan, false, terminal);
			if (isOver) {
				if (terminal.json) terminal.document({ ...plan, removed: false });
				return 0;
			}
			if (!yes) await answered('Clear this away? Type yes: ', 'yes', '--yes');
			const done = await local.prune({ ...order, confirm: true });
			if (terminal.json) terminal.document({ ...done, removed: true });
			else showPruned(done, true, terminal);
			return done.failed.length === 0 ? 0 : partlyCode;
		});
	},
});
