// The models of a run by what became of them, put together anew for each frame that shows them.
import { candidateLimit, prefilterPrefix, type DiscoveryItem, type DiscoveryProblem } from '#lib/core/discovery.ts';

/**
 * What became of a model, each exactly one: `gen` and `low` write text, the latter by weak signals; `auth` is locked and
 * nothing is known; `failed` could not be read; `open` is being read or waits for it; `unread` was not asked for: it lies
 * beyond the candidate limit, the pre-filter dropped it, or the run ended before its turn, and the list does not say what it is.
 */
export const discoveryGroups = ['gen', 'low', 'auth', 'encoder', 'unknown', 'failed', 'open', 'unread'] as const;
export type DiscoveryGroup = (typeof discoveryGroups)[number];

/** Does this model lie beyond the candidate limit, to be taken up by going on? */
export function isBeyondLimit({ entry }: DiscoveryItem): boolean {
	return entry.excluded_by === candidateLimit;
}

/** What became of this model? Once the run is over nothing is open any more. */
export function groupOf(item: DiscoveryItem, isOver: boolean): DiscoveryGroup {
	const { status, entry } = item;
	if (status === 'error') return 'failed';
	const waits = status === 'prefiltered' && entry.excluded_by === undefined;
	if (status === 'config_fetching' || waits) return isOver ? 'unread' : 'open';
	if (entry.classification === 'auth-protected') return 'auth';
	if (entry.classification === 'gen') return entry.confidence === 'low' ? 'low' : 'gen';
	if (entry.classification === 'encoder') return 'encoder';
	const isUntold = entry.fetchStatus === 'none' && entry.model_type === null && entry.architectures === null;
	return isBeyondLimit(item) || isUntold ? 'unread' : 'unknown';
}

/** The pre-filter's rule that dropped this model; null for all others. */
export function droppedBy({ entry }: DiscoveryItem): string | null {
	const reason = entry.excluded_by ?? '';
	return reason.startsWith(prefilterPrefix) ? reason.slice(prefilterPrefix.length) : null;
}

/** Every model, those of each group, and those the pre-filter dropped, which are in a group as well; in the run's order. */
export type GroupedItems = Readonly<Record<DiscoveryGroup | 'all' | 'dropped', readonly DiscoveryItem[]>>;

/** Sorts models into groups in one pass. */
export function groupItems(items: readonly DiscoveryItem[], isOver: boolean): GroupedItems {
	const groups: Record<DiscoveryGroup | 'dropped', DiscoveryItem[]> = {
		gen: [],
		low: [],
		auth: [],
		encoder: [],
		unknown: [],
		failed: [],
		open: [],
		unread: [],
		dropped: [],
	};
	for (const item of items) {
		groups[groupOf(item, isOver)].push(item);
		if (droppedBy(item) !== null) groups.dropped.push(item);
	}
	return { ...groups, all: items };
}

/** Models that failed for the same reason. */
export interface ErrorGroup {
	code: string;
	/** The first one's sentence; empty when nothing was said. */
	message: string;
	ids: string[];
}

/**
 * Failed models by code, most first. The run names the codes of a sample; the others go by what the Hub answered.
 */
export function errorGroups(failed: readonly DiscoveryItem[], problems: readonly DiscoveryProblem[]): ErrorGroup[] {
	const known = new Map(problems.map((problem) => [problem.modelId, problem]));
	const groups = new Map<string, ErrorGroup>();
	for (const { entry } of failed) {
		const { code, message } = known.get(entry.id) ?? {
			code: entry.fetchStatus === '429' ? 'rate_limited' : 'hub_error',
			message: entry.fetchError?.message ?? '',
		};
		const group = groups.get(code) ?? { code, message, ids: [] };
		group.ids.push(entry.id);
		groups.set(code, group);
	}
	return [...groups.values()].sort((a, b) => b.ids.length - a.ids.length || a.code.localeCompare(b.code));
}
