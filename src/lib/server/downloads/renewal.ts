// A finished download that is ordered again: whether its files are still here, and whether the Hub can say if they are old.
import { join } from 'node:path';
import type { DownloadRecord } from '#lib/core/download.ts';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import { onDisk } from '#lib/server/downloads/disk-failure.ts';
import { bytesHere } from '#lib/server/downloads/space.ts';
import type { Hub } from '#lib/server/hub.ts';

interface RenewalOptions {
	hub: Pick<Hub, 'info' | 'offline'>;
	/** The model cache. */
	root: string;
	boot: string;
	/** Is the Hub to be asked whether there is something newer? */
	refresh: boolean;
}

/** Failures that say nothing about the model: what is here has to do. */
const away = new Set<FailureCode>(['offline', 'hub_unreachable', 'hub_timeout', 'hub_error', 'rate_limited']);

/** What is said of files that are whole and perhaps old. */
export const notAsked =
	'The Hub could not be asked whether there is something newer; the files of the last time are here and whole.';

async function isWhole({ files, model_id }: DownloadRecord, root: string, boot: string): Promise<boolean> {
	const blobs = join(root, `models--${model_id.replaceAll('/', '--')}`, 'blobs');
	for (const { path, digest, total } of files) {
		if ((await onDisk(path, () => bytesHere(join(blobs, digest), { total }, boot))) < total) return false;
	}
	return files.length > 0;
}

async function isAway({ order }: DownloadRecord, hub: RenewalOptions['hub']): Promise<boolean> {
	if (hub.offline) return true;
	const { model_id: id, revision: ref } = order;
	const patience = { priority: 'click', probe: true, retries: 1 } as const;
	try {
		await hub.info(id, { ...patience, ...(ref === 'main' ? {} : { revision: ref }) });
		return false;
	} catch (error) {
		if (!(error instanceof Failure)) throw error;
		return away.has(error.code); // what else is wrong, the download itself finds out and says
	}
}

/**
 * What is to be done about it. `kept`: nothing. `anew`: files are missing, or the Hub is there to be asked what its
 * branch means now. `unasked`: the Hub is away, and the files of the last time are whole.
 */
export async function renewalOf(record: DownloadRecord, options: RenewalOptions): Promise<'kept' | 'anew' | 'unasked'> {
	const { hub, root, boot, refresh } = options;
	if (!(await isWhole(record, root, boot))) return 'anew';
	if (!refresh) return 'kept';
	return (await isAway(record, hub)) ? 'unasked' : 'anew';
}
