// How many parameters a model has: the most trustworthy of stored tensors, GGUF header, configuration and name.
import { parseParameterCount } from '#lib/core/query-url.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ParameterSource } from '#lib/core/model.ts';

/** What one source says about the count. */
interface Claim {
	total: number;
	source: ParameterSource;
	file: 'config' | 'listing' | 'name';
	path: string;
	rule: string;
}

/** The claim that won; `active` counts what one token uses (null without experts). */
export interface ParameterFacts {
	claim: Claim;
	active: number | null;
	/** The other source, when both exist and differ by more than half a percent; null otherwise. */
	rival: Claim | null;
}

/** Something a checkpoint stores beside the parameters; `elements` is null when its size is not known. */
export interface StoredExtra {
	elements: number | null;
	/** What it is, to follow "the files also hold". */
	sentence: string;
}

/** What shapes in the configuration give; null where they do not suffice. */
export interface CountedParameters {
	total: number;
	active: number | null;
	rule: string;
	extras: StoredExtra[];
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

function fromListing(subject: Subject): Claim | null {
	const { listing, id, counted } = subject;
	if (listing === null) return null;
	const stored = believable(listing.safetensors?.total);
	const packed = stored !== null && isPacked(subject);
	if (stored !== null && (!packed || (counted === null && near(stored, sizeInName(id))))) {
		const rule = packed ? 'stored elements, which the Hub has unpacked' : 'stored elements of the safetensors files';
		return { source: 'safetensors', file: 'listing', path: 'safetensors.total', rule, total: stored };
	}
	const header = believable(listing.gguf?.total);
	if (header === null) return null;
	const rule = 'parameters of the GGUF header';
	return { source: 'gguf', file: 'listing', path: 'gguf.total', rule, total: header };
}

function fromShapes(total: number, rule: string): Claim {
	return { source: 'config', file: 'config', path: '', rule, total };
}

function fromName(id: string): Claim | null {
	const size = sizeInName(id);
	if (size === null) return null;
	const rule = "guess from the repository's name, rounded as it is there";
	return { source: 'name', file: 'name', path: 'id', rule, total: size };
}

/** Two counts this close are the same; stored buffers and rounded shapes make no more of a difference. */
const sameShare = 0.005;
/** A known extra explains a difference when it meets it within this share of the model. */
const metShare = 0.0005;
/** Prediction layers are a small part of a model: the largest seen is 3 %. */
const mostExtraShare = 0.1;

/** The extra that explains why the files hold more than the model has; null when none does. */
function explains(stored: number, total: number, extras: StoredExtra[]): StoredExtra | null {
	const surplus = stored - total;
	if (surplus <= 0) return null;
	const exact = extras.find(({ elements }) => elements !== null && Math.abs(surplus - elements) <= total * metShare);
	if (exact !== undefined) return exact;
	return extras.find(({ elements }) => elements === null && surplus <= total * mostExtraShare) ?? null;
}

/**
 * Parameters of a model, by trust: elements of the safetensors files (not for packed quantization), the GGUF header,
 * shapes in the configuration, and last a size in the name. Where the files are known to hold more than the model has
 * (a copied output matrix, masks, prediction layers), the shapes win and the rule says so. `active` comes from the
 * shapes alone. Null when no source tells.
 */
export function totalParameters(subject: Subject): ParameterFacts | null {
	const { counted, id } = subject;
	const listed = fromListing(subject);
	if (counted === null) {
		const claim = listed ?? fromName(id);
		return claim === null ? null : { claim, active: null, rival: null };
	}
	const { total, active } = counted;
	const shaped = fromShapes(total, counted.rule);
	if (listed === null) return { claim: shaped, active, rival: null };
	if (Math.abs(listed.total - total) <= total * sameShare) return { claim: listed, active, rival: null };
	const extra = listed.source === 'safetensors' ? explains(listed.total, total, counted.extras) : null;
	if (extra === null) return { claim: listed, active, rival: shaped };
	const explained = fromShapes(total, `${counted.rule} The files also hold ${extra.sentence}.`);
	return { claim: explained, active, rival: listed };
}
