// What an error answer of the Hub means for a person: missing, private, gated in its five states, disabled, limited.
import { blankSecrets, Failure, type FailureCode } from '#lib/core/failure.ts';
import type { GateState } from '#lib/core/download.ts';
import { gateSentence } from '#lib/core/gate.ts';
import { quoted } from '#lib/core/repository.ts';
import type { WireReply } from '#lib/server/hub-transport.ts';
import type { WireError } from '#lib/server/wire-error.ts';

/** What is known of the token: none set, not tried yet, accepted, or refused (then it is no longer sent). */
export type TokenState = 'none' | 'unchecked' | 'ok' | 'rejected';

export interface AskedFor {
	/** Repository the request was about; null for none. */
	id: string | null;
	revision?: string;
	/** File the request was about. */
	path?: string;
	token: TokenState;
	/** Address of the website of this Hub. */
	site: string;
}

/** The machine-readable part of an error: `X-Error-Code` and the text of header or body. */
interface Told {
	code: string;
	text: string;
}

function bodyText(body: Buffer): string {
	const text = body.toString('utf8', 0, 2000);
	const json = /"error"\s*:\s*"((?:[^"\\]|\\.){0,500})"/.exec(text)?.[1];
	return json ?? (/^\s*</.test(text) ? '' : text);
}

function told(reply: WireReply): Told {
	const text = reply.headers['x-error-message'] ?? bodyText(reply.body);
	return { code: reply.headers['x-error-code'] ?? '', text: quoted(blankSecrets(text.replace(/\s+/g, ' ').trim())) };
}

/** How somebody stands before a gate, and what to do about it in one sentence. */
export interface Gate {
	state: GateState;
	message: string;
}

/** How everybody stands where there is no gate, or where it is open. */
export function openGate(id: string): Gate {
	return { state: 'open', message: `The files of ${id} may be read.` };
}

/** What to do about a gate, by the Hub's own words (recorded messages; see the status table of the Hub's errors). */
function atGate(status: number, text: string, { id, site, token }: AskedFor): Gate {
	const page = `${site}/${id}`;
	if (/awaiting a review/i.test(text)) {
		return { state: 'pending', message: `Your request for ${id} is waiting for its authors at ${page}.` };
	}
	if (/rejected/i.test(text)) {
		return { state: 'rejected', message: `The authors of ${id} have turned down your request for it.` };
	}
	if (/fine-grained|public gated repositories/i.test(text)) {
		const message = `Your token may not read gated models: allow that in its settings on ${site}/settings/tokens, for ${id}.`;
		return { state: 'token', message };
	}
	if (status !== 401) return { state: 'accept', message: gateSentence(`${id}`, page, ', then try again.') };
	if (token === 'rejected') {
		return {
			state: 'sign_in',
			message: `${id} is gated, and the Hub does not accept your token: set a valid HF_TOKEN.`,
		};
	}
	const message = gateSentence(`${id}`, page, ' and set HF_TOKEN to a token of that account.');
	return { state: 'sign_in', message };
}

/** How the asker stands before the gate that this reply is from; null for replies of other kinds. */
export function gateOf(reply: WireReply, asked: AskedFor): Gate | null {
	const { code, text } = told(reply);
	return reply.status >= 400 && code === 'GatedRepo' ? atGate(reply.status, text, asked) : null;
}

function hiddenSentence({ id, token }: AskedFor): string {
	if (token === 'ok') return `${id} does not exist, or your token cannot see it.`;
	return `${id} does not exist or is private; if it is yours, set HF_TOKEN to one of your tokens.`;
}

function fail(code: FailureCode, message: string, reply: WireReply): Failure {
	return new Failure(code, message, { statusCode: reply.status });
}

function unauthorized(reply: WireReply, asked: AskedFor): Failure {
	if (asked.token === 'rejected' || asked.id === null) {
		const about = asked.id === null ? '' : ` It is not sent any more, and without it ${asked.id} cannot be seen.`;
		return fail('unauthorized', `The Hub does not accept your token (HF_TOKEN).${about}`, reply);
	}
	return fail('not_found', hiddenSentence(asked), reply);
}

function forbidden(reply: WireReply, { text }: Told, asked: AskedFor): Failure {
	if (/access to this resource is disabled/i.test(text)) {
		return fail('disabled', `${asked.id} was disabled by Hugging Face.`, reply);
	}
	return fail('forbidden', `The Hub refuses this${text === '' ? '.' : `: ${text}`}`, reply);
}

/** The failure for a final answer of 400 or more. */
export function failureOf(reply: WireReply, asked: AskedFor): Failure {
	const { code, text } = told(reply);
	if (code === 'GatedRepo') return fail('gated', atGate(reply.status, text, asked).message, reply);
	if (code === 'RevisionNotFound') {
		return fail('not_found', `${asked.id} has no revision "${quoted(asked.revision ?? '')}".`, reply);
	}
	if (code === 'EntryNotFound')
		return fail('not_found', `${asked.id} has no file "${quoted(asked.path ?? '')}".`, reply);
	if (code === 'RepoNotFound') return fail('not_found', hiddenSentence(asked), reply);
	switch (reply.status) {
		case 401:
			return unauthorized(reply, asked);
		case 403:
			return forbidden(reply, { code, text }, asked);
		case 404:
		case 410:
			return fail('not_found', `The Hub at ${asked.site} knows no such address for ${asked.id ?? 'this'}.`, reply);
		case 451:
			return fail('disabled', `${asked.id} was removed for legal reasons.`, reply);
		default:
			return fail('hub_error', `The Hub answered ${reply.status}${text === '' ? '.' : `: ${text}`}`, reply);
	}
}

/** The failure for a Hub that kept answering 408, 425 or 5xx. */
export function unavailable(status: number): Failure {
	const code = status === 500 || status < 500 ? 'hub_error' : 'hub_unreachable';
	return new Failure(code, `The Hub is in trouble at the moment (it answered ${status}).`, { statusCode: status });
}

/** The failure for no reply at all. */
export function unanswered(error: WireError): Failure {
	const { trouble, reason } = error;
	if (trouble === 'timeout') return new Failure('hub_timeout', 'The Hub took too long to answer.', { cause: error });
	const how = trouble === 'connect' ? 'cannot be reached' : 'broke off the connection';
	return new Failure('hub_unreachable', `The Hub ${how} (${quoted(reason)}).`, { cause: error });
}
