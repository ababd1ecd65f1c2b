// In which formats a repository keeps its weights, by its files, else by its tags.
import { fileKind, ggufRole, isPickle } from '#lib/core/files.ts';
import { ggufFiles, ggufLabel } from '#lib/core/gguf-files.ts';

/**
 * A way of keeping weights in files. `mlx` is safetensors laid out for MLX, which other readers cannot use; `pytorch`
 * are pickles; `ggml` is what GGUF replaced; `gguf-retired` are GGUF files whose quantization was taken out again.
 */
export const weightFormats = [
	'safetensors',
	'mlx',
	'gguf',
	'gguf-retired',
	'ggml',
	'pytorch',
	'onnx',
	'tensorflow',
	'flax',
	'openvino',
	'coreml',
	'tflite',
] as const;
export type WeightFormat = (typeof weightFormats)[number];

/** Formats in words, as people call them. */
export const formatWords: Readonly<Record<WeightFormat, string>> = {
	safetensors: 'safetensors',
	mlx: 'MLX safetensors',
	gguf: 'GGUF',
	'gguf-retired': 'GGUF of a retired quantization',
	ggml: 'GGML',
	pytorch: 'PyTorch (.bin, .pt)',
	onnx: 'ONNX',
	tensorflow: 'TensorFlow (.h5, .pb)',
	flax: 'Flax',
	openvino: 'OpenVINO',
	coreml: 'Core ML',
	tflite: 'TFLite',
};

const byName: readonly (readonly [WeightFormat, RegExp])[] = [
	['openvino', /(^|\/)openvino_[^/]*\.(xml|bin)$/],
	['coreml', /\.mlpackage\/|\.mlmodelc?(\/|$)/],
	['ggml', /(^|\/)ggml[-_][^/]*\.bin$|\.ggml(v\d)?(\.[^/]*)?\.bin$|\.ggml$/],
	['safetensors', /\.safetensors$/],
	['onnx', /\.onnx$/],
	['tensorflow', /\.(h5|pb|keras)$/],
	['flax', /\.msgpack$/],
	['tflite', /\.tflite$/],
];

/** Files of a fine-tuning that changes another model and is none itself. */
const adapterFile = /(^|\/)adapter_(model|config)\.[a-z]+$/;

/** Repacked layouts of Q4_0 and two early types, which llama.cpp took out of GGUF again. */
const retired = /^(?:UD-)?Q4_(?:0_\d_\d|2|3)$/;

function ggufFormat(paths: string[]): WeightFormat | null {
	const files = ggufFiles(paths);
	if (files.length === 0) return null;
	const labels = files.map((path) => ggufLabel(path.slice(path.lastIndexOf('/') + 1))?.label ?? null);
	return labels.every((label) => label !== null && retired.test(label)) ? 'gguf-retired' : 'gguf';
}

function formatOf(path: string): WeightFormat | null {
	const lower = path.toLowerCase();
	if (adapterFile.test(lower) || fileKind(lower) !== 'weights') return null;
	return byName.find(([, pattern]) => pattern.test(lower))?.[0] ?? (isPickle(lower) ? 'pytorch' : null);
}

function fromFiles(paths: readonly string[]): Set<WeightFormat> {
	const found = new Set<WeightFormat>();
	for (const path of paths) {
		const format = formatOf(path);
		if (format !== null) found.add(format);
	}
	const gguf = ggufFormat([...paths]);
	if (gguf !== null) found.add(gguf);
	return found;
}

/** The tags the Hub sets itself from the files it sees, and the libraries' own. */
const byTag = new Map<string, WeightFormat>([
	['safetensors', 'safetensors'],
	['gguf', 'gguf'],
	['ggml', 'ggml'],
	['pytorch', 'pytorch'],
	['onnx', 'onnx'],
	['tf', 'tensorflow'],
	['jax', 'flax'],
	['openvino', 'openvino'],
	['coreml', 'coreml'],
	['tflite', 'tflite'],
]);

function fromTags(tags: readonly string[]): Set<WeightFormat> {
	return new Set(tags.flatMap((tag) => byTag.get(tag) ?? []));
}

interface Told {
	/** Paths of the repository's files; undefined or empty when they are not known. */
	files?: readonly string[] | undefined;
	tags?: readonly string[] | undefined;
	/** Quantization method of the record; `gguf` and `mlx` are formats too. */
	method: string | null;
}

/** Formats of the weights in a fixed order; empty: there are none; null: nothing tells. */
export function formatsOf({ files = [], tags = [], method }: Told): WeightFormat[] | null {
	const found = files.length > 0 ? fromFiles(files) : fromTags(tags);
	if (found.size === 0 && (method === 'gguf' || method === 'mlx')) found.add(method);
	if ((method === 'mlx' || tags.includes('mlx')) && (found.has('safetensors') || found.size === 0)) {
		found.delete('safetensors');
		found.add('mlx');
	}
	if (found.size === 0 && files.length === 0) return null;
	return weightFormats.filter((format) => found.has(format));
}

/** Is this a fine-tuning (LoRA and its like) that needs another model? Whole weights beside it make it a model. */
export function isAdapter({ files = [], tags = [] }: Omit<Told, 'method'>): boolean {
	if (files.length > 0) return files.some((path) => adapterFile.test(path)) && fromFiles(files).size === 0;
	return tags.includes('peft') || tags.includes('lora') || tags.includes('adapter-transformers');
}

/** Does the repository hold the projector that lets a GGUF model see or hear? Null when its files are not known. */
export function hasProjector(files: readonly string[] | undefined): boolean | null {
	if (files === undefined || files.length === 0) return null;
	return files.some((path) => ggufRole(path) === 'projector');
}
