// What plans are made from besides the file: the table of prices, the types of providers, and which variables are set.
import { findProvider } from '#lib/core/registry/provider-table.ts';
import type { ModelFacts, ProviderFacts, Surroundings } from '#lib/core/registry/plan.ts';
import { priceRows, pricesAsOf, type PriceRow } from '#lib/core/tables/prices.ts';

const byModel = new Map(priceRows.map((row) => [`${row.type}/${row.id}`, row]));

function modelFacts(row: PriceRow): ModelFacts {
	const { input, output, cache_read, cache_write, reasoning, input_audio, tiers = [] } = row;
	return {
		price: {
			rates: { input, output, cache_read, cache_write, reasoning, input_audio },
			tiers,
			source: `table ${pricesAsOf}`,
		},
		context: row.context ?? null,
		maxOutput: row.maxOutput ?? null,
		tools: row.tools ?? null,
		isDeprecated: row.isDeprecated === true,
	};
}

/** What the table of providers says about a type; null for one nobody knows. */
export function providerFacts(type: string): ProviderFacts | null {
	const row = findProvider(type);
	if (row === null) return null;
	const { id, kind, keys, needsKey, cancelStopsBilling, baseUrl } = row;
	return {
		type: id,
		isLocal: kind === 'local',
		keyNames: keys,
		needsKey,
		// Where it depends on who serves the call, nobody knows it here.
		cancelStopsBilling: cancelStopsBilling === 'upstream' ? null : cancelStopsBilling,
		baseUrl: baseUrl === '' ? null : baseUrl,
	};
}

/** The surroundings of this process. Variables are looked up at each question, so that a key may come later. */
export function surroundings(env: Readonly<Record<string, string | undefined>>): Surroundings {
	return {
		provider: providerFacts,
		model: (type, model) => {
			const row = byModel.get(`${providerFacts(type)?.type ?? type}/${model}`);
			return row === undefined ? null : modelFacts(row);
		},
		hasVariable: (name) => (env[name] ?? '').trim() !== '',
	};
}
