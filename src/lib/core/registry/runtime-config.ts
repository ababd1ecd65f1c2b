// Runtimes that a registry file describes: one that is known, with another name, version, context, and shorter or longer lists.
import { z } from 'zod';
import { builtInProfile, type OwnProfile } from '#lib/core/runtime-profiles.ts';
import { builtInRuntimes, type RuntimeEngine } from '#lib/core/runtime.ts';
import { weightFormats } from '#lib/core/weight-formats.ts';

/** Runtimes of one file: each takes one bit beside the known ones. */
const mostRuntimes = 12;
const mostTokens = 100_000_000;

/** Names of classes (`LlamaForCausalLM`), model types (`llama`) or GGUF architectures. */
const architectures = z
	.array(z.string().regex(/^[\w.+-]{1,100}$/, 'is no name of an architecture'))
	.min(1)
	.max(500);

/** One runtime. What is left out is as in the runtime that it begins with. */
export const runtimeConfigSchema = z
	.strictObject({
		/** The runtime whose lists it begins with. */
		base: z.enum(builtInRuntimes, `is one of ${builtInRuntimes.join(', ')}`),
		name: z.string().trim().min(1).max(60).optional(),
		version: z.string().trim().min(1).max(60).optional(),
		/** Most tokens it takes. */
		context: z.number().int('is a whole number of tokens').min(1).max(mostTokens).optional(),
		/** The only formats it loads. */
		formats: z.array(z.enum(weightFormats)).min(1).optional(),
		/** The only quantization methods it loads, beside none. */
		quantization: z.array(z.string().max(60)).optional(),
		/** The only architectures it runs. */
		architectures: architectures.optional(),
		/** Architectures that it runs besides, and those that it does not. */
		add: architectures.optional(),
		without: architectures.optional(),
	})
	.superRefine(({ base, formats, quantization }, context) => {
		const { engines } = builtInProfile(base);
		const refuse = (path: [string, number], message: string) => context.addIssue({ code: 'custom', path, message });
		const known = new Set<string>(engines.flatMap((engine) => engine.formats));
		for (const [at, format] of (formats ?? []).entries()) {
			if (!known.has(format)) refuse(['formats', at], `is not loaded by ${base}, which loads ${[...known].join(', ')}`);
		}
		const lists = engines.map((engine) => engine.quantization);
		const methods = lists.flatMap((list) => (list === null ? [] : Object.keys(list)));
		for (const [at, method] of (quantization ?? []).entries()) {
			if (!methods.includes(method) && lists.every((list) => list !== null))
				refuse(['quantization', at], `is not loaded by ${base}, which loads ${[...new Set(methods)].join(', ')}`);
		}
	});

export type RuntimeConfig = z.infer<typeof runtimeConfigSchema>;

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The runtimes of a file by id. An id that reads like that of a known runtime is refused. */
export const runtimesSchema = z
	.record(
		z.string().regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'is no name: small letters, digits, dots and dashes, at most 40'),
		runtimeConfigSchema,
	)
	.superRefine((runtimes, context) => {
		const names = Object.keys(runtimes);
		for (const [at, id] of names.entries()) {
			const known = builtInRuntimes.find((other) => plain(other) === plain(id));
			const twin = names.slice(0, at).find((other) => plain(other) === plain(id));
			const same = known ?? twin;
			if (same === undefined) continue;
			context.addIssue({ code: 'custom', path: [id], message: `is too much like the name of ${same}` });
		}
		if (names.length > mostRuntimes)
			context.addIssue({ code: 'custom', path: [], message: `are more than ${mostRuntimes}` });
	});

/** A list with another list's names alone, or with more or fewer; what is left out of the file changes nothing. */
function changed(
	list: readonly string[] | undefined,
	{ architectures: only, add = [], without = [] }: RuntimeConfig,
): readonly string[] | undefined {
	if (list === undefined) return undefined;
	const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
	const kept = only === undefined ? null : lower(only);
	const gone = lower(without);
	const left = list.filter((name) => kept === null || kept.has(name.toLowerCase()));
	return [...left, ...add].filter((name) => !gone.has(name.toLowerCase()));
}

function engineOf(engine: RuntimeEngine, config: RuntimeConfig): RuntimeEngine {
	const { formats, quantization, architectures: only, version, add, without } = config;
	const { backend, derivedStems, ...rest } = engine;
	const isNarrower = only !== undefined || without !== undefined;
	const named = only === undefined || engine.architectures !== undefined || engine.types !== undefined;
	const noAdditions = { ...config, add: [] };
	const pick = (key: 'derivedArchitectures' | 'derivedTypes') => {
		const list = changed(engine[key], noAdditions);
		return list === undefined ? {} : { [key]: list };
	};
	const methods =
		quantization === undefined || engine.quantization === null
			? engine.quantization
			: Object.fromEntries(Object.entries(engine.quantization).filter(([method]) => quantization.includes(method)));
	return {
		...rest,
		version: version ?? engine.version,
		formats: engine.formats.filter((format) => formats === undefined || formats.includes(format)),
		architectures: changed(engine.architectures ?? (add === undefined ? undefined : []), config) ?? [],
		types: changed(engine.types ?? (add === undefined ? undefined : []), config) ?? [],
		...pick('derivedArchitectures'),
		...pick('derivedTypes'),
		quantization: methods,
		// What is guessed from parts of names, or run by another path, is not on the list that the file gives.
		...(isNarrower || !named ? {} : { ...(backend && { backend }), ...(derivedStems && { derivedStems }) }),
		...(isNarrower ? { isOpen: false } : {}),
	};
}

/** The profile of a described runtime. */
export function ownProfile(id: string, config: RuntimeConfig): OwnProfile {
	const base = builtInProfile(config.base);
	const context =
		config.context === undefined
			? base.context
			: { limit: config.context, rule: 'the limit that the registry file gives it' };
	const engines = base.engines.map((engine) => engineOf(engine, config));
	return {
		...base,
		base: config.base,
		id,
		name: config.name ?? id,
		version: config.version ?? base.version,
		source: `the registry file, on top of ${base.name} ${base.version}`,
		engines: engines.filter(({ formats }) => formats.length > 0),
		context,
	};
}
