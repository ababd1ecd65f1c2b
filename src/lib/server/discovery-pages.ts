// The list of a run, page by page: what was listed before, then the rest from the Hub or from what was handed in.
import type { DiscoveryPlan } from '#lib/core/discovery-order.ts';
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { Checkpoint } from '#lib/server/discovery-checkpoint.ts';
import { readHanded } from '#lib/server/discovery-handed.ts';
import type { DiscoveryProblems } from '#lib/server/discovery-problems.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import type { Hub } from '#lib/server/hub.ts';

/** Rows of a list handed in that are kept together. */
const HANDED_PAGE = 1000;

export interface PagesOptions {
	plan: DiscoveryPlan;
	hub: Pick<Hub, 'list'>;
	checkpoint: Checkpoint;
	problems: DiscoveryProblems;
}

interface Page {
	rows: ListingFacts[];
	cursor: string | null;
}

/** The rows handed in from that place on, and a word about those that are no models. */
async function* handedPages(
	{ plan, problems }: PagesOptions,
	cursor: string | null,
	{ signal }: AskOptions,
): AsyncGenerator<Page> {
	const models = (plan.models ?? []).slice(0, plan.listLimit);
	const refused: string[] = [];
	for (let at = Number(cursor ?? 0); at < models.length; at += HANDED_PAGE) {
		const end = at + HANDED_PAGE;
		const page = await readHanded(models.slice(at, end), signal);
		refused.push(...page.refused);
		yield { rows: page.facts, cursor: end < models.length ? String(end) : null };
	}
	if (refused.length === 0) return;
	const others = refused.length > 1 ? ` and ${refused.length - 1} more` : '';
	problems.addForRun('invalid_model_id', `"${refused[0]}"${others} cannot be a model and was left out.`);
}

/** From the Hub, most downloaded first. A place that the Hub no longer knows means from the start again. */
async function* hubPages(
	hub: Pick<Hub, 'list'>,
	{ cursor, most, listed }: { cursor: string | null; most: number; listed: number },
	ask: AskOptions,
): AsyncGenerator<Page> {
	let isBegun = false;
	try {
		const order = { sort: 'downloads', most: most - listed, cursor, ahead: true } as const;
		for await (const { rows, cursor: next } of hub.list(order, ask)) {
			isBegun = true;
			yield { rows, cursor: next };
		}
	} catch (error) {
		const isForgotten = error instanceof Failure && error.statusCode === 400 && cursor !== null && !isBegun;
		if (!isForgotten) throw error;
		yield* hubPages(hub, { cursor: null, most, listed: 0 }, ask);
	}
}

/** Every page of the run's list; new ones are kept before they are given. */
export async function* listPages(options: PagesOptions, ask: AskOptions): AsyncGenerator<ListingFacts[]> {
	const { plan, hub, checkpoint, problems } = options;
	let listed = 0;
	for (const rows of checkpoint.pages()) {
		listed += rows.length;
		yield rows;
	}
	const { cursor, isWhole, isHanded, most } = checkpoint.place;
	if (isWhole || listed >= most) return;
	if (isHanded && plan.models == null) {
		problems.addForRun('not_found', `Only the first ${listed.toLocaleString('en')} models of that list were kept.`);
		return;
	}
	const rest = plan.models == null ? hubPages(hub, { cursor, most, listed }, ask) : handedPages(options, cursor, ask);
	for await (const page of rest) {
		checkpoint.add(page.rows, page.cursor);
		yield page.rows;
	}
}
