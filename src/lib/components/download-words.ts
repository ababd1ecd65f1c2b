// Downloads in words: their state as a badge, and what of a model was ordered.
import type { Download, DownloadState } from '#lib/core/download.ts';
import { formatCount } from '#lib/core/format.ts';
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

/** What of the model was ordered; null: the usual files. */
export function orderWord({ order: { quant, files } }: Download): string | null {
	if (quant !== null) return quant;
	if (files.length === 0) return null;
	return files.length === 1 ? (files[0] ?? null) : `${formatCount(files.length)} chosen files`;
}
