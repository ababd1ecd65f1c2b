// How many parameters a model has: the most trustworthy of stored tensors, GGUF header, configuration and name.
import { parseParameterCount } from '#lib/core/query.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ParameterSource } from '#lib/core/model.ts';

/** A count with where it came from; `active` counts what one token uses (equal to `total` without experts). */
export interface ParameterFacts {
	total: number | null;
	active: number | null;
	source: ParameterSource | null;
	file: 'config' | 'listing' | 'name';
	path: string;
	rule: string;
}

/** What shapes in the configuration give; null where they do not suffice. */
export interface CountedParameters {
	total: number | null;
	active: number | null;
	rule: string;
}

interface Subject {
	id: string;
	listing: ListingFacts | null;
	counted: CountedParameters | null;
	quantization_method: string | null;
	quantization_bits: number | null;
}

/** Largest believable count; nobody has published a tenth of it. */
const most = 1e15;
/** A packed count within this share of the name's size has been unpacked by the Hub already. */
const tolerance = 0.25;

function believable(count: number | undefined): number | null {
	return count !== undefined && Number.isInteger(count) && count > 0 && count < most ? count : null;
}

/** Formats that store several weights in one element, so that stored elements are no count. */
function isPacked({ listing, quantization_method: method, quantization_bits: bits }: Subject): boolean {
	if (method !== null && bits !== null && bits < 8) return true;
	if (method === 'gptq' || method === 'awq' || method === 'mlx') return true;
	const elements = Object.entries(listing?.safetensors?.parameters ?? {}).slice(0, 64);
	const whole = elements.reduce((sum, [, count]) => sum + count, 0);
	const packed = elements.reduce((sum, [name, count]) => sum + (/^(?:U8|I32|U32|F4)/.test(name) ? count : 0), 0);
	return packed > whole / 4;
}

const sizeWord = /(?:^|[-_\s])(\d{1,4}(?:\.\d{1,3})?[bmt])(?![^-_\s])/i;

/** The size in a repository's name (`Qwen2.5-7B-Instruct` → 7·10⁹; `8x7B` and active sizes like `A3B` are no totals). */
export function sizeInName(id: string): number | null {
	const word = sizeWord.exec(id.slice(id.indexOf('/') + 1, 200))?.[1];
	const count = word === undefined ? null : parseParameterCount(word);
	return count !== null && count > 0 ? count : null;
}

function near(count: number, size: number | null): boolean {
	return size !== null && Math.abs(count - size) <= size * tolerance;
}

function fromListing(subject: Subject): ParameterFacts | null {
	const { listing, id } = subject;
	const stored = believable(listing?.safetensors?.total);
	const place = { active: null, file: 'listing' } as const;
	if (stored !== null && (!isPacked(subject) || near(stored, sizeInName(id)))) {
		const rule = isPacked(subject)
			? 'stored elements, which the Hub has unpacked'
			: 'stored elements of the safetensors files';
		return { total: stored, source: 'safetensors', path: 'safetensors.total', rule, ...place };
	}
	const header = believable(listing?.gguf?.total);
	if (header === null) return null;
	return { total: header, source: 'gguf', path: 'gguf.total', rule: 'parameters of the GGUF header', ...place };
}

function fromName(id: string): ParameterFacts | null {
	const size = sizeInName(id);
	if (size === null) return null;
	const rule = "guess from the repository's name, rounded as it is there";
	return { total: size, active: null, source: 'name', file: 'name', path: 'id', rule };
}

/**
 * Parameters of a model, by trust: elements of the safetensors files (not for packed quantization), the GGUF header,
 * shapes in the configuration, and last a size in the name. `active` comes from the shapes alone.
 */
export function totalParameters(subject: Subject): ParameterFacts {
	const { counted, id } = subject;
	const listed = fromListing(subject);
	if (listed !== null) return { ...listed, active: counted?.active ?? null };
	if (counted !== null && counted.total !== null) {
		const { total, active, rule } = counted;
		return { total, active, source: 'config', file: 'config', path: '', rule };
	}
	return fromName(id) ?? { total: null, active: null, source: null, file: 'name', path: '', rule: '' };
}
