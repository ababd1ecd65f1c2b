// What a discovery prints: progress while it runs, then its result as a table or JSON, and the exit code it comes to.
import { classifications } from '#lib/core/choice.ts';
import {
	applyDiscovery,
	candidateLimit,
	countDiscovery,
	newDiscovery,
	type DiscoveryCounts,
	type DiscoveryDone,
	type DiscoveryMessage,
	type DiscoveryMeta,
	type DiscoveryState,
} from '#lib/core/discovery.ts';
import { Failure, isFailureCode } from '#lib/core/failure.ts';
import { formatCount, formatDuration } from '#lib/core/format.ts';
import type { Classification, ModelEntry } from '#lib/core/model.ts';
import { showModels } from './model-table.ts';
import type { Terminal } from './terminal.ts';

/** How a result is shown. `classes` is empty when nobody chose: JSON holds them all then, a table the chat models. */
export interface DiscoverView {
	classes: readonly Classification[];
	showsGuesses: boolean;
	/** Every message as a line of JSON as it comes. */
	isStream: boolean;
}

/** Exit codes of an interrupted run and of one that could not read everything. */
const interrupted = 130;
const incomplete = 3;

/** Counting five thousand models takes a millisecond or two; a person reads no faster than this. */
const progressMs = 100;

function progressOf({ listed, gen, encoder, unknown, auth, failed, waiting, reading }: DiscoveryCounts): string {
	const known = [
		[gen, 'can chat'],
		[encoder, encoder === 1 ? 'encoder' : 'encoders'],
		[unknown, 'unknown'],
		[auth, 'locked'],
		[failed, 'failed'],
	] as const;
	const parts = known.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`);
	const rest = reading + waiting > 0 ? [`reading ${formatCount(reading)}, ${formatCount(waiting)} to go`] : [];
	return [`${formatCount(listed)} listed`, ...parts, ...rest].join(' · ');
}

/** Follows a run to its last message. Throws the Failure of one that could not start or broke off. */
async function follow(
	messages: AsyncIterable<DiscoveryMessage>,
	isStream: boolean,
	terminal: Terminal,
): Promise<{ state: DiscoveryState; done: DiscoveryDone }> {
	let state: DiscoveryState | null = null;
	let shownAt = -Infinity;
	try {
		for await (const message of messages) {
			if (isStream) terminal.jsonLine(message);
			state ??= newDiscovery(message.id);
			applyDiscovery(state, message);
			if (message.action === 'listChatModels:done') return { state, done: message };
			if (message.action === 'listChatModels:error') throw failureOf(message.code, message.message);
			if (terminal.showsProgress && message.ts - shownAt >= progressMs) {
				shownAt = message.ts;
				terminal.progress(progressOf(countDiscovery(state)));
			}
		}
	} finally {
		terminal.progress(null);
	}
	throw new Error('A discovery ended without its last message.');
}

function failureOf(code: string | undefined, message: string): Failure {
	return new Failure(code !== undefined && isFailureCode(code) ? code : 'internal', message);
}

/** Is something missing that a further run could find? A Hub that only slowed us down has left out nothing. */
function isComplete({ failed }: DiscoveryCounts, { errors, rate_limited, cancelled }: DiscoveryMeta): boolean {
	const hasGap = errors.some(({ modelId, code }) => modelId === '' && code !== 'rate_limited');
	return failed === 0 && !hasGap && rate_limited !== true && cancelled !== true;
}

function summaryOf(shown: number, counts: DiscoveryCounts, { fetched, requests, durationMs }: DiscoveryMeta): string {
	const { gen, encoder, unknown, auth, failed } = counts;
	const words = [
		`${formatCount(gen)} can chat`,
		`${formatCount(encoder)} ${encoder === 1 ? 'is an encoder' : 'are encoders'}`,
		`${formatCount(unknown)} unknown`,
		...(auth > 0 ? [`${formatCount(auth)} locked`] : []),
		...(failed > 0 ? [`${formatCount(failed)} could not be read`] : []),
	];
	const cost = `${formatCount(requests)} ${requests === 1 ? 'request' : 'requests'}, ${formatDuration(durationMs)}`;
	return `${formatCount(shown)} shown of ${formatCount(fetched)} listed: ${words.join(', ')} (${cost}).`;
}

/** What a person should know besides the table. */
function notesOf(models: readonly ModelEntry[], hidden: number, { errors, cancelled }: DiscoveryMeta): string[] {
	const beyond = models.filter(({ excluded_by }) => excluded_by === candidateLimit).length;
	return [
		...(cancelled === true ? ['Interrupted: this is what was known by then.'] : []),
		...errors.filter(({ modelId }) => modelId === '').map(({ message }) => message),
		...(hidden > 0
			? [`${formatCount(hidden)} more ${hidden === 1 ? 'is' : 'are'} a guess: see --show-low-confidence.`]
			: []),
		...(beyond > 0
			? [`${formatCount(beyond)} ${beyond === 1 ? 'was' : 'were'} not looked at: --continue goes on there.`]
			: []),
	];
}

/**
 * Follows a run and prints it; gives its id and the exit code: 3 when something could not be read, 130 after Ctrl-C,
 * else 0. Throws the Failure of a run that could not start.
 */
export async function printDiscovery(
	messages: AsyncIterable<DiscoveryMessage>,
	view: DiscoverView,
	terminal: Terminal,
): Promise<{ id: string; exitCode: number }> {
	const { state, done } = await follow(messages, view.isStream, terminal);
	const { meta, models } = done;
	const counts = countDiscovery(state);
	const complete = isComplete(counts, meta);
	if (!view.isStream) {
		const wanted = new Set<Classification>(
			view.classes.length > 0 ? view.classes : terminal.json ? classifications : ['gen'],
		);
		const chosen = models.filter(({ classification }) => wanted.has(classification));
		if (terminal.json) terminal.document({ id: done.id, complete, models: chosen, meta });
		else {
			const isSure = ({ classification, confidence }: ModelEntry) => classification !== 'gen' || confidence !== 'low';
			const shown = view.showsGuesses ? chosen : chosen.filter(isSure);
			if (shown.length > 0) showModels(shown, terminal, { withClass: view.classes.length > 1 });
			terminal.note(summaryOf(shown.length, counts, meta));
			for (const note of notesOf(models, chosen.length - shown.length, meta)) terminal.note(note);
		}
	}
	const exitCode = meta.cancelled === true ? interrupted : complete ? 0 : incomplete;
	return { id: done.id, exitCode };
}
