// The plan of an order, before anything is fetched: which files, how many bytes, whether there is room, what else there is.
import type { GateState } from '#lib/core/download.ts';
import type { Fit } from '#lib/core/fit.ts';

/** One file of a plan. `here`: bytes that are on the disk already. `digest` null: hidden behind a gate. */
export interface PlannedFile {
	path: string;
	bytes: number;
	here: number;
	digest: string | null;
}

/**
 * Weights that could be ordered instead: `quant` is set for those of a GGUF file, which are ordered by it; the others are
 * ordered by `files`, the weights with what loaders read beside them. `bytes` are those of the weights.
 */
export interface WeightOffer {
	name: string;
	quant: string | null;
	bytes: number;
	files: string[];
}

/**
 * What an order would do. `total` are the bytes of all files, `missing` those to fetch. `disk.free_bytes` null is not
 * known; `need_bytes` is with what stays free for everything else. `fit` null: not known, or asked without one.
 */
export interface DownloadPlan {
	model_id: string;
	revision: string;
	files: PlannedFile[];
	total: number;
	missing: number;
	disk: { free_bytes: number | null; reserved_bytes: number; need_bytes: number; enough: boolean };
	gate: { state: GateState; message: string };
	license: string | null;
	quant: string | null;
	/** Labels of the GGUF files there are to choose from. */
	quants: string[];
	/** Whole sets of weights there are to choose from, largest first. */
	offers: WeightOffer[];
	fit: Fit | null;
	warnings: string[];
}
