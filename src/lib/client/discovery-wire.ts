// Discovery over HTTP: a request goes out, its messages come back one by one, each looked at before anyone trusts it.
import { ApiError, ask, isObject, isReason, readLines, type Asked } from '#lib/client/api.ts';
import {
	discoveryStatuses,
	type DiscoveryDone,
	type DiscoveryFailed,
	type DiscoveryMessage,
	type DiscoveryProgress,
	type DiscoveryRequest,
} from '#lib/core/discovery.ts';

const statuses: ReadonlySet<unknown> = new Set(discoveryStatuses);

function isProgress(value: Record<string, unknown>): value is DiscoveryProgress & Record<string, unknown> {
	if (typeof value.modelId !== 'string' || !statuses.has(value.status) || typeof value.ts !== 'number') return false;
	return value.delta === undefined || isObject(value.delta);
}

function isDone(value: Record<string, unknown>): value is DiscoveryDone & Record<string, unknown> {
	const { models, meta } = value;
	if (!Array.isArray(models) || !isObject(meta) || !Array.isArray(meta.errors)) return false;
	return models.every((entry) => isObject(entry) && typeof entry.id === 'string');
}

function isFailed(value: Record<string, unknown>): value is DiscoveryFailed & Record<string, unknown> {
	return typeof value.message === 'string' && (value.code === undefined || typeof value.code === 'string');
}

/** Is this a message of a run? Its entries are trusted from here on: our own server checks them. */
export function isDiscoveryMessage(value: unknown): value is DiscoveryMessage {
	if (!isObject(value) || typeof value.id !== 'string') return false;
	if (value.action === 'listChatModels:progress') return isProgress(value);
	if (value.action === 'listChatModels:done') return isDone(value);
	return value.action === 'listChatModels:error' && isFailed(value);
}

/** Does nothing come after this message? */
export function isLast(message: DiscoveryMessage): message is DiscoveryDone | DiscoveryFailed {
	return message.action !== 'listChatModels:progress';
}

/** The values of a body; a line that is lost in its midst is told in our words. */
async function* linesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
	try {
		yield* readLines(body);
	} catch (error) {
		if (error instanceof ApiError || signal?.aborted) throw error;
		throw new ApiError('unreachable', 'The connection to Modeldex broke off. Is it still running?', error);
	}
}

/**
 * The messages of a run as the server sends them, until its last one. Throws ApiError when the server refuses, is lost
 * (`unreachable`), ends too early (`incomplete`) or sends what is no message (`bad_answer`); an abort passes through.
 */
export async function* readDiscovery(request: DiscoveryRequest, asked: Asked): AsyncGenerator<DiscoveryMessage> {
	const { id, params } = request;
	const response = await ask(asked, '/api/discovery', {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ id, params }),
		signal: asked.signal ?? null,
	});
	for await (const line of response.body === null ? [] : linesOf(response.body, asked.signal)) {
		if (isObject(line) && isReason(line.error)) throw new ApiError(line.error.code, line.error.message);
		if (!isDiscoveryMessage(line)) throw new ApiError('bad_answer', 'Modeldex sent a message that cannot be read.');
		yield line;
		if (isLast(line)) return;
	}
	throw new ApiError('incomplete', 'The answer broke off before the run ended. What was found until then is kept.');
}

/** Ends a run on the server. A run that is not there any more is fine. */
export async function cancelDiscovery(id: string, asked: Asked): Promise<void> {
	try {
		await ask(asked, `/api/discovery/${encodeURIComponent(id)}`, { method: 'DELETE', signal: asked.signal ?? null });
	} catch {
		// It ended by itself, or the server is gone: either way nothing of it is left to end.
	}
}
