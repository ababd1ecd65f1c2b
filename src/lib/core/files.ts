// What a file of a repository is, judged by its path alone: kind, whether it can run code, quantization, shards.
import { chosenGguf, ggufLabel } from '#lib/core/gguf-files.ts';
import type { ModelFile } from '#lib/core/model.ts';

/** Kinds people tell apart in a file list. `training` is what a training run left behind and nobody needs to run it. */
export type FileKind =
	'weights' | 'tokenizer' | 'config' | 'template' | 'code' | 'training' | 'document' | 'media' | 'other';

interface KindRow {
	kind: FileKind;
	/** Matches the lower-case path. */
	pattern: RegExp;
}

/**
 * Path → kind, first match wins. Sources: the marker files that the Hub's model library table names, the file names
 * that transformers, diffusers, sentence-transformers and llama.cpp write, and the trainer's own output names.
 */
const kindRows: readonly KindRow[] = [
	{ kind: 'training', pattern: /(^|\/)(checkpoint-\d+|global_step\d+|runs|wandb)\// },
	{ kind: 'training', pattern: /(^|\/)(optimizer|scheduler|scaler|rng_state[^/]*)\.(pt|pth|bin)$/ },
	{ kind: 'training', pattern: /(^|\/)(training_args\.bin|trainer_state\.json|events\.out\.tfevents[^/]*)$/ },
	{ kind: 'template', pattern: /(^|\/)chat_template\.(jinja|json)$|\.jinja2?$/ },
	{
		kind: 'tokenizer',
		pattern: /(^|\/)(tokenizer(_config)?\.json|special_tokens_map\.json|added_tokens\.json|vocab\.(json|txt|bpe))$/,
	},
	{
		kind: 'tokenizer',
		pattern: /(^|\/)(merges\.txt|tekken\.json|tokenizer\.model[^/]*|spiece\.model|sentencepiece[^/]*\.model)$/,
	},
	{ kind: 'tokenizer', pattern: /\.(tiktoken|spm|bpe)$/ },
	{ kind: 'config', pattern: /\.(safetensors|bin|msgpack|h5)\.index\.json$/ },
	{ kind: 'weights', pattern: /\.mlpackage\/|\.mlmodelc?(\/|$)|(^|\/)openvino_[^/]*\.(xml|bin)$/ },
	{ kind: 'weights', pattern: /\.(safetensors|gguf|ggml|bin|pt|pth|ckpt|pkl|pickle|joblib|dill|npy|npz)$/ },
	{ kind: 'weights', pattern: /\.(onnx|onnx[._]data(_\d+)?|h5|hdf5|keras|msgpack|ot|tflite|pte|litertlm|task|dduf)$/ },
	{ kind: 'weights', pattern: /\.(nemo|engine|plan|mar|pb|t7|gguf\.part\d+of\d+|gguf-split-[a-z]+)$/ },
	{
		kind: 'document',
		pattern: /(^|\/)(readme|licen[cs]e|notice|use_policy|citation|changelog|copying)[^/]*$|\.(md|pdf|rst)$/,
	},
	{
		kind: 'code',
		pattern: /\.(py|ipynb|sh|bash|bat|ps1|js|ts|mjs|c|cc|cpp|cu|h|hpp|rs|go|java|r|lua|so|dll|dylib|exe)$/,
	},
	{ kind: 'code', pattern: /(^|\/)(dockerfile|makefile)$/ },
	{ kind: 'config', pattern: /\.(json|jsonl|ya?ml|toml|ini|cfg|conf|xml)$/ },
	{ kind: 'media', pattern: /\.(png|jpe?g|gif|webp|svg|bmp|ico|mp3|wav|flac|ogg|m4a|mp4|webm|mov|avi)$/ },
	{ kind: 'document', pattern: /\.(txt|html?|csv|tsv)$/ },
];

/** What kind of file this path is. */
export function fileKind(path: string): FileKind {
	const lower = path.toLowerCase();
	return kindRows.find((row) => row.pattern.test(lower))?.kind ?? 'other';
}

interface RiskRow {
	pattern: RegExp;
	/** Completes "This file …". */
	why: string;
}

/** `.bin` files that are not pickles, by the names their tools give them. */
const plainBinary = /(^|\/)(openvino_[^/]*|ggml[-_][^/]*)\.bin$/;

const pickle = /\.(bin|pt|pth|ckpt|pkl|pickle|joblib|dill|npy|npz|nemo|mar|t7)$/;

/**
 * Formats whose loaders execute what the file says. A name is a first guess and enough for a marker; whoever opens a
 * file looks at its first bytes instead.
 */
const riskRows: readonly RiskRow[] = [
	{ pattern: pickle, why: 'is in a pickle-based format: loading it can run any code it holds' },
	{
		pattern: /\.(keras|h5|hdf5)$/,
		why: 'is a Keras or HDF5 file: a Lambda layer in it can run code when it is loaded',
	},
	{ pattern: /\.(py|ipynb|sh|bash|bat|ps1|js|mjs|lua|r)$/, why: 'is a program' },
	{ pattern: /\.(so|dll|dylib|exe)$/, why: 'is a program in machine code' },
];

/** Why using this file can run code, as the rest of a sentence that starts with "This file"; null when it cannot. */
export function codeRisk(path: string): string | null {
	const lower = path.toLowerCase();
	if (plainBinary.test(lower)) return null;
	return riskRows.find((row) => row.pattern.test(lower))?.why ?? null;
}

/** Is this one of the formats that unpickling libraries read (and that can therefore run code when loaded)? */
export function isPickle(path: string): boolean {
	const lower = path.toLowerCase();
	return pickle.test(lower) && !plainBinary.test(lower);
}

/** Does this repository ask for its own Python code to be run (`auto_map`, tag `custom_code`, an endpoint handler)? */
export function needsRemoteCode(tags: readonly string[], paths: readonly string[]): boolean {
	if (tags.includes('custom_code')) return true;
	return paths.some((path) => /^(handler|modeling_[^/]*|configuration_[^/]*|tokenization_[^/]*)\.py$/.test(path));
}

/** What a GGUF file is for: the model itself, or one of the companions that cannot be run alone. */
export type GgufRole = 'model' | 'projector' | 'imatrix' | 'draft' | 'vocabulary';

const ggufRoles: readonly { role: GgufRole; pattern: RegExp }[] = [
	{ role: 'projector', pattern: /^mmproj|[-_.]mmproj[-_.]/ },
	{ role: 'imatrix', pattern: /^imatrix|\.imatrix\.gguf$|[-_.]imatrix\.gguf$/ },
	{ role: 'draft', pattern: /^(mtp|eagle3|dflash|dspark)-/ },
	{ role: 'vocabulary', pattern: /^ggml-vocab-/ },
];

/** The role of a GGUF file by its name (llama.cpp's and the converters' habits); null when it is not a GGUF file. */
export function ggufRole(path: string): GgufRole | null {
	const name = baseName(path).toLowerCase();
	if (!name.endsWith('.gguf')) return null;
	return ggufRoles.find((row) => row.pattern.test(name))?.role ?? 'model';
}

/** The quantization a GGUF path states, such as `Q4_K_M` or `UD-Q4_K_XL`; null when neither name nor folder states one. */
export function quantLabel(path: string): string | null {
	if (!path.toLowerCase().endsWith('.gguf')) return null;
	return (ggufLabel(baseName(path)) ?? ggufLabel(path))?.label ?? null;
}

/** One part of a file that was split: `name-00001-of-00004.safetensors`. */
export interface Shard {
	/** Folder with a trailing slash, or an empty string for the root. */
	folder: string;
	prefix: string;
	/** Extension without the dot. */
	extension: string;
	/** From 1 to `total`. */
	part: number;
	total: number;
}

// Five digits are the rule; checkpoints with very many parts were also written with a six-digit total.
const shardName = /^(.*)-(\d{5,6})-of-(\d{5,6})\.([A-Za-z0-9]{1,12})$/;

/** Which part of which split file this is; null when the name is not that of a part, or its numbers make no sense. */
export function shardOf(path: string): Shard | null {
	const name = baseName(path);
	const match = shardName.exec(name);
	if (match === null) return null;
	const [, prefix = '', part = '', total = '', extension = ''] = match;
	const shard = { folder: path.slice(0, path.length - name.length), prefix, extension };
	const numbers = { part: Number(part), total: Number(total) };
	return numbers.part >= 1 && numbers.part <= numbers.total ? { ...shard, ...numbers } : null;
}

/** Weight files that belong together: the parts of one split file, or one whole file. */
export interface WeightSet {
	/** The file's path, or for split files the path with `*` in the place of the part numbers. */
	name: string;
	paths: string[];
	/** Number of parts the names promise; 1 for a whole file. */
	parts: number;
	/** How many of them are not in the list. A set with missing parts cannot be loaded. */
	missing: number;
	sizeBytes: number;
	quant: string | null;
	role: GgufRole | null;
}

/** The weight files as sets, largest first. Parts are grouped by folder, prefix, total and extension. */
export function weightSets(files: readonly ModelFile[]): WeightSet[] {
	const sets = new Map<string, WeightSet>();
	for (const file of files) {
		if (fileKind(file.path) !== 'weights') continue;
		const shard = shardOf(file.path);
		const key = shard === null ? file.path : `${shard.folder}${shard.prefix}-*-of-${shard.total}.${shard.extension}`;
		const set = sets.get(key) ?? emptySet(file.path, shard);
		if (!sets.has(key)) sets.set(key, set);
		set.paths.push(file.path);
		set.sizeBytes += file.size;
		set.missing = Math.max(0, set.parts - set.paths.length);
	}
	return [...sets.values()].sort((a, b) => b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1));
}

/**
 * The set of weights that stands for a model: of GGUF files the one llama.cpp takes by default, else the largest of
 * safetensors. Null when there is neither, or parts of it are missing.
 */
export function mainSet(files: readonly ModelFile[]): WeightSet | null {
	const sets = weightSets(files).filter(({ missing }) => missing === 0);
	const gguf = chosenGguf(files.map(({ path }) => path));
	const chosen = sets.find(({ paths }) => gguf !== null && paths.includes(gguf));
	const safe = sets.find(({ paths }) => paths.some((path) => path.endsWith('.safetensors')));
	return safe ?? chosen ?? null;
}

function emptySet(path: string, shard: Shard | null): WeightSet {
	const name = shard === null ? path : `${shard.folder}${shard.prefix}-*.${shard.extension}`;
	const facts = { quant: quantLabel(path), role: ggufRole(path) };
	return { name, paths: [], parts: shard?.total ?? 1, missing: 0, sizeBytes: 0, ...facts };
}

function baseName(path: string): string {
	return path.slice(path.lastIndexOf('/') + 1);
}

/** One row of a file list as people see it. `risk` completes "This file …"; null when it cannot run code. */
export interface FileRow extends ModelFile {
	kind: FileKind;
	risk: string | null;
}

/** A file list for people: the first rows, totals over all of them, and what can be downloaded as one. */
export interface FileOverview {
	rows: FileRow[];
	count: number;
	sizeBytes: number;
	sets: WeightSet[];
	/** Files that can run code when they are loaded, without programs. */
	pickles: number;
	needsRemoteCode: boolean;
}

interface OverviewOptions {
	tags: readonly string[];
	/** Most rows that are kept. */
	rowLimit: number;
}

/** The overview of a model's files, in the order given. */
export function fileOverview(files: readonly ModelFile[], { tags, rowLimit }: OverviewOptions): FileOverview {
	const rows = files.slice(0, rowLimit).map((file) => {
		return { ...file, kind: fileKind(file.path), risk: codeRisk(file.path) };
	});
	const paths = files.map(({ path }) => path);
	return {
		rows,
		count: files.length,
		sizeBytes: files.reduce((sum, { size }) => sum + size, 0),
		sets: weightSets(files).slice(0, 40),
		pickles: paths.filter(isPickle).length,
		needsRemoteCode: needsRemoteCode(tags, paths),
	};
}
