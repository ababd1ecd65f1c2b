// The two tables about models with short names: how they are fetched, and how they are used; they speak of the same models.
import { expect, it } from 'vitest';
import { localModels } from '#lib/core/tables/local-models.ts';
import { namedModels } from '#lib/core/tables/named-models.ts';

it('models with short names are the same where they are fetched and where they are used', () => {
	const used = new Map(localModels.map((model) => [model.name, model]));
	const both = namedModels.filter(({ name }) => used.has(name));
	expect(both.length).toBeGreaterThanOrEqual(6);
	for (const { name, id, kind, license } of both) expect(used.get(name)).toMatchObject({ name, id, kind, license });
});
