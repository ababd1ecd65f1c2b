// Ollama's store as it is found: manifests by host, namespace, model and tag, over blobs named by their SHA-256.
import { join } from 'node:path';
import { z } from 'zod';
import { idHere, isRepositoryId } from '#lib/core/repository.ts';
import {
	brokenCopy,
	type FoundCopy,
	type FoundFile,
	type FoundLeftover,
	type FoundRoot,
	type SearchedRoot,
} from '#lib/server/inventory/found.ts';
import { entriesOf, fileOf, foldersIn, leftover, lookAt, smallJson, stampOf } from '#lib/server/inventory/look.ts';

const layerSchema = z.object({
	mediaType: z.string(),
	digest: z.string(),
	size: z.number(),
	name: z.string().optional(),
});
const manifestSchema = z.object({ config: layerSchema.optional(), layers: z.array(layerSchema).max(5000) });
const configSchema = z.object({
	model_format: z.string().optional(),
	remote_host: z.string().optional(),
	remote_model: z.string().optional(),
});

type Layer = z.infer<typeof layerSchema>;

const digestPattern = /^sha256[:-]([0-9a-f]{64})$/;
const kindPattern = /^application\/vnd\.ollama\.image\.([a-z]+)$/;
const hubHosts = new Set(['hf.co', 'huggingface.co']);

/** How Ollama itself calls a model: what is usual is left out. */
function nameOf([host, space, model, tag]: Address): string {
	const place = host === 'registry.ollama.ai' ? (space === 'library' ? '' : `${space}/`) : `${host}/${space}/`;
	return `${place}${model}:${tag}`;
}

function idOf([host, space, model, tag]: Address): string {
	if (hubHosts.has(host) && isRepositoryId(`${space}/${model}`)) return `${space}/${model}`;
	const usual = host === 'registry.ollama.ai' && space === 'library';
	return idHere('ollama', `${usual ? '' : `${space}-`}${model}${tag === 'latest' ? '' : `-${tag}`}`);
}

type Address = [host: string, space: string, model: string, tag: string];

/** The file names that layers go by among the files of a model. */
function pathOf({ mediaType, digest, name }: Layer, [, , model, tag]: Address, format: string): string {
	const kind = kindPattern.exec(mediaType)?.[1] ?? 'layer';
	if (name !== undefined && /^[\w.-]+(\/[\w.-]+)*$/.test(name) && !name.includes('..')) return name;
	const short = digest.slice(-64, -52);
	if (kind === 'model') return format === 'gguf' ? `${model}-${tag}.gguf` : `model-${short}.${format}`;
	if (kind === 'projector') return `mmproj-${short}.gguf`;
	return `${kind}-${short}`;
}

/** The blob of a digest, by its new or its old name; null when it is not there, or no file. */
function blobOf(root: string, { digest }: Layer, path: string): FoundFile | null {
	const hex = digestPattern.exec(digest)?.[1];
	for (const name of hex === undefined ? [] : [`sha256-${hex}`, `sha256:${hex}`]) {
		const real = join(root, 'blobs', name);
		const facts = lookAt(real);
		if (!facts?.isFile()) continue;
		return { ...fileOf(path, { place: real, real, blob: real, facts }), sha256: hex ?? null, known_by: 'name' };
	}
	return null;
}

function readManifest(root: SearchedRoot, store: string, address: Address): FoundCopy | null {
	const path = join(store, 'manifests', ...address);
	const about = { id: idOf(address), name: nameOf(address) };
	if (lookAt(path)?.isFile() !== true) return brokenCopy(root, path, 'its manifest is a link or no file', about);
	const manifest = manifestSchema.safeParse(smallJson(path));
	if (!manifest.success) return brokenCopy(root, path, 'its manifest cannot be read', about);
	const { config, layers } = manifest.data;
	const settings = config === undefined ? null : blobOf(store, config, 'config');
	const facts = configSchema.safeParse(settings === null ? null : smallJson(settings.real)).data;
	if (facts?.remote_host !== undefined || facts?.remote_model !== undefined) return null; // runs elsewhere: no weights
	const files = settings === null ? [] : [settings];
	const missing: string[] = [];
	for (const layer of layers) {
		const name = pathOf(layer, address, facts?.model_format ?? 'gguf');
		const file = blobOf(store, layer, name);
		if (file === null) missing.push(name);
		else files.push(file);
	}
	const changed = lookAt(path)?.mtimeMs ?? 0;
	const revision = { commit: null, refs: [address[3]], folder: join(store, 'blobs'), files, missing, changed };
	const broken = files.length > 0 && layers.length > 0 ? null : 'none of its files is here';
	return { ...brokenCopy(root, path, '', about), revisions: [revision], broken };
}

function blobLeftovers(store: string, named: ReadonlySet<string>): FoundLeftover[] {
	return (entriesOf(join(store, 'blobs')) ?? []).flatMap((entry) => {
		const path = join(store, 'blobs', entry.name);
		const facts = entry.isFile() && entry.name.startsWith('sha256') && !named.has(path) ? lookAt(path) : null;
		if (facts === null) return [];
		const isPartial = /-partial(-\d+)?$/.test(entry.name);
		const why = isPartial ? 'A download that has not ended.' : 'No manifest here names this file.';
		return [leftover(isPartial ? 'partial' : 'orphan', path, facts, why)];
	});
}

/** The address of every manifest: four names, one folder each. */
function* addresses(manifests: string, stamps: [string, number][]): Generator<Address> {
	stampOf(manifests, stamps);
	const inner = (...names: string[]) => {
		const folder = join(manifests, ...names);
		stampOf(folder, stamps);
		return foldersIn(folder);
	};
	const models = foldersIn(manifests).flatMap((host) =>
		inner(host).flatMap((space) => inner(host, space).map((model) => [host, space, model] as const)),
	);
	for (const [host, space, model] of models) {
		const folder = join(manifests, host, space, model);
		stampOf(folder, stamps);
		for (const { name: tag } of entriesOf(folder) ?? []) yield [host, space, model, tag];
	}
}

/** Everything in Ollama's folder, whose path is real. Models that run elsewhere are left out. */
export function readOllama(root: SearchedRoot, store: string): FoundRoot {
	const stamps: [string, number][] = [];
	stampOf(join(store, 'blobs'), stamps);
	const all = [...addresses(join(store, 'manifests'), stamps)];
	const copies = all.flatMap((address) => readManifest(root, store, address) ?? []);
	const files = copies.flatMap(({ revisions }) => revisions.flatMap((revision) => revision.files));
	const named = new Set(files.map(({ real }) => real));
	// A manifest that cannot be read may name any of them.
	const isSure = copies.every(({ broken }) => broken === null || broken.startsWith('none'));
	return { copies, leftovers: isSure ? blobLeftovers(store, named) : [], stamps };
}
