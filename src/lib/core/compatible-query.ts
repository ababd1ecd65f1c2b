// What a person asks about runtimes, from URL parameters: models of one runtime, or one model on several.
import type { ModelEntry } from '#lib/core/model.ts';
import { badChoice, badValue, refuseOthers } from '#lib/core/parameter.ts';
import { emptyQuery, sortKeys, type SortKey, type SortOrder } from '#lib/core/query.ts';
import { parseRuntime, type RuntimeId } from '#lib/core/runtime.ts';

/** A question for models of one runtime. */
export interface CompatibleQuery {
	runtime: RuntimeId;
	limit: number;
	sort: SortKey;
	order: SortOrder;
	/** Leave out models whose context is longer than the runtime takes. */
	strictContext: boolean;
}

/**
 * Answer of `GET /api/models/compatible`: `kept` of `checked` models run (of the catalog every model is checked).
 * `complete` is false when the listing went on after the most models that one question looks at.
 */
export interface CompatibleModels {
	models: ModelEntry[];
	checked: number;
	kept: number;
	source: 'hub' | 'catalog';
	complete: boolean;
}

/** Most models of one answer. */
export const mostCompatible = 1000;

function oneOf<T extends string>(params: URLSearchParams, name: string, choices: readonly T[], fallback: T): T {
	const value = params.get(name) ?? '';
	const found = choices.find((choice) => choice === value);
	if (value !== '' && found === undefined) throw badChoice(name, value, choices);
	return found ?? fallback;
}

function truth(params: URLSearchParams, name: string): boolean {
	return ['true', '1'].includes(oneOf(params, name, ['true', 'false', '1', '0'], 'false'));
}

function limitOf(params: URLSearchParams): number {
	const value = params.get('limit') ?? '';
	const limit = value === '' ? 100 : Number(value);
	if (Number.isInteger(limit) && limit >= 1 && limit <= mostCompatible) return limit;
	throw badValue('limit', value, `a whole number from 1 to ${mostCompatible}`);
}

/** The question for models of one runtime; throws `invalid_query` naming the parameter, `unknown_field` for others. */
export function parseCompatibleQuery(params: URLSearchParams): CompatibleQuery {
	refuseOthers(params, { once: ['runtime', 'limit', 'sort', 'order', 'strict_context'] });
	const runtime = params.get('runtime') ?? '';
	const sort = oneOf(params, 'sort', sortKeys, emptyQuery.sort);
	return {
		runtime: runtime === '' ? 'llm-worker' : parseRuntime(runtime),
		limit: limitOf(params),
		sort,
		order: oneOf(params, 'order', ['asc', 'desc'] as const, sort === 'name' ? 'asc' : 'desc'),
		strictContext: truth(params, 'strict_context'),
	};
}

/** The question for one model: which runtimes (all when none is named), and how strict about context. */
export function parseCompatibilityQuery(params: URLSearchParams): { runtimes: RuntimeId[]; strictContext: boolean } {
	refuseOthers(params, { once: ['strict_context'], many: ['runtime'] });
	const runtimes = params.getAll('runtime').filter((name) => name !== '');
	return { runtimes: [...new Set(runtimes.map(parseRuntime))], strictContext: truth(params, 'strict_context') };
}
