// Letting a candidate or a provider that rests after failures be asked again at once, because somebody says so.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { nearestNames } from '#lib/core/likeness.ts';
import type { Breakers } from '#lib/server/registry/breakers.ts';
import type { Registry } from '#lib/server/registry/registry.ts';

/** Body of `POST /api/registry/breakers/reset`. Without a name every breaker is closed. */
export const breakerResetBody = z.strictObject({ name: z.string().min(1).max(300).optional() });

/** Everything in the file that has a breaker: providers, and the candidates of tiers and experiments. */
function namesIn({ providers, tiers, experiments }: Registry['config']): string[] {
	const routes = [...Object.values(tiers), ...Object.values(experiments)];
	return [...Object.keys(providers), ...routes.flatMap((route) => route.providers.map(({ model }) => model))];
}

/**
 * Closes the breaker of this candidate or provider, or every one; gives the names of those that were open. Throws
 * `not_found` for a name that neither the file nor an earlier request has.
 */
export function resetBreakers(
	name: string | undefined,
	{ registry, breakers }: { registry: Pick<Registry, 'config'>; breakers: Breakers },
): string[] {
	const known = namesIn(registry.config);
	if (name === undefined || known.includes(name) || breakers.knows(name)) return breakers.reset(name);
	const [nearest] = nearestNames(name, known);
	const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
	throw new Failure('not_found', `There is no candidate or provider of this name.${hint}`);
}
