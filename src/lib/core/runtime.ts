// What a runtime is: which architectures, formats and quantizations it says it loads, with the source and version of that.
import type { runtimeConfidences } from '#lib/core/choice.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { WeightFormat } from '#lib/core/weight-formats.ts';

/** How sure it is that a runtime runs a model, from not at all upwards. */
export type RuntimeConfidence = (typeof runtimeConfidences)[number];

/**
 * One program that reads weights. A runtime may hold several (LM Studio has llama.cpp and MLX). A list is what the
 * engine's own source names; a `derived` list was inferred through the auto classes of transformers and counts less.
 */
export interface RuntimeEngine {
	/** As sentences name it, and the version its lists are of. */
	name: string;
	version: string;
	formats: readonly WeightFormat[];
	/** Formats it names without their being known to work yet. */
	declared?: readonly WeightFormat[];
	/** The name of a model that the engine looks up: class (`LlamaForCausalLM`), `model_type`, or GGUF architecture. */
	by: 'architectures' | 'model_type' | 'gguf';
	/** Its own list of classes; for GGUF those its converter takes. */
	architectures?: readonly string[];
	/** Its own list of model types, or of GGUF architecture names. */
	types?: readonly string[];
	derivedArchitectures?: readonly string[];
	derivedTypes?: readonly string[];
	/** Beginnings of such classes, before `ForCausalLM`, `Model` and their like. */
	derivedStems?: readonly string[];
	/** Types and classes that it is less sure of than of the others. */
	medium?: readonly string[];
	/** Types and classes of which it runs the text part alone. */
	textOnly?: readonly string[];
	/** Why no answer of it is surer than `medium`: a whole sentence. */
	ceiling?: string;
	/** The list is not whole: what it does not name is not known, rather than ruled out. */
	isOpen?: boolean;
	/** Heads that only speed up another model and cannot be served alone. */
	drafts?: readonly string[];
	/** Classes that another path inside the engine runs. */
	backend?: { name: string; runs: (architecture: string) => boolean };
	/** Classes or types that were there once, with the last version that had them. */
	removed?: Readonly<Record<string, string>>;
	/** Classes that need a separate plugin, which is named. */
	plugins?: Readonly<Record<string, string>>;
	/** Quantization methods with the bits they come in (null: any). Null: the engine does not say; absent methods are not loaded. */
	quantization: Readonly<Record<string, readonly number[] | null>> | null;
	/** Methods whose weights are unpacked to 16 bits when they are loaded. */
	unpacked?: readonly string[];
	/** What has to be known when a format is loaded: a whole sentence. */
	loading?: Readonly<Partial<Record<WeightFormat, string>>>;
	/** Why a format is not loaded, when there is more to say: a whole sentence. */
	refusing?: Readonly<Partial<Record<WeightFormat, string>>>;
	/** How weights of another format become ones it loads: a whole sentence, said when the class or type is on its list. */
	conversion?: { from: readonly WeightFormat[]; to: WeightFormat; how: string };
}

/** A runtime as its own sources describe it. */
export interface RuntimeProfile {
	id: string;
	name: string;
	/** Version the lists were read from, as its makers write it. */
	version: string;
	/** Where they were read. */
	source: string;
	/** Date of that source, `2026-08` or longer. */
	asOf: string;
	engines: readonly RuntimeEngine[];
	/** Most tokens it takes (null: no limit of its own) and how it comes by the length. */
	context: { limit: number | null; rule: string };
	/** What it runs on, by operating system or place. */
	platforms: Readonly<Record<string, readonly string[]>>;
	accelerators: readonly string[];
	/** The switch that lets it run a repository's own Python code; null when it never does. */
	remoteCode: string | null;
	/** Does it load models that are in no list, by running their own code? */
	loadsForeignCode?: boolean;
	/** What it serves: text, or vectors and labels too (`all`). A strict one refuses models that write no text. */
	serves: 'text' | 'text strictly' | 'all';
	/** What it does with an architecture it does not name: the rest of a sentence that starts with its name. */
	fallback?: string;
	/** Does it do that only for repositories that bring their own code? */
	fallsBackForOwnCode?: boolean;
	/** Hub tag that every model it can load carries; null when there is none. */
	hubTag: string | null;
}

/** The names in a text, one blank or line apart: tables are written so. */
export function words(text: string): readonly string[] {
	return text.trim().split(/\s+/);
}

/** Every runtime that is known by itself, by the id that queries and commands use, in the order in which they are listed. */
const builtInNames = {
	'llm-worker': 'LLM worker',
	vllm: 'vLLM',
	sglang: 'SGLang',
	'llama.cpp': 'llama.cpp',
	ollama: 'Ollama',
	lmstudio: 'LM Studio',
	'mlx-lm': 'MLX-LM',
	'mlx-vlm': 'mlx-vlm',
	transformers: 'Transformers',
	'transformers.js': 'Transformers.js in the browser',
	'transformers.js-node': 'Transformers.js in Node.js',
	tgi: 'Text Generation Inference',
	exllamav3: 'ExLlamaV3',
	exllamav2: 'ExLlamaV2',
} as const;
export type BuiltInRuntime = keyof typeof builtInNames;
/** Id of a runtime: one that is known by itself, or one that the registry file of this server describes. */
export type RuntimeId = string;

function isBuiltIn(id: string): id is BuiltInRuntime {
	return Object.hasOwn(builtInNames, id);
}

/** Ids of the runtimes that are known by themselves. */
export const builtInRuntimes: readonly BuiltInRuntime[] = Object.keys(builtInNames).filter(isBuiltIn);

/** A runtime that the registry file describes: its id and name, and the one whose lists it begins with. */
export interface OwnRuntime {
	id: string;
	name: string;
	base: BuiltInRuntime;
}

/** The runtimes that are known somewhere: one app, one page or one command has its own, by the registry file it reads. */
export interface Runtimes {
	/** Ids in the order in which they are listed; those of the registry file come last. */
	readonly ids: readonly RuntimeId[];
	/** The runtimes of the registry file. */
	readonly own: readonly OwnRuntime[];
}

/** The runtimes that are known by themselves, and these of a registry file. */
export function runtimesWith(own: readonly OwnRuntime[]): Runtimes {
	return { ids: [...builtInRuntimes, ...own.map(({ id }) => id)], own };
}

function ownOf(id: RuntimeId, { own }: Runtimes): OwnRuntime | undefined {
	return own.find((runtime) => runtime.id === id);
}

/** The name of a runtime as people read it; the id itself where nobody knows it. */
export function runtimeName(id: RuntimeId, runtimes: Runtimes): string {
	return isBuiltIn(id) ? builtInNames[id] : (ownOf(id, runtimes)?.name ?? id);
}

/** The runtime that is known by itself and stands behind this one; null where nobody knows it. */
export function baseRuntime(id: RuntimeId, runtimes: Runtimes): BuiltInRuntime | null {
	return isBuiltIn(id) ? id : (ownOf(id, runtimes)?.base ?? null);
}

/** Other words for a runtime, without anything but letters and digits. */
const otherNames: Readonly<Record<string, BuiltInRuntime>> = {
	exllama: 'exllamav3',
	textgenerationinference: 'tgi',
	mlx: 'mlx-lm',
	nodeonnx: 'transformers.js-node',
	browseronnx: 'transformers.js',
	huggingfacetransformers: 'transformers',
};

function plain(name: string): string {
	return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Number of letters to add, drop or change to make one word of the other (Levenshtein). */
function distance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= b.length; j += 1) {
			const changed = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
			next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[b.length] ?? 0;
}

/** The runtime whose name is most like this one. */
export function nearestRuntime(name: string, runtimes: Runtimes): RuntimeId {
	const wanted = plain(name.slice(0, 60));
	const likeness = (id: RuntimeId) =>
		Math.min(distance(wanted, plain(id)), distance(wanted, plain(runtimeName(id, runtimes))) + 0.5);
	return runtimes.ids.reduce<RuntimeId>((best, id) => (likeness(id) < likeness(best) ? id : best), 'llm-worker');
}

/** The id of a runtime by any spelling of its name; throws `invalid_query` naming the nearest one there is. */
export function parseRuntime(name: string, runtimes: Runtimes): RuntimeId {
	const wanted = plain(name);
	const found = runtimes.ids.find((id) => plain(id) === wanted || plain(runtimeName(id, runtimes)) === wanted);
	const id = found ?? (Object.hasOwn(otherNames, wanted) ? otherNames[wanted] : undefined);
	if (id !== undefined) return id;
	const says = `"${quoted(name)}" is not a value for runtime: did you mean ${nearestRuntime(name, runtimes)}?`;
	throw new Failure('invalid_query', `${says} There are ${runtimes.ids.join(', ')}.`);
}
