// The registry file and the files of users, as schemas: providers, tiers, experiments, defaults, rollout.
import { z } from 'zod';
import { isRegistryName, parseSpec, type ModelSpec } from '#lib/core/registry/spec.ts';
import { isPercent } from '#lib/core/registry/rollout.ts';
import { runtimesSchema } from '#lib/core/registry/runtime-config.ts';
import { strategies } from '#lib/core/registry/strategy.ts';

const dayMs = 86_400_000;
const milliseconds = z.number().int('is milliseconds, a whole number').min(1).max(dayMs);
const dollars = z.number().min(0).max(1_000_000);
const count = (most: number) => z.number().int().min(1).max(most);
const name = z
	.string()
	.refine(isRegistryName, 'is no name: small letters, digits, dots, dashes and underscores, at most 64');

/** Fields of a request that belong to the transport or to us and cannot be set for a candidate. */
const ownFields = ['model', 'stream', 'messages', 'prompt', 'input', 'api_key', 'api_base', 'base_url'];

function isCandidate(text: string): boolean {
	try {
		return parseSpec(text).kind === 'candidate';
	} catch {
		return false;
	}
}

const timeoutParts = z.strictObject({
	total: milliseconds.optional(),
	ttft: milliseconds.optional(),
	idle: milliseconds.optional(),
	attempt: milliseconds.optional(),
});
type TimeoutParts = z.infer<typeof timeoutParts>;

function isOrdered({ ttft, attempt, total }: TimeoutParts): boolean {
	return (ttft ?? 0) <= (attempt ?? total ?? Infinity) && Math.max(ttft ?? 0, attempt ?? 0) <= (total ?? Infinity);
}

/** A bare number is the total. */
const timeout = z.union([
	milliseconds.transform((total): TimeoutParts => ({ total })),
	timeoutParts.refine(isOrdered, 'has to keep ttft <= attempt <= total'),
]);

const rates = z.strictObject({
	input: dollars,
	output: dollars,
	cache_read: dollars.nullable().optional(),
	cache_write: dollars.nullable().optional(),
	reasoning: dollars.nullable().optional(),
	input_audio: dollars.nullable().optional(),
});

const candidateName = z.string().refine(isCandidate, {
	error: ({ input }) =>
		typeof input === 'string' && /^(tier|user):/.test(input)
			? 'names a tier or experiment; only candidates stand here, as provider/model'
			: 'is not provider/model',
});

const candidateSchema = z.union([
	candidateName.transform((model) => ({ model })),
	z.strictObject({
		model: candidateName,
		timeout: timeout.optional(),
		weight: z.number().positive().max(1000).optional(),
		params: z
			.record(z.string(), z.json())
			.refine((params) => !ownFields.some((field) => Object.hasOwn(params, field)), 'sets a field that is not its own')
			.optional(),
	}),
]);

const windows = ['minute', 'hour', 'day', 'week', 'month'] as const;

/** A bare number is dollars per calendar month. */
const limitSchema = z.union([
	dollars.transform((usd) => ({ usd, window: 'month' as const, mode: 'expected' as const })),
	z.strictObject({
		usd: dollars,
		window: z.enum(windows).default('month'),
		mode: z.enum(['hard', 'expected']).default('expected'),
	}),
]);

const queueSchema = z.strictObject({
	max: z.number().int().min(0).max(100_000).default(200),
	timeout: milliseconds.default(5000),
});

const fieldSchema = z.union([
	z.enum(['exact', 'normalized', 'set']),
	z.strictObject({ numeric: z.number().min(0).max(1) }),
	z.strictObject({ absolute: z.number().min(0) }),
]);

const consensusSchema = z
	.strictObject({
		compare: z.enum(['exact', 'normalized', 'json', 'embedding', 'judge']).default('normalized'),
		fields: z.record(z.string(), fieldSchema).default({}),
		quorum: count(7).optional(),
		minResponses: count(7).default(2),
		tieBreak: z.enum(['order', 'cheapest', 'error', 'judge']).default('order'),
		onNoQuorum: z.enum(['error', 'order', 'judge']).default('error'),
		onTooFew: z.enum(['error', 'best-effort']).default('error'),
		compose: z.union([z.literal('fields').transform(() => true), z.boolean()]).default(false),
		allowSameModel: z.boolean().default(false),
		threshold: z.number().min(-1).max(1).optional(),
		judge: candidateName.optional(),
		/** Makes the vectors by which `compare: embedding` tells answers apart. */
		embedding: candidateName.optional(),
		maxLanes: count(7).default(7),
		stream: z.literal('progress').optional(),
	})
	.refine(
		({ compare, tieBreak, onNoQuorum, judge }) =>
			judge !== undefined || ![compare, tieBreak, onNoQuorum].includes('judge'),
		{ message: 'is needed where a judge decides', path: ['judge'] },
	)
	.refine(({ compare, embedding }) => compare !== 'embedding' || embedding !== undefined, {
		message: 'names the model whose vectors are compared, such as local/multilingual-e5-small',
		path: ['embedding'],
	});

const tierFields = {
	strategy: z.enum(strategies),
	providers: z.array(candidateSchema).min(1, 'needs at least one candidate').max(20),
	description: z.string().max(500).optional(),
	timeout: timeout.optional(),
	retries: z
		.strictObject({ perCandidate: z.number().int().min(0).max(10).optional(), maxAttempts: count(30).optional() })
		.optional(),
	race: z
		.strictObject({
			stagger: z.union([z.literal('auto'), z.number().int().min(0).max(dayMs)]).default(0),
			maxLanes: count(5).default(5),
			winner: z.enum(['first-content', 'first-complete']).default('first-content'),
		})
		.optional(),
	consensus: consensusSchema.optional(),
	maxCost: dollars.optional(),
	costLimit: limitSchema.optional(),
	onUnknownPrice: z
		.union([z.enum(['reject', 'allow']), z.strictObject({ use: z.strictObject({ input: dollars, output: dollars }) })])
		.optional(),
	clampMaxTokens: z.boolean().default(false),
	defaultMaxOutput: count(10_000_000).optional(),
	strict: z.boolean().default(false),
	fallbackOn: z.array(z.literal('content_filter')).default([]),
	sideEffects: z.boolean().default(false),
	maxConcurrent: count(100_000).optional(),
	queue: queueSchema.optional(),
};

const needsTwo = 'needs at least two different candidates';

function distinct(providers: readonly { model: string }[]): number {
	return new Set(providers.map(({ model }) => model)).size;
}

/** A tier, and an experiment too: a strategy over candidates in their order, with its limits. */
export const tierConfigSchema = z
	.strictObject(tierFields)
	.refine(({ strategy, providers }) => !['race', 'consensus'].includes(strategy) || distinct(providers) >= 2, {
		message: needsTwo,
		path: ['providers'],
	})
	.refine(({ consensus, providers }) => (consensus?.quorum ?? 0) <= distinct(providers), {
		message: 'is more than there are candidates',
		path: ['consensus', 'quorum'],
	});

/** One provider. Its key is the name of an environment variable, never the key itself. */
export const providerConfigSchema = z.strictObject({
	type: name,
	base_url: z.url({ protocol: /^https?$/, error: 'is no http or https address' }).optional(),
	api_key_env: z
		.string()
		.regex(/^[A-Z][A-Z0-9_]{1,100}$/, 'is no name of an environment variable')
		.optional(),
	enabled: z.boolean().default(true),
	headers: z
		.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is no name of a header'), z.string().max(1000))
		.default({}),
	maxConcurrent: count(100_000).optional(),
	timeout: timeout.optional(),
	prices: z.record(z.string(), rates).default({}),
	costLimit: limitSchema.optional(),
	models: z.array(z.string().min(1).max(250)).max(1000).optional(),
});

const defaultsSchema = z.strictObject({
	tier: name.optional(),
	experiment: name.optional(),
	maxConcurrent: count(100_000).optional(),
	queue: queueSchema.optional(),
	timeout: timeout.optional(),
	costLimit: limitSchema.optional(),
	/** Of each user alone. */
	userCostLimit: limitSchema.optional(),
});

const percent = z.number().refine(isPercent, 'is a percentage from 0 to 100 with at most two decimals');
const userId = z.string().min(1).max(200);

const rolloutSchema = z.strictObject({
	enabled: z.boolean().default(true),
	percent: percent.default(100),
	salt: z.string().min(1).max(200).default('v1'),
	testUsers: z.array(userId).max(10_000).default([]),
	denied: z.array(userId).max(10_000).default([]),
});

const named = <S extends z.ZodType>(schema: S) => z.record(name, schema).default({});

/** The registry file. */
export const modelsConfigSchema = z.strictObject({
	version: z.literal(1, 'has to be 1'),
	name: z.string().max(200).optional(),
	providers: named(providerConfigSchema),
	tiers: named(tierConfigSchema),
	/** Other names for tiers. */
	aliases: named(name),
	experiments: named(tierConfigSchema),
	defaults: defaultsSchema.prefault({}),
	rollout: rolloutSchema.optional(),
	/** Answer a request for one model with the tier that this model belongs to. */
	autoTier: z.boolean().default(false),
	performanceTracking: z.boolean().default(true),
	/** Runtimes beside those that are known. */
	runtimes: runtimesSchema.default({}),
});

/** A user's own file: experiments over the providers of the registry file. */
export const userConfigSchema = z.strictObject({
	version: z.literal(1, 'has to be 1').optional(),
	name: z.string().max(200).optional(),
	experiments: named(tierConfigSchema),
	defaults: defaultsSchema.omit({ tier: true, userCostLimit: true }).prefault({}),
	performanceTracking: z.boolean().default(true),
});

/** A spec as text, read. */
export const modelSpecSchema = z.string().transform((text, context): ModelSpec => {
	try {
		return parseSpec(text);
	} catch (error) {
		context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'is no spec' });
		return z.NEVER;
	}
});

/** What a call through the library gives back besides the answer. Milliseconds, dollars; null is unknown. */
export const modelResultSchema = z.strictObject({
	id: z.string(),
	provider: z.string(),
	model: z.string(),
	strategy: z.enum(strategies),
	text: z.string(),
	latencyMs: z.number().min(0),
	costUsd: z.number().min(0).nullable(),
	usage: z.strictObject({ input: z.number(), output: z.number(), estimated: z.boolean() }).nullable(),
	attempted: z.array(z.string()),
	fallbackReason: z.string().nullable(),
});

export type ModelsConfig = z.infer<typeof modelsConfigSchema>;
export type ModelsConfigInput = z.input<typeof modelsConfigSchema>;
export type ProviderConfig = z.infer<typeof providerConfigSchema>;
export type TierConfig = z.infer<typeof tierConfigSchema>;
export type TierConfigInput = z.input<typeof tierConfigSchema>;
export type UserConfig = z.infer<typeof userConfigSchema>;
export type LimitConfig = z.infer<typeof limitSchema>;
export type ModelResult = z.infer<typeof modelResultSchema>;
export type RolloutConfig = z.infer<typeof rolloutSchema>;
