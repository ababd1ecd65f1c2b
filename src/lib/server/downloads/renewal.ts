// A finished download that is ordered again: whether its files are still here, and whether the Hub can say if they are old.
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { newDownload, type DownloadRecord } from '#lib/core/download.ts';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import { onDisk } from '#lib/server/downloads/disk-failure.ts';
import { stampOf } from '#lib/server/downloads/file-stamp.ts';
import { bytesHere } from '#lib/server/downloads/space.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { FileHashes } from '#lib/server/inventory/reading.ts';

interface RenewalOptions {
	hub: Pick<Hub, 'info' | 'offline'>;
	/** The model cache. */
	root: string;
	boot: string;
	/** What was read before, whoever read it. */
	hashes: Pick<FileHashes, 'has'>;
	/** Is the Hub to be asked whether there is something newer? */
	refresh: boolean;
}

/** Failures that say nothing about the model: what is here has to do. */
const away = new Set<FailureCode>(['offline', 'hub_unreachable', 'hub_timeout', 'hub_error', 'rate_limited']);

/** What is said of files that are whole and perhaps old. */
export const notAsked =
	'The Hub could not be asked whether there is something newer; the files of the last time are here and whole.';

/** Are the files of a download here? `changed`: somebody touched one since it was verified, perhaps for the worse. */
async function whole(
	{ files, model_id }: DownloadRecord,
	{ root, boot, hashes }: RenewalOptions,
): Promise<'whole' | 'changed' | 'missing'> {
	let isChanged = false;
	for (const { path, digest, total } of files) {
		const blob = join(root, `models--${model_id.replaceAll('/', '--')}`, 'blobs', digest);
		if ((await onDisk(path, () => bytesHere(blob, { total }, boot))) < total) return 'missing';
		const real = await realpath(blob).catch(() => null);
		if (real === null) return 'missing';
		const stamp = await onDisk(path, () => stampOf(real));
		isChanged ||= !hashes.has(real, stamp, digest);
	}
	return files.length === 0 ? 'missing' : isChanged ? 'changed' : 'whole';
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
 * What is to be done about it. `kept`: nothing. `again`: its files are to be looked at, and what is damaged is fetched,
 * at the commit it has. `anew`: files are missing, or the Hub is there to be asked what its branch means now. `unasked`:
 * the Hub is away, and the files of the last time are whole.
 */
export async function renewalOf(
	record: DownloadRecord,
	options: RenewalOptions,
): Promise<'kept' | 'again' | 'anew' | 'unasked'> {
	const { hub, refresh } = options;
	const found = await whole(record, options);
	if (found === 'missing') return 'anew';
	if (refresh && !(await isAway(record, hub))) return 'anew';
	if (found === 'changed') return 'again';
	return refresh ? 'unasked' : 'kept';
}

/** A ready download that starts over: `again` at the commit and with the files it has, `anew` with neither. */
export function startedOver(record: DownloadRecord, renewal: 'again' | 'anew', at: number): DownloadRecord {
	const { id, order, created_at, model_id, revision, total } = record;
	const fresh = { ...newDownload(id, order, at), created_at };
	if (renewal === 'anew') return fresh;
	const files = record.files.map((file) => ({ ...file, bytes: 0, state: 'waiting' as const }));
	return { ...fresh, model_id, revision, total, files };
}
