// What people want of downloads: which orders are one, and where each action leads.
import { createHash } from 'node:crypto';
import type { DownloadOrder, DownloadRecord } from '#lib/core/download.ts';
import type { DownloadAction } from '#lib/core/download-order.ts';
import { Failure } from '#lib/core/failure.ts';

/** The state that each action leads to. */
export const outcomes = { pause: 'paused', cancel: 'cancelled', resume: 'queued', retry: 'queued' } as const;

/** Equal for equal orders. */
export function keyOf({ model_id, revision, files, exclude, quant, allow_unsafe }: DownloadOrder): string {
	const parts = [model_id, revision, files.toSorted(), exclude.toSorted(), quant?.toUpperCase() ?? null, allow_unsafe];
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** The failure for an action that makes no sense now. */
export function wrongState({ state, model_id }: DownloadRecord, action: DownloadAction): Failure {
	return new Failure('invalid_state', `The download of ${model_id} is ${state}, so there is nothing to ${action}.`);
}
