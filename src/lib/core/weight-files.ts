// Which of a repository's files are loaded together as the model, and how many bytes they are.
import { ggufRole, weightSets, type WeightSet } from '#lib/core/files.ts';
import type { ModelFile } from '#lib/core/model.ts';

/** The files that make up the model. `quant`: the label of a GGUF file; null for others. */
export interface ChosenFiles {
	format: 'safetensors' | 'gguf' | 'pickle' | 'onnx' | 'other';
	/** What was taken, as a file name or a pattern with `*`. */
	name: string;
	/** Without the projector. */
	bytes: number;
	/** Bytes of the GGUF projector that is loaded beside the model; 0 without one. */
	projectorBytes: number;
	/** Folders of a pipeline that were added up; 1 for a plain model. */
	parts: number;
	quant: string | null;
	/** Every file of it, the projector and external data among them. */
	paths: string[];
}

type Format = ChosenFiles['format'];

const formats: readonly [Format, RegExp][] = [
	['safetensors', /\.safetensors$/i],
	['gguf', /\.gguf$/i],
	['pickle', /\.(?:bin|pt|pth|ckpt)$/i],
	['onnx', /\.onnx$/i],
];

function formatOf({ name }: WeightSet): Format {
	return formats.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
}

function folderOf({ name }: WeightSet): string {
	return name.slice(0, name.lastIndexOf('/') + 1);
}

function baseOf({ name }: WeightSet): string {
	return name.slice(name.lastIndexOf('/') + 1).toLowerCase();
}

/** Adapters change another model and are none; prediction heads and the like go beside one. */
const beside = /^(?:adapter_|mtp|eagle|draft|non_lora|openvino_)|(?:^|[-_.])lora[-_.]/;
/** The same weights again: another precision, another framework's copy of them, an averaged state of training. */
const variant = /\.(?:fp16|fp32|bf16|non_ema|ema)[.-]|^(?:consolidated|tf_model|flax_model|rust_model)/;

/** The names under which libraries look for the weights, best first. Source: transformers, diffusers, mlx-lm. */
const usualNames: readonly RegExp[] = [
	/^model(?:-\*)?\.safetensors$/,
	/^diffusion_pytorch_model(?:-\*)?\.safetensors$/,
	/^pytorch_model(?:-\*)?\.bin$/,
	/^model\.onnx$/,
];

function rank(set: WeightSet): number {
	const usual = usualNames.findIndex((pattern) => pattern.test(baseOf(set)));
	const place = usual === -1 ? usualNames.length : usual;
	return place + (variant.test(baseOf(set)) ? 10 : 0);
}

/** The set that a loader takes among copies of one model: usual name first, then the largest. */
function best(sets: readonly WeightSet[]): WeightSet | undefined {
	return sets.toSorted((a, b) => rank(a) - rank(b) || b.sizeBytes - a.sizeBytes)[0];
}

/** The best set with those that go on from it under a number: `consolidated.00.pth`, `weights.01.safetensors`. */
function bestSeries(sets: readonly WeightSet[]): WeightSet[] {
	const first = best(sets);
	if (first === undefined) return [];
	const series = (set: WeightSet) => set.name.replace(/\.\d{2}(?=\.\w+$)/, '.*');
	return series(first) === first.name ? [first] : sets.filter((set) => series(set) === series(first));
}

function plain(set: WeightSet): boolean {
	return set.missing === 0 && set.sizeBytes > 0 && !beside.test(baseOf(set));
}

/** What `llama-server -hf` takes when no quantization is named; see also the offer that rows are made from. */
const usualQuant = 'Q4_K_M';

function gguf(sets: readonly WeightSet[], asked: string | null): ChosenFiles | null {
	const models = sets.filter(({ role }) => role === 'model' || role === null);
	const label = (set: WeightSet) => set.quant?.replace(/^UD-/, '') ?? '';
	const inOrder = models.toSorted((a, b) => (a.name < b.name ? -1 : 1));
	const wanted = asked === null ? undefined : inOrder.find(({ quant }) => quant === asked.toUpperCase());
	if (asked !== null && wanted === undefined) return null;
	const chosen = wanted ?? inOrder.find((set) => label(set) === usualQuant) ?? inOrder[0];
	if (chosen === undefined) return null;
	const beside = projector(sets);
	return {
		format: 'gguf',
		name: chosen.name,
		bytes: chosen.sizeBytes,
		projectorBytes: beside?.sizeBytes ?? 0,
		parts: 1,
		quant: chosen.quant,
		paths: [...chosen.paths, ...(beside?.paths ?? [])],
	};
}

/** The projector that is loaded by default: 16-bit where there is one, else the smallest. */
function projector(sets: readonly WeightSet[]): WeightSet | undefined {
	const all = sets.filter(({ name }) => ggufRole(name) === 'projector');
	const half = all.find(({ quant }) => quant === 'F16') ?? all.find(({ quant }) => quant === 'BF16');
	return half ?? all.at(-1);
}

/** External data of ONNX graphs: `model.onnx_data`, `model.onnx.data`. */
function onnxData(files: readonly ModelFile[], graph: string): ModelFile[] {
	return files.filter(({ path }) => path.startsWith(`${graph}_data`) || path.startsWith(`${graph}.data`));
}

/** Files in the repository's own folder are the model; without any, each folder is a part of a pipeline. */
function joined(sets: readonly WeightSet[], format: Format): ChosenFiles | null {
	const top = sets.filter((set) => folderOf(set) === '');
	const folders = top.length > 0 ? [''] : [...new Set(sets.map(folderOf))];
	const taken = folders.flatMap((folder) => bestSeries(sets.filter((set) => folderOf(set) === folder)));
	const [first] = taken;
	if (first === undefined) return null;
	const bytes = taken.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
	const name = folders.length === 1 ? first.name : `${folders.length} folders`;
	const paths = taken.flatMap((set) => set.paths);
	return { format, name, bytes, projectorBytes: 0, parts: folders.length, quant: null, paths };
}

/** Folders that hold other forms of the same model. */
const otherForms = /^(?:onnx|openvino|original|coreml|gguf|metal|tf|flax|\.cache)\//;

/**
 * The files that are loaded as the model: one format (safetensors before GGUF before pickles), one copy, one GGUF
 * quantization (the asked one, else the one llama.cpp takes by default), every part of it. Null when there are no
 * weights, when parts are missing from the list, when the asked quantization is not offered, and for adapters.
 */
export function chooseFiles(files: readonly ModelFile[], quant: string | null = null): ChosenFiles | null {
	const all = weightSets(files).filter(plain);
	if (quant !== null)
		return gguf(
			all.filter((set) => formatOf(set) === 'gguf'),
			quant,
		);
	const own = all.filter((set) => !otherForms.test(set.name));
	for (const [format] of formats) {
		const some = (format === 'onnx' || format === 'gguf' ? all : own).filter((set) => formatOf(set) === format);
		if (some.length === 0) continue;
		if (format === 'gguf') return gguf(some, null);
		if (format !== 'onnx') return joined(some, format);
		const graph = best(some);
		if (graph === undefined) continue;
		const beside = onnxData(files, graph.name);
		const bytes = beside.reduce((sum, { size }) => sum + size, graph.sizeBytes);
		const paths = [...graph.paths, ...beside.map(({ path }) => path)];
		return { format, name: graph.name, bytes, projectorBytes: 0, parts: 1, quant: null, paths };
	}
	const rest = best(own);
	return rest === undefined ? null : joined([rest], 'other');
}
