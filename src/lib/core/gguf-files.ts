// What the names of GGUF files say: which quantization each holds, and which one a repository means by default.
import type { ModelCharacteristics } from '#lib/core/model.ts';

/** The quantization of one GGUF file: its label and the bits per weight the label names (16 and 32: not quantized). */
export interface GgufLabel {
	label: string;
	bits: number;
}

const label = /(?:UD-)?(?:I?Q\d(?:_[0-9A-Z]+)*|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP16|F16|FP32|F32)(?![0-9A-Z])/g;
/** Projectors, importance matrices, draft heads and bare vocabularies: not the model itself. */
const companion = /^(?:mmproj|imatrix|mtp-|eagle3-|dflash-|dspark-|ggml-vocab-)|imatrix\.gguf$/i;
const maxNameLength = 300;
/** What `llama-server -hf owner/repo` takes when no quantization is named; else it takes the first file. */
const usual = 'Q4_K_M';

function bitsOf(name: string): number {
	const plain = name.replace(/^UD-/, '');
	if (/^(?:B?F|FP)16$/.test(plain)) return 16;
	if (/^(?:F|FP)32$/.test(plain)) return 32;
	if (plain === 'TQ1_0') return 1.69;
	const digit = /\d/.exec(plain)?.[0];
	return digit === undefined ? 16 : Number(digit);
}

/** Quantization named in a GGUF file name (or a repository name); the last label counts. Null when there is none. */
export function ggufLabel(name: string): GgufLabel | null {
	const found = name.slice(-maxNameLength).toUpperCase().match(label);
	const last = found?.[found.length - 1];
	return last === undefined ? null : { label: last, bits: bitsOf(last) };
}

/** The GGUF weights among file paths, without projectors and other companions. */
export function ggufFiles(paths: readonly string[]): string[] {
	return paths.filter((path) => {
		if (path.length > 1000 || !path.toLowerCase().endsWith('.gguf')) return false;
		return !companion.test(path.slice(path.lastIndexOf('/') + 1));
	});
}

/** What a repository's GGUF files offer: the one taken by default, where it stands, and all bits on offer. */
export interface GgufOffer {
	chosen: GgufLabel;
	path: string;
	offered: number[];
}

/** The default quantization of a GGUF repository, as llama.cpp chooses: Q4_K_M when there, else the first file. */
export function ggufOffer(paths: readonly string[]): GgufOffer | null {
	const labelled: { label: GgufLabel; path: string }[] = [];
	for (const path of ggufFiles(paths)) {
		const found = ggufLabel(path);
		if (found !== null) labelled.push({ label: found, path });
	}
	const first = labelled.find(({ label: found }) => found.label.replace(/^UD-/, '') === usual) ?? labelled[0];
	if (first === undefined) return null;
	const offered = [...new Set(labelled.map(({ label: found }) => found.bits))].sort((a, b) => a - b);
	return { chosen: first.label, path: first.path, offered };
}

/** The GGUF file that stands for a repository: the default one, else the first that holds a model; null without any. */
export function chosenGguf(paths: readonly string[]): string | null {
	return ggufOffer(paths)?.path ?? ggufFiles(paths)[0] ?? null;
}

/** The GGUF file whose header a record was read from; null for a record that was read from something else. */
export function headerFileOf({ evidence }: Pick<ModelCharacteristics, 'evidence'>): string | null {
	const files = Object.values(evidence).map(({ file }) => file);
	return files.find((file) => file.toLowerCase().endsWith('.gguf')) ?? null;
}
