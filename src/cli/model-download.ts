// `modeldex model download <id>`: gets a model into the shared cache, shows how far it is, and goes on where it was.
import { z } from 'zod';
import { isAtRest, type Download } from '#lib/core/download.ts';
import { orderOf } from '#lib/core/download-order.ts';
import { Failure } from '#lib/core/failure.ts';
import { formatDecimalBytes, formatDuration } from '#lib/core/format.ts';
import type { App } from '#lib/server/app.ts';
import type { DownloadPlan } from '#lib/core/download-plan.ts';
import { command, list, option, positional, toggle } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** Characters of the bar. */
const barLength = 24;

const verdicts = {
	fits: 'It fits this machine.',
	tight: 'It fits this machine, but only just.',
	too_big: 'It is too big for this machine.',
	unknown: null,
} as const;

function progressOf({ state, bytes, total, speed, eta_seconds, files }: Download): string {
	if (total === 0) return state;
	const share = bytes / total;
	const filled = Math.round(share * barLength);
	const done = files.filter((file) => file.state === 'ready').length;
	const parts = [
		`${'█'.repeat(filled)}${'░'.repeat(barLength - filled)} ${Math.floor(share * 100)} %`,
		`${formatDecimalBytes(bytes)} of ${formatDecimalBytes(total)}`,
		`${done} of ${files.length} files`,
		...(speed === null ? [state] : [`${formatDecimalBytes(speed)}/s`]),
		...(eta_seconds === null ? [] : [`${formatDuration(eta_seconds * 1000)} left`]),
	];
	return parts.join(' · ');
}

function showPlan(plan: DownloadPlan, terminal: Terminal): void {
	const wide = Math.max(...plan.files.map(({ path }) => path.length));
	terminal.line(strong(plan.model_id), quiet(` at ${plan.revision.slice(0, 12)}`));
	for (const { path, bytes, here } of plan.files) {
		const note = here === bytes ? 'is here' : here > 0 ? `${formatDecimalBytes(here)} are here` : '';
		terminal.line(`  ${path.padEnd(wide)}  ${formatDecimalBytes(bytes).padStart(9)}  `, quiet(note));
	}
	terminal.line(strong(`  ${'To fetch'.padEnd(wide)}  ${formatDecimalBytes(plan.missing).padStart(9)}`));
	for (const note of notesOf(plan)) terminal.note(note);
}

/** What a person should know before the first byte. */
function notesOf({ disk, gate, license, fit, warnings, quants, quant }: DownloadPlan): string[] {
	const room = `${formatDecimalBytes(disk.need_bytes)} are needed and ${formatDecimalBytes(disk.free_bytes ?? 0)} are free`;
	const verdict = fit === null ? null : verdicts[fit.verdict];
	return [
		...warnings,
		...(gate.state === 'open' ? [] : [gate.message]),
		...(disk.enough ? [] : [`There is not enough room on the disk: ${room}.`]),
		...(license === null ? [] : [`Licence: ${license}.`]),
		...(quant === null || quants.length < 2
			? []
			: [`${quant} was chosen of ${quants.join(', ')}; --quant takes another.`]),
		...(verdict === null ? [] : [verdict]),
	];
}

/** Asks a person. Scripts and pipes are not asked: they said yes by calling. */
async function isWanted({ missing, model_id }: DownloadPlan, terminal: Terminal): Promise<boolean> {
	if (missing === 0) return true;
	return !/^\s*n/i.test(await terminal.ask(`Download ${formatDecimalBytes(missing)} of ${model_id}? [Y/n] `));
}

/** Follows a download to its rest. Throws the failure of one that failed. */
export async function untilRest(
	{ downloads }: Pick<App, 'downloads'>,
	id: string,
	terminal: Terminal,
	signal: AbortSignal,
): Promise<Download> {
	let last: Download | null = null;
	try {
		for await (const download of downloads.follow(id, signal)) {
			last = download;
			terminal.progress(progressOf(download));
		}
	} finally {
		terminal.progress(null);
		if (signal.aborted) terminal.note('Stopped; what is here is kept, and the same command goes on from there.');
	}
	if (last === null || !isAtRest(last.state)) throw new Error('A download ended without a last word.');
	for (const warning of last.warnings) terminal.note(warning);
	if (last.error !== null) {
		const { code, message } = last.error;
		throw new Failure(code, message);
	}
	return last;
}

/** The same for the command: shows what came of it and gives the exit code. */
async function follow(app: App, id: string, terminal: Terminal, signal: AbortSignal): Promise<number> {
	const last = await untilRest(app, id, terminal, signal);
	if (terminal.json) terminal.document({ download: last });
	else if (last.state === 'ready') terminal.line(last.path ?? '');
	else terminal.note(`The download of ${last.model_id} was ${last.state} somewhere else.`);
	return last.state === 'ready' ? 0 : 3;
}

/** 0 when it is here; 3 when somebody stopped it elsewhere; else the code of what went wrong. */
export const modelDownloadCommand = command({
	name: 'model download',
	summary: 'get a model into the shared cache, verified; goes on where an earlier try stopped',
	args: z.strictObject({
		id: positional('id', 'the model, such as Qwen/Qwen3-8B'),
		revision: option('name', 'a branch, tag or commit; main unless told'),
		include: list('pattern', 'files to get instead of those that are the model: a path, or a pattern with *'),
		exclude: list('pattern', 'files to leave out'),
		quant: option('label', 'the GGUF file that is meant, such as Q5_K_M'),
		allow_unsafe: toggle('get formats that can run code when they are loaded, too'),
		dry_run: toggle('show what would be fetched, and fetch nothing'),
		yes: toggle('do not ask before fetching'),
		...settingOptions(machineFlags),
	}),
	run: async ({ id, revision, include, exclude, quant, allow_unsafe, dry_run, yes, ...args }, terminal) => {
		const named = revision === undefined ? {} : { revision };
		const order = orderOf({ id, ...named, files: include, exclude, quant: quant ?? null, allow_unsafe });
		const { withApp } = await import('./machine.ts');
		return await withApp(args, terminal, async (app, signal) => {
			const asks = !yes && terminal.canAsk;
			if (dry_run || asks) {
				const plan = await app.downloads.plan(order, signal);
				if (dry_run && terminal.json) terminal.document({ plan });
				if (!terminal.json) showPlan(plan, terminal);
				if (dry_run || !(await isWanted(plan, terminal))) return 0;
			}
			const download = await app.downloads.order(order, { refresh: !app.hub.offline });
			return await follow(app, download.id, terminal, signal);
		});
	},
});
