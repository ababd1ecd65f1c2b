// What a weight costs in a GGUF file, part by part, by the label of the file.
import { ggufMixes, oddRowType, tensorBits, type GgufMix } from '#lib/core/tables/gguf-mixes.ts';
import { allOf, type PartCounts, type Recipe } from '#lib/core/tables/weight-schemes.ts';

/** Llama 3.1 8B, whose files the mixes are stated for. */
const measured = { total: 8_030_261_248, embed: 525_336_576 };

/** What a mix spends on everything but embedding and output: what the stated file leaves for it. */
function layerBits({ whole, embed, output }: GgufMix): number {
	const ends = measured.embed * ((tensorBits[embed] ?? 0) + (tensorBits[output] ?? 0));
	return (measured.total * whole - ends) / (measured.total - 2 * measured.embed);
}

/** Share of the layers' weights in rows of the inner width, which 256 divides where the hidden size is odd. */
const innerRowShare = 0.29;

/** Whole files in MXFP4 (gpt-oss: 12.1 GB for 20.9 billion weights, 63.2 GB for 116.8 billion). */
const usualMxfp4 = 4.5;

/**
 * The bits of each part in a GGUF file of this label; null for a label nobody knows. `hidden`: the length of most rows,
 * null when not known.
 */
export function ggufRecipe(label: string, parts: PartCounts | null, hidden: number | null): Recipe | null {
	const isDynamic = label.startsWith('UD-');
	const name = label === 'Q3_K_L' ? label : label.replace(/^UD-/, '').replace(/_X?L$/, '');
	if (/^MXFP4/.test(name)) {
		const words = `${label}: experts 4.25 bits per weight, the rest 8.5`;
		if (parts === null) return { bits: allOf(usualMxfp4), band: 0.06, words };
		return { bits: { ...allOf(8.5), experts: 4.25, vision: 16 }, band: 0.04, words };
	}
	const mix = ggufMixes[name] ?? ggufMixes[`${name}_M`];
	const plain = tensorBits[name];
	if (mix === undefined) {
		if (plain === undefined) return null;
		return { bits: { ...allOf(plain), vision: 16 }, band: 0.02, words: `${label}: ${plain} bits per weight` };
	}
	const type = (asked: string) => tensorBits[asked] ?? plain ?? 16;
	const isOdd = hidden !== null && hidden % 256 !== 0;
	const layers = layerBits(mix);
	const odd = innerRowShare * layers + (1 - innerRowShare) * type(oddRowType[mix.base] ?? mix.base);
	const other = isOdd ? odd : layers;
	const ends = (asked: string) => type(isOdd ? (asked === mix.output ? 'Q8_0' : (oddRowType[asked] ?? asked)) : asked);
	const isTied = parts !== null && parts.head === 0;
	const bits = {
		embed: ends(isTied ? mix.output : mix.embed),
		head: ends(mix.output),
		experts: other,
		other,
		vision: 16,
	};
	const band =
		(isDynamic || name !== label ? 0.1 : 0.01) + (isOdd ? 0.03 : 0) + (parts !== null && parts.experts > 0 ? 0.02 : 0);
	return {
		bits,
		band,
		words: `${label}: ${Math.round(other * 1000) / 1000} bits per weight in the layers, scales included`,
	};
}
