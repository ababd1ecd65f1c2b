// One streamed answer of the gateway, as a page reads it: which request it is, then the text piece by piece.
import { ApiError, isObject, isReason, type Fetch } from '#lib/client/api.ts';
import { linesOf } from '#lib/client/lines.ts';
import type { VoteProgress } from '#lib/core/registry/record.ts';

/** What arrives: the record's id and who serves, once; how a vote stands, where it is told; then text. */
export type ChatPiece =
	| { type: 'head'; request: string | null; model: string | null }
	| { type: 'vote'; progress: VoteProgress }
	| { type: 'text'; text: string };

const voteMark = ': modeldex.progress ';

function isVote(value: unknown): value is VoteProgress {
	return isObject(value) && typeof value.request === 'string' && typeof value.started === 'number';
}

/** One line of a conversation. */
export interface ChatLine {
	role: 'user' | 'assistant';
	content: string;
}

function textIn(event: unknown): string {
	const choices = isObject(event) ? event.choices : null;
	const first: unknown = Array.isArray(choices) ? choices[0] : null;
	const delta = isObject(first) ? first.delta : null;
	return isObject(delta) && typeof delta.content === 'string' ? delta.content : '';
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new ApiError('bad_answer', 'The gateway sent an event that is not JSON.', error);
	}
}

/** The failure inside a body or an event; null when there is none. */
function failureIn(value: unknown): ApiError | null {
	if (!isObject(value) || !isObject(value.error)) return null;
	const { error } = value;
	if (isReason(error)) return new ApiError(error.code, error.message);
	return new ApiError('bad_answer', typeof error.message === 'string' ? error.message : 'The gateway failed.');
}

/** Asks the gateway and gives the answer as it comes. Throws ApiError, after `head` where a request was recorded; an abort passes through. */
export async function* streamChat(
	{ model, messages }: { model: string; messages: readonly ChatLine[] },
	{ fetch: send, signal }: { fetch: Fetch; signal: AbortSignal },
): AsyncGenerator<ChatPiece> {
	let response: Response;
	try {
		response = await send('/v1/chat/completions', {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ model, messages, stream: true }),
			signal,
		});
	} catch (error) {
		if (signal.aborted) throw error;
		throw new ApiError('unreachable', 'Modeldex does not answer. Is it still running?', error);
	}
	const { headers } = response;
	yield { type: 'head', request: headers.get('x-modeldex-request'), model: headers.get('x-modeldex-model') };
	if (!response.ok) {
		const failure = failureIn(parsed(await response.text()));
		throw failure ?? new ApiError('bad_answer', `The gateway answered with status ${response.status}.`);
	}
	if (response.body === null) return;
	for await (const line of linesOf(response.body)) {
		if (line.startsWith(voteMark)) {
			const progress = parsed(line.slice(voteMark.length));
			if (isVote(progress)) yield { type: 'vote', progress };
			continue;
		}
		if (!line.startsWith('data:')) continue;
		const data = line.slice('data:'.length).trim();
		if (data === '[DONE]') return;
		const event = parsed(data);
		const failure = failureIn(event);
		if (failure !== null) throw failure;
		const text = textIn(event);
		if (text !== '') yield { type: 'text', text };
	}
}
