// Downloads in words: their state, and how far they are.
import { isWorking, type Download, type DownloadState } from '#lib/core/download.ts';
import { formatBytes, formatCount, formatDuration } from '#lib/core/format.ts';
import type { BadgeTone } from '#lib/ui/badge-look.ts';
import type { IconName } from '#lib/ui/icons.ts';

/** A state as a badge. */
export const stateLooks: Record<DownloadState, { text: string; tone: BadgeTone; icon: IconName | null }> = {
	queued: { text: 'Waiting', tone: 'neutral', icon: null },
	resolving: { text: 'Asking the Hub', tone: 'neutral', icon: null },
	preflight: { text: 'Checking', tone: 'neutral', icon: null },
	downloading: { text: 'Downloading', tone: 'architecture', icon: 'download' },
	verifying: { text: 'Verifying', tone: 'architecture', icon: null },
	committing: { text: 'Putting in place', tone: 'architecture', icon: null },
	ready: { text: 'Ready', tone: 'fits', icon: 'yes' },
	paused: { text: 'Paused', tone: 'tight', icon: null },
	failed: { text: 'Failed', tone: 'large', icon: 'alert' },
	cancelled: { text: 'Cancelled', tone: 'unknown', icon: null },
};

/** How much of it is here, from 0 to 1; null before its files are known. */
export function shareOf({ bytes, total }: Pick<Download, 'bytes' | 'total'>): number | null {
	return total === 0 ? null : bytes / total;
}

/** Whole percent, where 100 is kept for what is complete; null before the files are known. */
export function percentOf(download: Pick<Download, 'bytes' | 'total'>): number | null {
	const share = shareOf(download);
	return share === null ? null : Math.floor(share * 100);
}

/** What of the model was ordered; null: the usual files. */
export function orderWord({ order: { quant, files } }: Download): string | null {
	if (quant !== null) return quant;
	if (files.length === 0) return null;
	return files.length === 1 ? (files[0] ?? null) : `${formatCount(files.length)} chosen files`;
}

/** How far it is, in parts for one line: bytes, speed, time left. */
export function progressParts({ state, bytes, total, speed, eta_seconds: eta, files }: Download): string[] {
	if (total === 0) return [];
	const count = `${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}`;
	if (state === 'ready') return [formatBytes(total), count];
	const parts = [`${formatBytes(bytes)} of ${formatBytes(total)}`];
	if (state !== 'downloading') return [...parts, count];
	if (speed === null) return [...parts, 'speed not known yet'];
	parts.push(`${formatBytes(speed)}/s`);
	return [...parts, eta === null ? 'time left not known' : `${formatDuration(eta * 1000)} left`];
}

/** What a control says of a model's download beside its name; null: nothing that matters there. */
export function shortState(download: Download | null): { text: string; tone: string; title: string } | null {
	if (download === null) return null;
	const { state, error } = download;
	const percent = percentOf(download);
	if (state === 'downloading' || state === 'paused') {
		const text = percent === null ? '' : `${percent} %`;
		return state === 'paused'
			? { text: `Paused ${text}`.trim(), tone: 'text-tight', title: 'Paused: see the downloads' }
			: { text: text || 'Starting', tone: 'text-ink', title: progressParts(download).join(', ') };
	}
	if (state === 'failed') return { text: 'Failed', tone: 'text-large', title: error?.message ?? 'It failed' };
	if (state === 'queued' || isWorking(state)) {
		return { text: stateLooks[state].text, tone: 'text-ink', title: 'See the downloads' };
	}
	return null;
}
