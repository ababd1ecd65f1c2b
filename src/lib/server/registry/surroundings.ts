// What plans are made from besides the file: the table of prices, the types of providers, and which variables are set.
import { Failure } from '#lib/core/failure.ts';
import type { ProviderConfig } from '#lib/core/registry/config.ts';
import { findProvider } from '#lib/core/registry/provider-table.ts';
import type { ModelFacts, ProviderFacts, Surroundings } from '#lib/core/registry/plan.ts';
import { checkBaseUrl, findKey } from '#lib/server/providers/address.ts';
import { addressOf } from '#lib/server/providers/providers.ts';
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
	const { id, kind, keys, needsKey, cancelStopsBilling, baseUrl, isFree = false, runsHere = false } = row;
	return {
		type: id,
		isLocal: kind === 'local',
		keyNames: keys,
		needsKey,
		// Where it depends on who serves the call, nobody knows it here.
		cancelStopsBilling: cancelStopsBilling === 'upstream' ? null : cancelStopsBilling,
		baseUrl: baseUrl === '' ? null : baseUrl,
		isFree,
		runsHere,
	};
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Why a provider has no key to be called with, by the rule that calls go by; null for one whose address is the problem. */
function keyProblem({ type, base_url, api_key_env }: ProviderConfig, env: Environment): string | null {
	const row = findProvider(type);
	if (row === null || (row.runsHere === true && base_url === undefined)) return null;
	try {
		const base = addressOf({ name: type, baseUrl: base_url ?? null }, row, env);
		return findKey({ row, base, variable: api_key_env ?? null, env }).problem;
	} catch (error) {
		if (error instanceof Failure) return null;
		throw error;
	}
}

/** What the rule that calls go by has against the address of a provider. */
function addressProblem({ base_url }: ProviderConfig): string | null {
	if (base_url === undefined) return null;
	try {
		checkBaseUrl(base_url, 'operator');
		return null;
	} catch (error) {
		if (error instanceof Failure) return error.message;
		throw error;
	}
}

/** The surroundings of this process. Variables are looked up at each question, so that a key may come later. */
export function surroundings(env: Environment): Surroundings {
	return {
		provider: providerFacts,
		model: (type, model) => {
			const row = byModel.get(`${providerFacts(type)?.type ?? type}/${model}`);
			return row === undefined ? null : modelFacts(row);
		},
		hasVariable: (name) => (env[name] ?? '').trim() !== '',
		keyProblem: (provider) => keyProblem(provider, env),
		addressProblem,
	};
}
