// How filters are called on chips, in the filter modal and in the empty state.
import { formatCount, formatParameters } from '#lib/core/format.ts';
import { licenseLabel } from '#lib/core/license.ts';
import type { FilterName } from '#lib/core/active-filters.ts';
import { runtimeName, type Runtimes } from '#lib/core/runtime.ts';
import { sizeClassLabels, weightClassLabels } from '#lib/core/size-class.ts';

/** Quantization choices in the order they are offered, with their words. */
export const quantizationLabels: Record<string, { label: string; title?: string }> = {
	'2': { label: '2-bit' },
	'3': { label: '3-bit' },
	'4': { label: '4-bit' },
	'5': { label: '5-bit' },
	'6': { label: '6-bit' },
	'8': { label: '8-bit' },
	fp16: { label: 'fp16', title: 'Not quantized: 16-bit numbers, fp16 or bf16' },
	other: { label: 'Other', title: '32-bit numbers and everything else that is known' },
	unknown: { label: 'Unknown', title: 'Nothing says how the weights are kept' },
};

const words: Record<FilterName, Record<string, string>> = {
	family: { Unknown: 'Unknown architecture' },
	quantization: {},
	kind: { gen: 'Generates text', encoder: 'Encoder', unknown: 'Unknown kind', 'auth-protected': 'Not readable' },
	author: {},
	license: { unknown: 'Unknown licence' },
	modality: { text: 'Text-only', multimodal: 'Multimodal' },
	gated: { true: 'Gated', false: 'No gate known' },
	size_class: sizeClassLabels,
	weight_class: weightClassLabels,
	min_params: {},
	max_params: {},
	min_context: {},
	runtime: {},
	fits: {},
};

/** What filters mean by a name. */
interface Named {
	/** The runtimes there are; one that is not among them reads as its id. */
	runtimes: Runtimes;
	/** The name of the device that `fits` means; the value itself when it is null. */
	device?: string | null;
}

/** One active filter in words: `4-bit`, `At least 7B`, `Gated`. */
export function filterLabel(name: FilterName, value: string, { runtimes, device = null }: Named): string {
	if (name === 'runtime') return `Runs on ${runtimeName(value, runtimes)}`;
	if (name === 'fits') return `Fits ${device ?? value}`;
	return choiceLabel(name, value);
}

/** One choice of a filter that means the same everywhere. */
export function choiceLabel(name: Exclude<FilterName, 'runtime' | 'fits'>, value: string): string {
	if (name === 'min_params') return `At least ${formatParameters(Number(value))}`;
	if (name === 'max_params') return `At most ${formatParameters(Number(value))}`;
	if (name === 'min_context') return `At least ${formatCount(Number(value))} tokens`;
	if (name === 'author') return `By ${value}`;
	if (name === 'license' && value !== 'unknown') return licenseLabel(value);
	if (name === 'quantization') {
		return value === 'unknown' ? 'Unknown quantization' : (quantizationLabels[value]?.label ?? value);
	}
	return words[name][value] ?? value;
}
