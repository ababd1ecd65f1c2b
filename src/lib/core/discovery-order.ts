// What may be asked of a discovery: the request's schema with its bounds, and the plan it comes to with the defaults.
import { z } from 'zod';
import { discoveryDefaults, type DiscoveryParams } from '#lib/core/discovery.ts';

/** Models that may be handed in, and that may be listed. */
export const mostModels = 50_000;

/** Bytes of a request that hands in as many models as allowed. */
export const mostOrderBytes = 32 * 1024 * 1024;

const sibling = z.union([z.string().max(1024), z.looseObject({ rfilename: z.string().max(1024) })]);

/** One row of a list handed in, in the Hub's field names; whatever else it holds is passed over. */
const handedSchema = z.looseObject({
	id: z.string().min(1).max(200),
	pipeline_tag: z.string().max(400).nullish(),
	tags: z.array(z.string()).max(5000).optional(),
	siblings: z.array(sibling).max(20_000).optional(),
	model_type: z.string().max(400).nullish(),
	architectures: z.array(z.string()).max(100).nullish(),
	library_name: z.string().max(400).nullish(),
});

/** A count within bounds; the sentence says them. */
function count(least: number, most: number) {
	const bounds = `expected a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}`;
	return z.int(bounds).min(least, bounds).max(most, bounds);
}

/** The caller's own name for a run. */
export const runIdSchema = z
	.string()
	.regex(/^[\w.:-]{1,100}$/, 'expected up to 100 letters, digits, "-", "_", "." or ":"');

export const discoveryParamsSchema = z
	.strictObject({
		maxCandidates: count(0, mostModels).optional(),
		concurrency: count(1, 64).optional(),
		/** Milliseconds for the reply to one request to begin; a slow but steady body has longer. */
		timeoutMs: count(50, 120_000).optional(),
		retries: count(0, 10).optional(),
		listLimit: count(1, mostModels).optional(),
		hfToken: z
			.string()
			.regex(/^[\x21-\x7e]{1,500}$/, 'expected a token without spaces')
			.nullable()
			.optional(),
		models: z.array(handedSchema).max(mostModels).optional(),
		wait: z.boolean().optional(),
		continueFrom: runIdSchema.optional(),
	})
	.refine(({ models, continueFrom }) => models === undefined || continueFrom === undefined, {
		path: ['continueFrom'],
		error: 'an earlier run brings its own list, so models cannot be handed in with it',
	});

/** Body of a request: the message that travels between page and worker is one, and so is its bare content. */
export const discoveryOrderSchema = z.strictObject({
	action: z.literal('listChatModels').optional(),
	id: runIdSchema.optional(),
	params: discoveryParamsSchema.optional(),
});
export type DiscoveryOrder = z.infer<typeof discoveryOrderSchema>;

/** Everything a run is told, defaults filled in. The token is no part of it: it belongs to the one who asks. */
export interface DiscoveryPlan {
	maxCandidates: number;
	concurrency: number;
	timeoutMs: number;
	retries: number;
	/** Models to list at most; for a list handed in, how many of it are taken. */
	listLimit: number;
	wait: boolean;
	models: DiscoveryParams['models'] | null;
	continueFrom: string | null;
}

/** The plan of a request. A list handed in is taken whole unless a limit is named. */
export function planOf(params: DiscoveryParams = {}): DiscoveryPlan {
	const { listLimit, maxCandidates, concurrency, timeoutMs, retries } = discoveryDefaults;
	return {
		maxCandidates: params.maxCandidates ?? maxCandidates,
		concurrency: params.concurrency ?? concurrency,
		timeoutMs: params.timeoutMs ?? timeoutMs,
		retries: params.retries ?? retries,
		listLimit: params.listLimit ?? (params.models === undefined ? listLimit : mostModels),
		wait: params.wait ?? true,
		models: params.models ?? null,
		continueFrom: params.continueFrom ?? null,
	};
}
