// The look before the click: which files, how many bytes, whether there is room, whether it fits, whether one may.
import type { DownloadOrder } from '#lib/core/download.ts';
import type { DownloadPlan, PlannedFile } from '#lib/core/download-plan.ts';
import type { Fit } from '#lib/core/fit.ts';
import { Failure } from '#lib/core/failure.ts';
import { isDigest } from '#lib/core/repository.ts';
import { join } from 'node:path';
import type { Hub } from '#lib/server/hub.ts';
import { onDisk } from '#lib/server/downloads/disk-failure.ts';
import { resolveOrder, type Resolved } from '#lib/server/downloads/resolve.ts';
import { bytesHere, roomFor, type FreeBytes } from '#lib/server/downloads/space.ts';

interface PlannerOptions {
	hub: Hub;
	root: string;
	boot: string;
	freeBytes: FreeBytes;
	keepFree: number;
	reserved: () => number;
	/** Does it fit the current device? Null when there is nobody to ask. */
	fit: ((id: string, quant: string | null, signal: AbortSignal | undefined) => Promise<Fit>) | null;
}

/** Makes plans; changes nothing. */
export class Planner {
	readonly #options: PlannerOptions;

	constructor(options: PlannerOptions) {
		this.#options = options;
	}

	/** The plan of an order. Throws what a download of it would fail with, but for a gate and a lack of room. */
	async plan(order: DownloadOrder, signal?: AbortSignal): Promise<DownloadPlan> {
		const { hub, root, freeBytes, keepFree, reserved } = this.#options;
		const found = await resolveOrder(hub, order, { signal, priority: 'click', probe: true });
		const [files, fit, free] = await Promise.all([this.#files(found), this.#fit(found, signal), freeBytes(root)]);
		const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
		const missing = files.reduce((sum, { bytes, here }) => sum + bytes - here, 0);
		const room = roomFor({ missingBytes: missing, free, reserved: reserved(), keepFree });
		return {
			...{ model_id: found.id, revision: found.commit, files, total, missing, gate: found.gate, fit },
			...{ license: found.license, quant: found.quant, quants: found.quants, offers: found.offers },
			warnings: found.warnings,
			disk: { free_bytes: free, reserved_bytes: room.reserved, need_bytes: room.need, enough: room.isEnough },
		};
	}

	async #files({ id, files }: Resolved): Promise<PlannedFile[]> {
		const { root, boot } = this.#options;
		const blobs = join(root, `models--${id.replaceAll('/', '--')}`, 'blobs');
		const planned: PlannedFile[] = [];
		for (const { path, total, digest } of files) {
			const blob = digest !== null && isDigest(digest) ? join(blobs, digest) : null;
			const here = blob === null ? 0 : await onDisk(path, () => bytesHere(blob, { total }, boot));
			planned.push({ path, bytes: total, here, digest });
		}
		return planned;
	}

	async #fit({ id, quant }: Resolved, signal: AbortSignal | undefined): Promise<Fit | null> {
		try {
			return (await this.#options.fit?.(id, quant, signal)) ?? null;
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			return null; // a hint: without it the plan is as good
		}
	}
}
