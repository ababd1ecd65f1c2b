// How a model's weights are stored: quantization method, bits and group size from every home they have, and the dtype.
import { isJsonObject } from '#lib/core/config-text.ts';
import { ggufFiles, ggufLabel, ggufOffer } from '#lib/core/gguf-files.ts';
import { readDtype, tellOtherDtype } from '#lib/core/dtype.ts';
import { listingFile, type JsonObject, type ListingFacts } from '#lib/core/listing.ts';
import type { QuantizationChoice } from '#lib/core/model.ts';
import { readScheme, type SchemeFacts } from '#lib/core/quantization-scheme.ts';
import { bitOf } from '#lib/core/key-groups.ts';
import { holds, pathIn, shown, type Reading, type Scope } from '#lib/core/reading.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';
import { quantizationWords } from '#lib/core/tables/quantization.ts';

/**
 * Storage of the weights. All null: nothing says that they are quantized. Bits are bits per weight as the method counts
 * them, fractions kept (ExLlama 4.65, BitNet 1.58); −1 as group size means one group per row.
 */
export interface QuantizationFacts {
	quantization_method: string | null;
	quantization_bits: number | null;
	quantization_group_size: number | null;
	dtype: string | null;
}

interface Place {
	reading: Reading;
	/** Text model first, then the root when that is another object. Empty when there is no configuration. */
	scopes: Scope[];
	id: string;
	listing: ListingFacts | null;
}

type Stored = Omit<QuantizationFacts, 'dtype'>;

const none: Stored = { quantization_method: null, quantization_bits: null, quantization_group_size: null };

const homeBit = bitOf('quantization');

function rootFirst(scopes: Scope[]): Scope[] {
	return scopes.length < 2 ? scopes : [...scopes].reverse();
}

/** The objects that describe quantization, root before nested text model, in the order in which they count. */
function findHomes(scopes: Scope[]): { config: JsonObject; path: string; key: string }[] {
	const found: { config: JsonObject; path: string; key: string }[] = [];
	for (const scope of rootFirst(scopes)) {
		if (!holds(scope, homeBit)) continue;
		for (const key of keyGroups.quantization) {
			const config = scope.config[key];
			if (isJsonObject(config)) found.push({ config, path: pathIn(scope, key), key });
		}
	}
	return found;
}

/** Tells of a description of the quantization that is no object, so that nobody takes the model for a plain one. */
function tellUnread(reading: Reading, scopes: Scope[]): void {
	for (const scope of scopes) {
		if (!holds(scope, homeBit)) continue;
		for (const key of keyGroups.quantization) {
			const value = scope.config[key];
			if (value === undefined || value === null || value === false || isJsonObject(value)) continue;
			reading.warn(`${pathIn(scope, key)} is ${shown(value)}, which describes no quantization; it was not read.`);
		}
	}
}

/** The object of the configuration that says how the weights are quantized; null when there is none. */
export function quantizationObject(scopes: Scope[]): JsonObject | null {
	return findHomes(scopes)[0]?.config ?? null;
}

function compareHomes(reading: Reading, read: SchemeFacts[]): void {
	const [first, second] = read;
	if (first === undefined || second === undefined) return;
	if (first.method !== null && second.method !== null && first.method !== second.method) {
		reading.conflict('quantization_method', first.method, [
			{ value: first.method, path: first.methodPath },
			{ value: second.method, path: second.methodPath },
		]);
	}
	if (first.bits === null || second.bits === null || first.bits === second.bits) return;
	reading.conflict('quantization_bits', first.bits, [
		{ value: first.bits, path: first.bitsPath },
		{ value: second.bits, path: second.bitsPath },
	]);
}

function noteScheme(reading: Reading, facts: SchemeFacts, file?: string): Stored {
	if (facts.method !== null) reading.note('quantization_method', facts.methodPath, facts.methodRule, file);
	if (facts.bits !== null) reading.note('quantization_bits', facts.bitsPath, facts.bitsRule, file);
	if (facts.group !== null) {
		const rule = facts.group === -1 ? 'as written; −1 means one group per row' : facts.groupRule;
		reading.note('quantization_group_size', facts.groupPath, rule, file);
	}
	for (const sentence of facts.warnings) reading.warn(sentence);
	return {
		quantization_method: facts.method,
		quantization_bits: facts.bits,
		quantization_group_size: facts.group,
	};
}

/** Quantization written in the configuration itself. Null when no home of it is there. */
function fromConfig({ reading, scopes }: Place): Stored | null {
	if (!scopes.some((scope) => holds(scope, homeBit))) return null;
	const read = findHomes(scopes).map(({ config, path, key }) => readScheme(config, { path, key }));
	const saying = read.filter((facts) => facts.method !== null || facts.bits !== null);
	const first = saying[0];
	if (first === undefined) return null;
	compareHomes(reading, saying);
	return noteScheme(reading, first);
}

function noteGguf(reading: Reading, path: string, rule: string, bits: number | null): Stored {
	if (bits !== null && bits >= 16) return none;
	reading.note('quantization_method', path, rule, listingFile);
	if (bits !== null) reading.note('quantization_bits', path, rule, listingFile);
	return { quantization_method: 'gguf', quantization_bits: bits, quantization_group_size: null };
}

/** A repository whose weights are GGUF files: bits of the file that llama.cpp takes by default. */
function fromGguf({ reading, id, listing }: Place): Stored | null {
	if (listing === null || !holdsGguf(listing)) return null;
	const offer = ggufOffer(listing.siblings ?? []);
	if (offer !== null) {
		const { chosen, offered, path } = offer;
		if (offered.length > 1) {
			reading.warn(
				`The repository offers GGUF files of ${offered.join(', ')} bits; the facts are those of ${chosen.label}.`,
			);
		}
		return noteGguf(reading, `siblings: ${path}`, `${chosen.label}, the file llama.cpp takes by default`, chosen.bits);
	}
	const named = ggufLabel(id);
	if (named !== null) return noteGguf(reading, 'id', `guess from the repository's name (${named.label})`, named.bits);
	return noteGguf(reading, listing.gguf === undefined ? 'tags' : 'gguf', 'a GGUF repository', null);
}

/** Are the repository's weights GGUF files (and not safetensors with a GGUF copy beside them)? */
export function holdsGguf(listing: ListingFacts): boolean {
	if (listing.safetensors !== undefined) return false;
	const siblings = listing.siblings ?? [];
	if (siblings.length > 0) {
		if (siblings.some((path) => path.endsWith('.safetensors'))) return false;
		return ggufFiles(siblings).length > 0;
	}
	return listing.gguf !== undefined || listing.library_name === 'gguf' || (listing.tags ?? []).includes('gguf');
}

function taggedBits(tags: string[]): number | null {
	for (const tag of tags) {
		const match = /^(?:int(\d)|(\d(?:\.\d+)?)-?bit)$/i.exec(tag);
		if (match !== null) return Number(match[1] ?? match[2]);
	}
	return null;
}

function isMlx(listing: ListingFacts): boolean {
	return listing.library_name?.startsWith('mlx') === true || (listing.tags ?? []).includes('mlx');
}

function excerptOf(listing: ListingFacts): SchemeFacts | null {
	const excerpt = listing.config?.['quantization_config'];
	if (!isJsonObject(excerpt)) return null;
	const path = 'config.quantization_config';
	return readScheme(excerpt, { path, key: 'quantization_config', partial: true });
}

/** Method and bits that tags name: `awq`, `4-bit`; MLX repositories name only the bits. */
function fromTags(reading: Reading, listing: ListingFacts, known: Stored): Stored {
	const tags = (listing.tags ?? []).slice(0, 500);
	const word = tags.map((tag) => quantizationWords.get(tag.toLowerCase())).find((found) => found !== undefined);
	const bits = known.quantization_bits ?? taggedBits(tags) ?? word?.bits ?? null;
	const mlx = bits !== null && isMlx(listing) ? 'mlx' : null;
	const method = known.quantization_method ?? word?.method ?? mlx;
	const tagged = (field: 'quantization_method' | 'quantization_bits') =>
		reading.note(field, 'tags', 'Hub tag', listingFile);
	if (method !== null && known.quantization_method === null) tagged('quantization_method');
	if (bits !== null && known.quantization_bits === null) tagged('quantization_bits');
	const { quantization_group_size } = known;
	return { quantization_method: method, quantization_bits: bits, quantization_group_size };
}

/** Quantization told by the Hub's list fields: the configuration's excerpt first, then tags. */
function fromListing({ reading, listing }: Place): Stored | null {
	if (listing === null) return null;
	const excerpt = excerptOf(listing);
	const known = excerpt === null ? none : noteScheme(reading, excerpt, listingFile);
	const stored = fromTags(reading, listing, known);
	return stored.quantization_method === null && stored.quantization_bits === null ? null : stored;
}

/** Publishes conversions for MLX and nothing else, and does not repeat it in the names. */
const mlxOwner = 'mlx-community/';

/** A quick look before the name is taken apart. */
const mayNameMethod = new RegExp(`mlx|${[...quantizationWords.keys()].join('|')}`, 'i');

/** A method named in the repository's name, the last resort: older GPTQ repositories say it nowhere else. */
function fromName({ reading, id }: Place): Stored | null {
	if (!mayNameMethod.test(id)) return null;
	const words = id
		.slice(id.indexOf('/') + 1, 200)
		.toLowerCase()
		.split(/[-_.\s]+/);
	const named = words.map((word) => quantizationWords.get(word)).find((found) => found !== undefined);
	const mlx = words.includes('mlx') || id.startsWith(mlxOwner) ? { method: 'mlx', bits: null } : null;
	const bits = taggedBits(words) ?? taggedBits(words.map((word, at) => `${word}-${words[at + 1] ?? ''}`));
	const found = named ?? (bits === null ? null : mlx);
	if (found === null) return null;
	const rule = `guess from the repository's name (${found.method})`;
	reading.warn(`Nothing but the repository's name says that the weights are quantized (${found.method}).`);
	reading.note('quantization_method', 'id', rule, 'repository name');
	const known = found.bits ?? bits;
	if (known !== null) reading.note('quantization_bits', 'id', rule, 'repository name');
	return { quantization_method: found.method, quantization_bits: known, quantization_group_size: null };
}

function unquantizedGguf(place: Place): string | null {
	if (place.listing === null || !holdsGguf(place.listing)) return null;
	const offer = ggufOffer(place.listing.siblings ?? []);
	if (offer === null || offer.chosen.bits < 16) return null;
	place.reading.note('dtype', `siblings: ${offer.path}`, `GGUF file named ${offer.chosen.label}`, listingFile);
	const { label } = offer.chosen;
	if (offer.chosen.bits === 32) return 'float32';
	return label === 'BF16' ? 'bfloat16' : 'float16';
}

/** Storage of the weights, from the configuration, else the GGUF files, else list fields, else the name. */
export function readQuantization(place: Place): QuantizationFacts {
	const stored = fromConfig(place) ?? fromGguf(place) ?? fromListing(place) ?? fromName(place) ?? none;
	const { quantization_method, quantization_bits, quantization_group_size } = stored;
	const dtype = readDtype(place) ?? unquantizedGguf(place);
	tellUnread(place.reading, place.scopes);
	if (quantization_method === null) tellOtherDtype(place, dtype);
	return { quantization_method, quantization_bits, quantization_group_size, dtype };
}

const buckets: [bits: number, choice: QuantizationChoice][] = [
	[2, '2'],
	[3, '3'],
	[4, '4'],
	[5, '5'],
	[6, '6'],
	[8, '8'],
];

/**
 * The filter choice a model falls under. Fractions go to the nearest of 2, 3, 4, 5, 6 and 8, a tie to the smaller one
 * (4.5 bits per weight is what "4-bit" costs with its scales), so 1.58 is 2, 4.65 is 5. fp8 counts as 8, mxfp4 and
 * nvfp4 as 4; not quantized and 16-bit is `fp16`; fp32 and 16-bit quantization are `other`. A quantized model of
 * unknown bits, and one of which nothing is known, is `unknown`.
 */
export function quantizationChoice(facts: Omit<QuantizationFacts, 'quantization_group_size'>): QuantizationChoice {
	const { quantization_bits: bits, quantization_method: method, dtype } = facts;
	if (bits !== null) {
		if (bits > 12) return 'other';
		const nearest = buckets.reduce((best, next) => (Math.abs(next[0] - bits) < Math.abs(best[0] - bits) ? next : best));
		return nearest[1];
	}
	if (method !== null || dtype === null) return 'unknown';
	if (dtype === 'float16' || dtype === 'bfloat16') return 'fp16';
	return /^(?:float8|fp8|int8|uint8)/.test(dtype) ? '8' : 'other';
}
