// The one thing to do when a download failed, and at each state of a gate.
import type { DownloadError, GateState } from '#lib/core/download.ts';
import { encodeId } from '#lib/core/repository.ts';

/** The one thing to do about a failure: where to go, or what to run; `text` alone when there is nothing to press. */
export interface Advice {
	text: string;
	link: { href: string; label: string } | null;
	command: string | null;
}

/** What to do at a gate. `hubUrl` is the Hub's address; `gate` is left out where nobody knows how one stands there. */
export function gateAdvice(gate: GateState | undefined, { id, hubUrl }: { id: string; hubUrl: string }): Advice {
	const page = `${hubUrl}/${encodeId(id)}`;
	const open = { href: page, label: 'Open the model on the Hub' };
	switch (gate) {
		case 'sign_in':
			return {
				text: 'Accept the licence there, then start Modeldex with a token of that account:',
				link: open,
				command: 'HF_TOKEN=hf_… modeldex serve',
			};
		case 'accept':
			return { text: 'Accept the licence there, then try again.', link: open, command: null };
		case 'pending':
			return { text: 'Try again when its authors have answered.', link: open, command: null };
		case 'rejected':
			return { text: 'Only its authors can change that.', link: open, command: null };
		case 'token':
			return {
				text: 'Let the token read public gated repositories there, then try again.',
				link: { href: `${hubUrl}/settings/tokens`, label: 'Open your tokens on the Hub' },
				command: null,
			};
		default:
			return { text: 'Try again: the gate seems open.', link: open, command: null };
	}
}

const room: Advice = {
	text: 'Make room, then try again: what is here is kept.',
	link: { href: '/local', label: 'See what can go' },
	command: null,
};

const rows: Partial<Record<DownloadError['code'], Advice>> = {
	disk_full: room,
	insufficient_storage: room,
	offline: {
		text: 'Start Modeldex without HF_HUB_OFFLINE, then try again:',
		link: null,
		command: 'env -u HF_HUB_OFFLINE modeldex serve',
	},
	unauthorized: {
		text: 'Start Modeldex with a valid token, then try again:',
		link: null,
		command: 'HF_TOKEN=hf_… modeldex serve',
	},
	integrity_failed: {
		text: 'Try again: the damaged file is fetched anew, everything else is kept.',
		link: null,
		command: null,
	},
	file_changed: { text: 'Try again: the new list of files is read first.', link: null, command: null },
	hub_unreachable: { text: 'Try again when the Hub can be reached: what is here is kept.', link: null, command: null },
	hub_timeout: { text: 'Try again: what is here is kept.', link: null, command: null },
	rate_limited: { text: 'Try again in some minutes: what is here is kept.', link: null, command: null },
	not_writable: {
		text: 'Give Modeldex the right to write there, or name another folder in HF_HUB_CACHE; modeldex doctor tells which it is.',
		link: null,
		command: 'modeldex doctor',
	},
};

/** What to do about the failure of a download. `hubUrl` is the Hub's address. */
export function adviceOf(error: DownloadError, { id, hubUrl }: { id: string; hubUrl: string }): Advice {
	if (error.code === 'gated') return gateAdvice(error.gate, { id, hubUrl });
	if (error.code === 'unsafe_format') {
		return {
			text: 'Look at the model and order it again with that allowed, if you trust its authors.',
			link: { href: `/models/${encodeId(id)}`, label: 'Open the model' },
			command: null,
		};
	}
	const text = error.retriable ? 'Try again: what is here is kept.' : 'Look at the model and order something else.';
	const link = error.retriable ? null : { href: `/models/${encodeId(id)}`, label: 'Open the model' };
	return rows[error.code] ?? { text, link, command: null };
}
