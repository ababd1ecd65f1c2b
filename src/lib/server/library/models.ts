// The library entry `modeldex/models`: what is true about models as functions, and the models that one runtime loads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCompatibleQuery, type CompatibleModels } from '#lib/core/compatible-query.ts';
import type { SortKey, SortOrder } from '#lib/core/query.ts';
import { builtInProfile, withoutOwn } from '#lib/core/runtime-profiles.ts';
import { baseRuntime, parseRuntime as idOf, type BuiltInRuntime, type RuntimeProfile } from '#lib/core/runtime.ts';
import { packageFolder } from '#lib/server/package-folder.ts';

export { normalize } from '#lib/core/characteristics.ts';
export { classify } from '#lib/core/classification.ts';
export { checkCompatibility, type CompatibilityReport } from '#lib/core/compatibility.ts';
export type { CompatibleModels } from '#lib/core/compatible-query.ts';
export type { Recommendation } from '#lib/core/compatibility-advice.ts';
export { parseConfigText } from '#lib/core/config-text.ts';
export { recordFromListing, withCharacteristics } from '#lib/core/entry.ts';
export { Failure, type FailureCode } from '#lib/core/failure.ts';
export type { ListingFacts } from '#lib/core/listing.ts';
export type { ModelCharacteristics, ModelEntry, ModelRecord } from '#lib/core/model.ts';
export { subjectOf, type CompatibilitySubject } from '#lib/core/run-facts.ts';
export { builtInProfiles as runtimeProfiles } from '#lib/core/runtime-profiles.ts';
export { builtInRuntimes as runtimeIds } from '#lib/core/runtime.ts';
export type { BuiltInRuntime as RuntimeId, RuntimeProfile } from '#lib/core/runtime.ts';
export type { WeightFormat } from '#lib/core/weight-formats.ts';

/** The profile of a runtime. */
export function runtimeProfile(id: BuiltInRuntime): RuntimeProfile {
	return builtInProfile(id);
}

/** The id of a runtime by any spelling of its name. Throws `invalid_query` with the nearest name for one that is not known. */
export function parseRuntime(name: string): BuiltInRuntime {
	const id = idOf(name, withoutOwn);
	return baseRuntime(id, withoutOwn) ?? 'llm-worker';
}

/** What is asked for; see each default. */
export interface CompatibleHuggingFaceOptions {
	/** Any spelling of a runtime's name; the LLM worker when left out. */
	runtime?: string;
	/** 1 to 1,000; 100 when left out. */
	limit?: number;
	/** `downloads` when left out. */
	sort?: SortKey;
	/** Descending when left out, names ascending. */
	order?: SortOrder;
	/** Leave out models whose context is longer than the runtime takes. */
	strictContext?: boolean;
	/** Where HF_TOKEN, HF_ENDPOINT, MODELDEX_HOME and the other settings are read; the process's environment otherwise. */
	env?: Readonly<Record<string, string | undefined>>;
	signal?: AbortSignal;
}

function ourVersion(): string {
	const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
	return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? '0.0.0';
}

function questionOf({ runtime, limit, sort, order, strictContext }: CompatibleHuggingFaceOptions) {
	const params = new URLSearchParams();
	const put = (name: string, value: unknown) => value !== undefined && params.set(name, String(value));
	put('runtime', runtime);
	put('limit', limit);
	put('sort', sort);
	put('order', order);
	put('strict_context', strictContext);
	return parseCompatibleQuery(params, withoutOwn);
}

/**
 * Models of the Hugging Face Hub that a runtime loads: pages through the Hub's listing until there are `limit` of them or
 * the listing ends, and says how many were looked at. Without the Hub the catalog in MODELDEX_HOME answers, which begins
 * with the shipped list. Throws a `Failure`: `invalid_query` for what cannot be asked, `database` for a data folder that
 * cannot be used.
 */
export async function getCompatibleHuggingFaceModels(
	options: CompatibleHuggingFaceOptions = {},
): Promise<CompatibleModels> {
	const question = questionOf(options);
	const { env = process.env, signal } = options;
	const [{ createApp }, { settingsOf }] = await Promise.all([
		import('#lib/server/app.ts'),
		import('#lib/server/environment.ts'),
	]);
	const app = await createApp({ settings: settingsOf({ ...env }), version: ourVersion(), background: false });
	try {
		return await app.compatibleModels.find({ ...question, signal });
	} finally {
		await app.close();
	}
}
