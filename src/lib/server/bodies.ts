// Bodies of requests that belong to no other file: routes check them by these, and the description of the API shows them.
import { z } from 'zod';
import { calibrationMethods } from '#lib/core/classify-calibration.ts';
import { classifyOptionsSchema } from '#lib/core/classify-order.ts';
import { localTools } from '#lib/core/inventory.ts';
import { importWays } from '#lib/server/inventory/importing.ts';
import { pruneKinds } from '#lib/server/inventory/prune.ts';

/** Body of `POST /api/models/configs`. */
export const configsBody = z.strictObject({ ids: z.array(z.string().max(300)).min(1).max(200) });

/** Body of `POST /api/local/folders`. */
export const folderBody = z.strictObject({ path: z.string().min(1).max(4096), id: z.string().max(200).nullish() });

/** Body of `POST /api/local/import`. */
export const importBody = z.strictObject({
	path: z.string().min(1).max(4096),
	id: z.string().max(200).nullish(),
	way: z.enum(importWays).default('copy'),
});

/** Body of `POST /api/local/prune`. */
export const pruneBody = z.strictObject({
	kinds: z.array(z.enum(pruneKinds)).min(1).default(['partial', 'orphan']),
	older_than_days: z.number().min(0).max(36_500).default(0),
	tools: z.array(z.enum(localTools)).min(1).optional(),
	confirm: z.boolean().default(false),
	dry_run: z.boolean().default(false),
});

/** Body of `PUT /api/registry/config`. */
export const registryFileBody = z.strictObject({
	text: z.string().max(300_000),
	dry_run: z.boolean().default(false),
});

const { model, categories, dtype, template, with_path, gather } = classifyOptionsSchema;

const labelled = z.strictObject({
	text: z.string().max(1_000_000),
	label: z.string(),
	path: z.string().max(1000).optional(),
});
/** Body of `POST /api/calibrations`. */
export const calibrationBody = z.strictObject({
	...{ model, categories, dtype, template, with_path, gather },
	texts: z.array(labelled).min(1).max(5000),
	method: z.enum(calibrationMethods).optional(),
	precision: z.number().min(0.5).max(1).optional(),
});
