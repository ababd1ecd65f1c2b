// The action `listChatModels`: all network work of a run, for the worker or, without one, for the page itself.
import { isObject, type Fetch } from '#lib/client/api.ts';
import { cancelDiscovery, isLast, readDiscovery } from '#lib/client/discovery-wire.ts';
import type { Note, WorkerAction } from '#lib/client/worker-shell.ts';
import {
	applyDiscovery,
	countDiscovery,
	newDiscovery,
	type DiscoveryDone,
	type DiscoveryFailed,
	type DiscoveryMessage,
	type DiscoveryParams,
	type DiscoveryProgress,
	type DiscoveryState,
} from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';

/**
 * The request as the page sends it. With `pieces` the end comes as what the page does not know yet, in ordinary
 * progress messages, and a `done` whose `models` are empty: taking in thousands of models at once would stop the page
 * for longer than a frame or two. Without it `done` is as the server sent it.
 */
export interface ListRequest extends Note {
	params?: DiscoveryParams;
	pieces?: boolean;
}

interface ActionOptions {
	fetch: Fetch;
	/** How long a cancelled run may take to say how far it came, before its connection is cut. */
	graceMs?: number;
}

function isListRequest(request: Note): request is ListRequest {
	return !('params' in request) || request.params === undefined || isObject(request.params);
}

function isSame(a: unknown, b: unknown): boolean {
	return a === b || (isObject(a) && isObject(b) && JSON.stringify(a) === JSON.stringify(b));
}

/** The fields of an entry that are not as they were told; null when all are. A field that is gone is undefined. */
function changes(told: ModelEntry | undefined, entry: ModelEntry): Partial<ModelEntry> | null {
	if (told === undefined) return entry;
	const before = new Map<string, unknown>(Object.entries(told));
	const news: [string, unknown][] = Object.entries(entry).filter(([name, value]) => !isSame(before.get(name), value));
	for (const name of before.keys()) if (!Object.hasOwn(entry, name)) news.push([name, undefined]);
	return news.length === 0 ? null : Object.fromEntries(news);
}

/** What is in the result and was not told before, as progress, then the result without its models. */
function* inPieces(done: DiscoveryDone, told: DiscoveryState): Generator<DiscoveryMessage> {
	const { id } = done;
	const ts = told.latestAt ?? Date.now();
	for (const entry of done.models) {
		const known = told.items.get(entry.id);
		const delta = changes(known?.entry, entry);
		const status: DiscoveryProgress['status'] = known?.status ?? 'classified';
		if (delta) yield { action: 'listChatModels:progress', id, modelId: entry.id, status, delta, ts };
	}
	yield { ...done, models: [] };
}

/** The result of a run whose server did not get to say it: what was seen of it. `requests` is the least it can be. */
function cutShort(state: DiscoveryState, { requests, durationMs }: { requests: number; durationMs: number }) {
	const { listed, dropped } = countDiscovery(state);
	const models = [...state.items.values()].map(({ entry }) => entry);
	const meta = { fetched: listed, filtered: dropped, errors: [], durationMs, requests, cancelled: true };
	return { action: 'listChatModels:done', id: state.id, models, meta } satisfies DiscoveryDone;
}

/**
 * A run, message by message. Once the signal is aborted the server is told to end the run; what it says last, its exact
 * figures among it, still comes through, and when that takes longer than the grace the connection is cut.
 */
async function* listChatModels(request: ListRequest, signal: AbortSignal, { fetch, graceMs }: Required<ActionOptions>) {
	const { id, params, pieces } = request;
	const told = newDiscovery(id);
	const started = Date.now();
	const wire = new AbortController();
	let requests = 0;
	let last: DiscoveryDone | DiscoveryFailed | null = null;
	let cutting: ReturnType<typeof setTimeout> | undefined;
	const end = () => {
		cutting = setTimeout(() => wire.abort(), graceMs);
		void cancelDiscovery(id, { fetch });
	};
	signal.addEventListener('abort', end, { once: true });
	try {
		const messages = readDiscovery({ action: 'listChatModels', id, params }, { fetch, signal: wire.signal });
		for await (const message of messages) {
			if (isLast(message)) last = message;
			else {
				if (message.status === 'config_fetching') requests += 1;
				applyDiscovery(told, message);
				yield message;
			}
		}
	} catch (error) {
		if (!signal.aborted) throw error;
	} finally {
		clearTimeout(cutting);
		signal.removeEventListener('abort', end);
		wire.abort();
	}
	if (last?.action !== 'listChatModels:done' && (last === null || signal.aborted)) {
		last = cutShort(told, { requests, durationMs: Date.now() - started });
	}
	if (pieces && last.action === 'listChatModels:done') yield* inPieces(last, told);
	else yield last;
}

/** The actions of the discovery worker by name: the registry that others join. */
export function discoveryActions(options: ActionOptions): Record<string, WorkerAction> {
	const settled = { graceMs: 250, ...options };
	return {
		listChatModels: {
			cancelledBy: ['cancelListChatModels', 'cancelLoadChatModels'],
			run: (request, signal) =>
				listChatModels(isListRequest(request) ? request : { action: request.action, id: request.id }, signal, settled),
		},
	};
}
