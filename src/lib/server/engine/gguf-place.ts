// A model in GGUF files in a folder: which file stands for it, what its header says, and what it is good for.
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { readHeader } from '#lib/core/file-header.ts';
import { shardOf, weightSets, type WeightSet } from '#lib/core/files.ts';
import { characteristicsFromGguf } from '#lib/core/gguf-characteristics.ts';
import { chosenGguf } from '#lib/core/gguf-files.ts';
import { ggufText, type GgufHeader } from '#lib/core/gguf-header.ts';
import type { ModelCharacteristics, ModelFile } from '#lib/core/model.ts';
import { quoted } from '#lib/core/repository.ts';
import type { ModelKind } from '#lib/core/tables/named-models.ts';
import { formatsOf, formatWords } from '#lib/core/weight-formats.ts';
import type { Ground, ModelPlace } from '#lib/server/engine/model-place.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';

/** Files of a folder and of the folders in it, as far as they lie in the model's own. Links are taken for what they lead to. */
async function filesIn({ folder, root, file }: Ground): Promise<ModelFile[]> {
	const all = await namesIn(folder);
	const names = file === undefined ? all : all.filter((name) => belongs(name, file));
	const found: ModelFile[] = [];
	for (const path of names) {
		const real = await inside(root, join(folder, path));
		const facts = real === null ? null : await lstat(real).catch(() => null);
		if (facts?.isFile() === true) found.push({ path, size: facts.size, sha256: null, lfs: false });
	}
	return found;
}

/** Is it the file that was named, or another part of it? */
function belongs(name: string, file: string): boolean {
	const [one, other] = [shardOf(name), shardOf(file)];
	const isPart =
		one !== null && one.prefix === other?.prefix && one.total === other.total && one.folder === other.folder;
	return name === file || isPart;
}

/** More files than any model has: a folder of everything somebody has is not searched to its end. */
const mostNames = 2000;

async function namesIn(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
	const below = entries.filter((entry) => entry.isDirectory()).slice(0, 100);
	const deep = await Promise.all(
		below.map(async ({ name }) =>
			(await readdir(join(folder, name)).catch((): string[] => [])).map((inner) => `${name}/${inner}`),
		),
	);
	const flat = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
	return [...flat, ...deep.flat()].slice(0, mostNames);
}

const labelOf = ({ quant }: WeightSet) => quant?.toLowerCase() ?? 'gguf';

/** The files that are loaded: of the quantization asked for, else those that llama.cpp would take. Null when none is whole. */
function chosenSet(files: readonly ModelFile[], wanted: string | null): { set: WeightSet; labels: string[] } | null {
	const sets = weightSets(files).filter(({ role, missing, name }) => isModel(name, role) && missing === 0);
	const usual = chosenGguf(sets.flatMap(({ paths }) => paths));
	const set =
		wanted === null
			? (sets.find(({ paths }) => usual !== null && paths.includes(usual)) ?? sets[0])
			: sets.find((one) => labelOf(one) === wanted);
	return set === undefined ? null : { set, labels: [...new Set(sets.map(labelOf))] };
}

function isModel(name: string, role: WeightSet['role']): boolean {
	return name.toLowerCase().endsWith('.gguf') && (role === null || role === 'model');
}

/** How llama.cpp numbers the pooling that ranks pairs of texts. */
const ranks = 4;

function kindOf({ classification }: ModelCharacteristics, header: GgufHeader): ModelKind {
	const architecture = ggufText(header, 'general.architecture') ?? '';
	const pooling = header.metadata[`${architecture}.pooling_type`];
	if (pooling === ranks) return 'reranker';
	return classification === 'encoder' || (typeof pooling === 'number' && pooling > 0) ? 'embedding' : 'instruction';
}

/** Working limit of tokens, as for the other files: attention costs the square of it on a processor. */
const workingTokens: Record<ModelKind, number> = { embedding: 4096, nli: 1024, reranker: 1024, instruction: 4096 };

/**
 * The model in a folder's GGUF files; null when there are none, or none of the quantization asked for. Throws
 * `invalid_gguf` for a header that lies, and `unsupported_model` for files that are no model of texts.
 */
export async function readGgufPlace(ground: Ground, wanted: string | null): Promise<ModelPlace | null> {
	const { name, known, folder, root } = ground;
	const chosen = chosenSet(await filesIn(ground), wanted);
	const [path] = chosen?.set.paths.toSorted() ?? [];
	if (chosen === null || path === undefined) return null;
	const real = await inside(root, join(folder, path));
	const header = real === null ? null : await withFile(real, (source) => readHeader(source, 'gguf'));
	if (header?.format !== 'gguf') throw new Failure('invalid_gguf', `${quoted(basename(path))} cannot be read.`);
	const facts = characteristicsFromGguf({
		...{ id: name, source: 'local', revision: ground.revision, fetchedAt: '', file: path, headers: [header] },
	});
	const kind = known?.kind ?? kindOf(facts, header);
	const mostTokens = known?.piece_tokens ?? workingTokens[kind];
	return {
		...{ name, kind, known, folder, root, revision: ground.revision, runtime: 'llama' },
		...{ dtype: labelOf(chosen.set), subfolder: '', fileName: path },
		...{ weightBytes: chosen.set.sizeBytes, hasExternal: false, dtypes: chosen.labels },
		...{ pooling: 'mean', prefix: known?.prefix.query ?? '' },
		maxTokens: Math.min(mostTokens, facts.context_window ?? mostTokens),
		temperature: known?.temperature ?? (kind === 'embedding' ? 0.03 : 1),
		...{ labels: null, hiddenSize: facts.hidden_size, vocabularySize: facts.vocab_size },
		cacheBytesPerToken: kind === 'embedding' ? 0 : (facts.kv_cache_bytes_per_token ?? 0),
		sha256: ground.sha256Of(join(folder, path)),
		warnings: [],
	};
}

/** What a folder holds instead of weights that are run here, in words for a sentence; null when it holds no weights at all. */
export async function otherWeights(ground: Ground): Promise<string | null> {
	const files = (await filesIn(ground)).map(({ path }) => path);
	const formats = (formatsOf({ files, method: null }) ?? []).filter((format) => format !== 'onnx');
	return formats.length === 0 ? null : formats.map((format) => formatWords[format]).join(' and ');
}
