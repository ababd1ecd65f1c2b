// What lies in a model's folder: configuration read, kind and limits known, weights checked before any runtime opens them.
import { lstat, readdir } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { pairLabels } from '#lib/core/classify-pairs.ts';
import { readOnnx } from '#lib/core/onnx.ts';
import type { Pooling } from '#lib/core/pooling.ts';
import { quoted } from '#lib/core/repository.ts';
import { nearestNames } from '#lib/core/likeness.ts';
import { namedModels, type ModelKind, type NamedModel } from '#lib/core/tables/named-models.ts';
import { otherWeights, readGgufPlace } from '#lib/server/engine/gguf-place.ts';
import type { Ground, ModelPlace } from '#lib/server/engine/model-place.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';

const configSchema = z.looseObject({
	model_type: z.string().optional(),
	architectures: z.array(z.string()).nullish(),
	id2label: z.record(z.string(), z.string()).nullish(),
	label2id: z.record(z.string(), z.number()).nullish(),
	hidden_size: z.number().nullish(),
	vocab_size: z.number().nullish(),
	max_position_embeddings: z.number().nullish(),
	num_hidden_layers: z.number().nullish(),
	num_attention_heads: z.number().nullish(),
	num_key_value_heads: z.number().nullish(),
});
type ModelConfig = z.infer<typeof configSchema>;

const poolingSchema = z.looseObject({
	pooling_mode_cls_token: z.boolean().optional(),
	pooling_mode_mean_tokens: z.boolean().optional(),
	pooling_mode_lasttoken: z.boolean().optional(),
});
const tokenizerSchema = z.looseObject({ model_max_length: z.number().nullish() });

/** Suffix of the weights' name by dtype, as transformers.js names them; the order in which one is chosen unasked. */
const suffixes: readonly (readonly [string, string])[] = [
	['q8', '_quantized'],
	['int8', '_int8'],
	['fp16', '_fp16'],
	['fp32', ''],
	['q4f16', '_q4f16'],
	['q4', '_q4'],
	['uint8', '_uint8'],
	['bnb4', '_bnb4'],
];

/** Names of dtypes that may be asked for. */
export const dtypes = suffixes.map(([dtype]) => dtype);

const mostJsonBytes = 4 * 2 ** 20;
const decoder = new TextDecoder();

/** A JSON file of the model's folder; null when it is not there. Throws `unsupported_model` when it is not what it should be. */
async function json<T>(root: string, path: string, schema: z.ZodType<T>): Promise<T | null> {
	const real = await inside(root, path);
	const bytes = real === null ? null : await withFile(real, (source) => source.read(0, mostJsonBytes));
	if (bytes === null) return null;
	try {
		return schema.parse(JSON.parse(decoder.decode(bytes)));
	} catch (cause) {
		throw new Failure('unsupported_model', `${basename(path)} of the model cannot be read.`, { cause });
	}
}

function labelsOf({ id2label, label2id }: ModelConfig): Record<string, string> {
	if (label2id != null) return Object.fromEntries(Object.entries(label2id).map(([label, id]) => [String(id), label]));
	return id2label ?? {};
}

function kindOf(config: ModelConfig): ModelKind {
	const names = (config.architectures ?? []).join(' ');
	if (/ForSequenceClassification/.test(names)) {
		return Object.keys(labelsOf(config)).length === 1 ? 'reranker' : 'nli';
	}
	return /ForCausalLM|LMHeadModel/.test(names) ? 'instruction' : 'embedding';
}

interface Weights {
	dtype: string;
	subfolder: string;
	fileName: string;
	path: string;
}

/** Every file of weights by dtype, in `onnx/` or beside config.json. */
async function weightsIn(folder: string): Promise<Weights[]> {
	const found: Weights[] = [];
	for (const subfolder of ['onnx', '']) {
		const names = await readdir(join(folder, subfolder)).catch((): string[] => []);
		for (const fileName of ['model', 'decoder_model_merged']) {
			for (const [dtype, suffix] of suffixes) {
				const name = `${fileName}${suffix}.onnx`;
				if (names.includes(name)) found.push({ dtype, subfolder, fileName, path: join(folder, subfolder, name) });
			}
		}
		if (found.length > 0) break;
	}
	return found.sort((a, b) => dtypes.indexOf(a.dtype) - dtypes.indexOf(b.dtype));
}

function broken(why: string): Failure {
	return new Failure('invalid_onnx', `The ONNX file is not usable: ${why}.`);
}

/**
 * Bytes of the weights with everything outside of the main file. Throws `invalid_onnx` for a main file or a part that is
 * no plain file inside the model's own folder, one that shares its content with a file elsewhere, and one that is too short.
 */
async function checkWeights(root: string, path: string): Promise<{ bytes: number; hasExternal: boolean }> {
	const real = await inside(root, path);
	if (real === null) throw broken('it is a link out of the model’s folder');
	const main = await withFile(real, async (source) => ({ size: source.size, parts: await readOnnx(source) }));
	if (main === null) throw broken('it cannot be opened');
	const needs = new Map<string, number>();
	for (const { location, offset, length } of main.parts) {
		needs.set(location, Math.max(needs.get(location) ?? 0, offset + (length ?? 0)));
	}
	let bytes = main.size;
	for (const [location, end] of needs) bytes += await checkPart(root, join(path, '..', location), end);
	return { bytes, hasExternal: needs.size > 0 };
}

async function checkPart(root: string, place: string, end: number): Promise<number> {
	const real = await inside(root, place);
	if (real === null) throw broken('a file with its weights is missing or a link out of the model’s folder');
	const facts = await lstat(real);
	if (!facts.isFile()) throw broken('what should hold its weights is no file');
	// In a cache, content that several names share is how it saves space; a file beside a model has no such reason.
	if (facts.nlink > 1 && !real.includes(`${sep}blobs${sep}`)) throw broken('a file with its weights is a hard link');
	if (facts.size < end) throw broken('a file with its weights is too short');
	return facts.size;
}

function cacheBytes(config: ModelConfig): number {
	const { hidden_size: hidden, num_hidden_layers: layers, num_attention_heads: heads } = config;
	if (hidden == null || layers == null || heads == null) return 0;
	return 2 * layers * (config.num_key_value_heads ?? heads) * (hidden / heads) * 4;
}

/** Working limit of pieces for models whose own limit is long: attention costs the square of it on a processor. */
const workingTokens = { embedding: 1024, nli: 1024, reranker: 1024, instruction: 4096 };

async function poolingOf(ground: Ground): Promise<{ pooling: Pooling; warnings: string[] }> {
	if (ground.known?.pooling != null) return { pooling: ground.known.pooling, warnings: [] };
	const said = await json(ground.root, join(ground.folder, '1_Pooling', 'config.json'), poolingSchema);
	if (said?.pooling_mode_cls_token === true) return { pooling: 'cls', warnings: [] };
	if (said?.pooling_mode_lasttoken === true) return { pooling: 'last', warnings: [] };
	if (said?.pooling_mode_mean_tokens === true) return { pooling: 'mean', warnings: [] };
	return { pooling: 'mean', warnings: ['The model does not say how its vectors are pooled; the mean is taken.'] };
}

/** The failure for a folder without weights that are run here: what it holds, and what would help. */
async function unusable(ground: Ground, wantedDtype: string | null, here: readonly string[]): Promise<Failure> {
	const { name, known } = ground;
	if (here.length > 0) return missing(name, known, `it has no ${wantedDtype} files, only ${here.join(', ')}`);
	const gguf = wantedDtype === null ? null : await readGgufPlace(ground, null);
	if (gguf !== null) return missing(name, known, `it has no ${wantedDtype} files, only ${gguf.dtypes.join(', ')}`);
	const other = await otherWeights(ground);
	if (other === null) return missing(name, known, 'it has neither ONNX nor GGUF files');
	const way = known === null ? 'choose a repository that has such files' : `modeldex model download ${known.id}`;
	const says = `${quoted(name)} holds its weights as ${other}; models are run here from ONNX or GGUF files: ${way}.`;
	return new Failure('unsupported_model', says);
}

/**
 * Everything about a model whose folder is known. Throws `model_not_installed` when files are missing, `unsupported_model`,
 * `invalid_labels`, `invalid_onnx` or `invalid_gguf`.
 */
export async function readModelFiles(ground: Ground, wantedDtype: string | null): Promise<ModelPlace> {
	const all = ground.file === undefined ? await weightsIn(ground.folder) : [];
	const weights = all.find(({ dtype }) => wantedDtype === null || dtype === wantedDtype);
	const place = weights === undefined ? await readGgufPlace(ground, wantedDtype) : await readOnnxPlace(ground, weights);
	const dtypes = all.map(({ dtype }) => dtype);
	if (place === null) throw await unusable(ground, wantedDtype, dtypes);
	return place.runtime === 'onnx' ? { ...place, dtypes } : place;
}

async function readOnnxPlace(ground: Ground, weights: Weights): Promise<ModelPlace> {
	const { name, known, folder, root } = ground;
	const config = await json(root, join(folder, 'config.json'), configSchema);
	if (config === null) throw missing(name, known, 'it has no config.json');
	if ((await inside(root, join(folder, 'tokenizer.json'))) === null)
		throw missing(name, known, 'it has no tokenizer.json');
	const kind = known?.kind ?? kindOf(config);
	const { bytes, hasExternal } = await checkWeights(root, weights.path);
	const tokenizer = await json(root, join(folder, 'tokenizer_config.json'), tokenizerSchema);
	const limits = [tokenizer?.model_max_length, config.max_position_embeddings].filter(
		(limit) => limit != null && limit > 0,
	);
	const pooled = kind === 'embedding' ? await poolingOf(ground) : { pooling: 'mean' as const, warnings: [] };
	return {
		name,
		kind,
		known,
		folder,
		root,
		revision: ground.revision,
		runtime: 'onnx',
		dtype: weights.dtype,
		subfolder: weights.subfolder,
		fileName: weights.fileName,
		weightBytes: bytes,
		hasExternal,
		dtypes: [weights.dtype],
		pooling: pooled.pooling,
		prefix: known?.prefix.query ?? '',
		maxTokens: Math.min(known?.piece_tokens ?? workingTokens[kind], ...limits.map((limit) => limit ?? Infinity)),
		temperature: known?.temperature ?? (kind === 'embedding' ? 0.03 : 1),
		labels: kind === 'nli' ? pairLabels(labelsOf(config)) : null,
		hiddenSize: config.hidden_size ?? null,
		vocabularySize: config.vocab_size ?? null,
		cacheBytesPerToken: kind === 'instruction' ? cacheBytes(config) : 0,
		sha256: ground.sha256Of(weights.path),
		warnings: pooled.warnings,
	};
}

/** The failure for a word that no model here or anywhere goes by, with the short name that may have been meant. */
function nameless(name: string): Failure {
	const names = namedModels.map((model) => model.name);
	const [nearest] = nearestNames(name, names);
	const hint = nearest === undefined ? `short names are ${names.join(', ')}.` : `did you mean ${nearest}?`;
	return new Failure('model_not_installed', `There is no model "${quoted(name)}" on this machine; ${hint}`);
}

/** The failure for a name that leads nowhere here: how to get the model, or which name may have been meant. */
export function absent(name: string, known: NamedModel | null): Failure {
	return known === null && !name.includes('/') ? nameless(name) : missing(name, known, 'nothing of it was found');
}

/** The failure that says how to get a model that is not here. */
export function missing(name: string, known: NamedModel | null, why: string): Failure {
	// Where files are chosen for the engine, the short name chooses them; the id would fetch another form.
	const meant = known?.files === undefined ? known?.id : known.name;
	const command = `modeldex model download ${meant ?? name}`;
	return new Failure('model_not_installed', `The model ${quoted(name)} is not on this machine (${why}): ${command}`);
}
