// Putting a model of this machine behind a tier: a change of the registry file that keeps everything else in it as it is.
import { isMap, isSeq, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import type { ModelsConfig } from '#lib/core/registry/config.ts';
import { findProvider } from '#lib/core/registry/provider-table.ts';
import { isRegistryName } from '#lib/core/registry/spec.ts';
import type { ModelKind } from '#lib/core/tables/named-models.ts';
import type { Engines } from '#lib/server/engine/engines.ts';
import type { RegistryFile } from '#lib/server/registry/registry-file.ts';
import type { Registry } from '#lib/server/registry/registry.ts';

/** Body of `POST /api/registry/candidates`. */
export const candidateBody = z.strictObject({
	model: z.string().min(1).max(250),
	tier: z.string().refine(isRegistryName, 'is no name: small letters, digits, dots, dashes and underscores'),
});

/** A model that stands behind a tier now. */
export interface PlacedCandidate {
	/** `tier:labels`, to be asked for at `operation` below `/v1`. */
	spec: string;
	candidate: string;
	operation: 'chat/completions' | 'embeddings';
	/** False where it stood there already, so that nothing was changed. */
	is_new: boolean;
}

/** What the kinds of models answer at `/v1`; null for those that only sort texts. */
const operations: Readonly<Record<ModelKind, PlacedCandidate['operation'] | null>> = {
	instruction: 'chat/completions',
	embedding: 'embeddings',
	nli: null,
	reranker: null,
};

/** The type of provider that has a model, and the provider's own name for it: engines of others go by their first part. */
function typeOf(model: string): { type: string; id: string } {
	const slash = model.indexOf('/');
	const row = slash < 0 ? null : findProvider(model.slice(0, slash));
	if (row?.kind !== 'local' || row.runsHere === true) return { type: 'local', id: model };
	return { type: row.id, id: model.slice(slash + 1) };
}

/** The provider of the file that is this type at its usual place, else a name for a new one. */
function providerFor(type: string, { providers }: Pick<ModelsConfig, 'providers'>): { name: string; isNew: boolean } {
	const found = Object.entries(providers).find(
		([, provider]) => findProvider(provider.type)?.id === type && provider.base_url === undefined && provider.enabled,
	);
	if (found !== undefined) return { name: found[0], isNew: false };
	const names = [type, `${type}-here`, `modeldex-${type}`];
	return {
		name: names.find((name) => !Object.hasOwn(providers, name)) ?? `${type}-${Object.keys(providers).length}`,
		isNew: true,
	};
}

function add(document: Document, { tier, candidate }: { tier: string; candidate: string }): void {
	const list = document.getIn(['tiers', tier, 'providers']);
	if (isSeq(list)) list.add(document.createNode(candidate));
	else document.setIn(['tiers', tier], document.createNode({ strategy: 'fallback', providers: [candidate] }));
}

interface Desk {
	registry: Pick<Registry, 'config'>;
	registryFile: Pick<RegistryFile, 'text' | 'save'>;
	engines: Pick<Engines, 'check'>;
}

/**
 * Puts a model last behind a tier, which is made where there is none. The file is checked and kept like one that a person
 * saves. Throws `unsupported_operation` for a model that only sorts texts, what finding it throws, and `invalid_config`.
 */
export async function placeCandidate(
	{ model, tier }: z.infer<typeof candidateBody>,
	{ registry, registryFile, engines }: Desk,
): Promise<PlacedCandidate> {
	const kind = await engines.check(model, {});
	const operation = operations[kind];
	if (operation === null) {
		const why = 'it sorts texts, but answers neither chats nor vectors, so that no tier can lead to it';
		throw new Failure('unsupported_operation', `${model} is of the kind ${kind}: ${why}.`);
	}
	const { config } = registry;
	const { type, id } = typeOf(model);
	const provider = providerFor(type, config);
	const candidate = `${provider.name}/${id}`;
	const placed = { spec: `tier:${tier}`, candidate, operation };
	const known = Object.hasOwn(config.tiers, tier) ? config.tiers[tier] : undefined;
	if (known?.providers.some((entry) => entry.model === candidate) === true) return { ...placed, is_new: false };
	const text = registryFile.text();
	const document = parseDocument(text.trim() === '' ? 'version: 1\n' : text);
	if (document.errors.length > 0 || !isMap(document.contents)) {
		throw new Failure('invalid_config', 'The registry file has faults; mend it first, then add the model.');
	}
	if (provider.isNew) document.setIn(['providers', provider.name], document.createNode({ type }));
	add(document, { tier, candidate });
	await registryFile.save(document.toString({ lineWidth: 0 }));
	return { ...placed, is_new: true };
}
