// How far a download is, in words: a line of them for its row, and two or three beside the name of its model.
import { isAtRest, type Download } from '#lib/core/download.ts';
import { formatBytes, formatCount, formatDuration } from '#lib/core/format.ts';

/** How much of it is here, from 0 to 1; null before its files are known. */
export function shareOf({ bytes, total }: Pick<Download, 'bytes' | 'total'>): number | null {
	return total === 0 ? null : bytes / total;
}

/** Whole percent, where 100 is kept for what is complete; null before the files are known. */
export function percentOf(download: Pick<Download, 'bytes' | 'total'>): number | null {
	const share = shareOf(download);
	return share === null ? null : Math.floor(share * 100);
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

/** What is said of a model's download beside its name. `share` null: no bar. */
export interface Said {
	text: string;
	/** A class of text. */
	tone: string;
	title: string;
	href: string;
	share: number | null;
}

const there: Said = {
	text: 'On this machine',
	tone: 'text-fits',
	title: 'On this machine, and verified',
	href: '/local',
	share: null,
};

/** Null: nothing that matters there. `hasArrived`: one of this model ended well while the page was open. */
export function saidOf(download: Download | null, hasArrived: boolean): Said | null {
	if (download === null) return null;
	const { state, error } = download;
	const here = { href: '/downloads', share: shareOf(download), title: progressParts(download).join(', ') };
	if (state === 'paused') return { ...here, text: 'Paused', tone: 'text-tight' };
	if (state === 'failed') {
		return { ...here, text: 'Failed', tone: 'text-large', share: null, title: error?.message ?? 'It failed' };
	}
	if (isAtRest(state)) return hasArrived ? there : null;
	const percent = percentOf(download);
	const word = state === 'queued' ? 'Waiting' : state === 'verifying' ? 'Verifying' : 'Starting';
	const text = state === 'downloading' && percent !== null ? `${percent} %` : word;
	return { ...here, text, tone: 'text-ink' };
}
