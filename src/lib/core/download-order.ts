// What a person orders or changes of downloads, as it comes in from outside: bodies of requests and queries of plans.
import { z } from 'zod';
import type { DownloadOrder } from '#lib/core/download.ts';
import { Failure } from '#lib/core/failure.ts';
import { refuseOthers } from '#lib/core/parameter.ts';
import { parseRepositoryId, parseRevision, quoted } from '#lib/core/repository.ts';
import { meantId, namedModel } from '#lib/core/tables/named-models.ts';

const pattern = z.string().min(1).max(1024);
const patterns = z.array(pattern).max(1000);

/** Body of `POST /api/downloads`. */
export const orderSchema = z.strictObject({
	id: z.string().max(300),
	revision: z.string().max(300).optional(),
	files: patterns.optional(),
	exclude: patterns.optional(),
	quant: z.string().min(1).max(40).nullish(),
	allow_unsafe: z.boolean().optional(),
	/** Ask the Hub for something newer, too, when it is ready. */
	refresh: z.boolean().optional(),
});
export type OrderBody = z.infer<typeof orderSchema>;

/** The order of a body; its id may be the short name of a model. Throws `invalid_model_id` and `invalid_revision`; nothing is asked of anybody for those. */
export function orderOf({
	id,
	revision = 'main',
	files = [],
	exclude = [],
	quant = null,
	allow_unsafe = false,
}: OrderBody): DownloadOrder {
	const model_id = parseRepositoryId(meantId(id));
	const wanted = files.length > 0 || quant !== null ? files : [...(namedModel(id)?.files ?? [])];
	return { model_id, revision: parseRevision(revision), files: wanted, exclude, quant, allow_unsafe };
}

/** What a person can do with a download. */
export const downloadActions = ['pause', 'resume', 'retry', 'cancel'] as const;
export type DownloadAction = (typeof downloadActions)[number];

/** Body of `PATCH /api/downloads/{id}`. `before`: the download to come before; null for the end of the queue. */
export const changeSchema = z.union([
	z.strictObject({ action: z.enum(downloadActions) }),
	z.strictObject({ action: z.literal('move'), before: z.string().max(100).nullable() }),
]);

/** How much may happen at once. `bytes_per_second` null: as fast as it comes. */
export const limitsSchema = z.strictObject({
	parallel: z.number().int().min(1).max(8),
	bytes_per_second: z.number().int().min(16_384).max(1e12).nullable(),
});
export type DownloadLimits = z.infer<typeof limitsSchema>;

/** Is this one of the words a download is told? Throws `not_found` for others, which are addresses that there are not. */
export function parseAction(word: string): DownloadAction {
	const found = downloadActions.find((action) => action === word);
	if (found !== undefined) return found;
	throw new Failure('not_found', `A download cannot be told to "${quoted(word)}".`);
}

const planNames = { once: ['id', 'revision', 'quant', 'allow_unsafe'], many: ['file', 'exclude'] };

/** The order in the query of a plan; `file` and `exclude` may repeat. Throws `invalid_query` and `unknown_field`. */
export function parsePlanQuery(params: URLSearchParams): DownloadOrder {
	refuseOthers(params, planNames);
	const id = params.get('id') ?? '';
	if (id === '') throw new Failure('invalid_query', 'The parameter id is missing: the model to download.');
	const unsafe = params.get('allow_unsafe') ?? '0';
	if (!['0', '1', 'true', 'false'].includes(unsafe)) {
		throw new Failure('invalid_query', `"${quoted(unsafe)}" is not a value for allow_unsafe: expected 1 or 0.`);
	}
	const order = {
		id,
		revision: params.get('revision') ?? 'main',
		files: params.getAll('file'),
		exclude: params.getAll('exclude'),
		quant: params.get('quant'),
		allow_unsafe: unsafe === '1' || unsafe === 'true',
	};
	const parsed = orderSchema.safeParse(order);
	if (parsed.success) return orderOf(parsed.data);
	const [issue] = parsed.error.issues;
	throw new Failure(
		'invalid_query',
		`"${quoted(String(issue?.path[0] ?? 'id'))}" is not right: ${quoted(issue?.message ?? '')}.`,
	);
}
