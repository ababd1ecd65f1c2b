// One quantization object of a configuration → method, bits and group size, with the keys they came from.
import { isJsonObject } from '#lib/core/config-text.ts';
import { copyOf } from '#lib/core/key-groups.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import { remembered } from '#lib/core/memo.ts';
import { asNumber } from '#lib/core/reading.ts';
import { modelOptBits, quantizationSchemes, type QuantizationScheme } from '#lib/core/tables/quantization.ts';

/** What one quantization object says. Paths and rules belong to the value before them and are empty when it is null. */
export interface SchemeFacts {
	method: string | null;
	methodPath: string;
	methodRule: string;
	bits: number | null;
	bitsPath: string;
	bitsRule: string;
	group: number | null;
	groupPath: string;
	groupRule: string;
	warnings: string[];
}

interface Home {
	/** Path of the object in the file and the key it stands under. */
	path: string;
	key: string;
	/** Is it only an excerpt, so that missing keys mean nothing? */
	partial?: boolean;
}

interface Value {
	value: number;
	path: string;
	rule: string;
}

const schemes = new Map<string, QuantizationScheme>();
for (const scheme of quantizationSchemes) {
	for (const name of [scheme.name, ...(scheme.aliases ?? [])]) schemes.set(name, scheme);
}
/** Groups and layers looked at in one file; beyond it the recipe is judged by what was seen. */
const maxEntries = 20_000;

function deep(config: JsonObject, path: string): JsonValue | undefined {
	if (!path.includes('.')) return config[path];
	let value: JsonValue | undefined = config;
	for (const key of path.split('.')) {
		if (!isJsonObject(value)) return undefined;
		value = value[key];
	}
	return value;
}

function believableBits(value: JsonValue | undefined): number | null {
	const bits = asNumber(value);
	return bits !== null && bits > 0 && bits <= 64 ? bits : null;
}

function bitsAt(config: JsonObject, keys: string[]): Value | null {
	for (const key of keys) {
		const value = believableBits(deep(config, key));
		if (value !== null) return { value, path: key, rule: 'as written' };
	}
	return null;
}

/** Bits in a type name: `int4` → 4, `float8_e4m3fn` → 8, `nf4` → 4, `Int4WeightOnlyConfig` → 4. Null without digits. */
export function bitsOfTypeName(name: string): number | null {
	const match = /(?:int|float|fp|nf)_?(\d{1,2})/i.exec(name.slice(0, 80));
	return match === null ? null : believableBits(Number(match[1]));
}

function bitsByType(config: JsonObject, keys: string[]): Value | null {
	for (const key of keys) {
		const name = deep(config, key);
		const value = typeof name === 'string' ? bitsOfTypeName(name) : null;
		if (value !== null) return { value, path: key, rule: `type name ${String(name).slice(0, 60)}` };
	}
	return null;
}

function loadsIn4Bits(config: JsonObject): boolean {
	return config['load_in_4bit'] === true || config['_load_in_4bit'] === true;
}

function loadsIn8Bits(config: JsonObject): boolean {
	return config['load_in_8bit'] === true || config['_load_in_8bit'] === true;
}

function bitsAndBytes(config: JsonObject): Value | null {
	if (loadsIn4Bits(config)) {
		const kind = config['bnb_4bit_quant_type'];
		const rule = typeof kind === 'string' ? `4-bit loading, type ${kind.slice(0, 10)}` : '4-bit loading';
		return { value: 4, path: 'load_in_4bit', rule };
	}
	return loadsIn8Bits(config) ? { value: 8, path: 'load_in_8bit', rule: '8-bit loading' } : null;
}

/** AQLM stores codes: codebooks × bits of a code, spread over the weights of one group. */
function aqlm(config: JsonObject): Value | null {
	const codebooks = asNumber(config['num_codebooks']) ?? 1;
	const codeBits = asNumber(config['nbits_per_codebook']);
	const group = (asNumber(config['in_group_size']) ?? 8) * (asNumber(config['out_group_size']) ?? 1);
	if (codeBits === null) return null;
	const value = believableBits(Math.round((codebooks * codeBits * 100) / group) / 100);
	return value === null ? null : { value, path: 'nbits_per_codebook', rule: 'codebooks × bits per code / group size' };
}

function second(list: JsonValue | undefined): number {
	return Array.isArray(list) ? (asNumber(list[1]) ?? 0) : 0;
}

/** VPTQ stores vectors: bits of a centroid's number (and of its correction), spread over the vector's weights. */
function vptq(config: JsonObject): Value | null {
	const layers = config['config_for_layers'] ?? config['shared_layer_config'];
	if (!isJsonObject(layers)) return null;
	for (const name in layers) {
		const layer = layers[name];
		if (!isJsonObject(layer)) continue;
		const length = second(layer['vector_lens']);
		const codes = Math.log2(Math.max(1, second(layer['num_centroids'])));
		const corrections = Math.log2(Math.max(1, second(layer['num_res_centroids'])));
		const value = length > 0 ? believableBits(Math.round(((codes + corrections) / length) * 100) / 100) : null;
		return value === null ? null : { value, path: 'config_for_layers', rule: 'centroid bits / vector length' };
	}
	return null;
}

/** Counts how often each number of bits occurs; the most frequent one stands for the whole. */
class Tally {
	readonly #counts = new Map<number, number>();

	add(bits: number | null, times = 1): void {
		if (bits !== null) this.#counts.set(bits, (this.#counts.get(bits) ?? 0) + times);
	}

	/** Bits that occur most, the smaller of equals. Null when nothing was counted. */
	get most(): number | null {
		let best: [number, number] | null = null;
		for (const [bits, times] of this.#counts) {
			if (best === null || times > best[1] || (times === best[1] && bits < best[0])) best = [bits, times];
		}
		return best?.[0] ?? null;
	}

	/** A sentence for more than one number of bits, or null. */
	get mixture(): string | null {
		if (this.#counts.size < 2) return null;
		const parts = [...this.#counts].sort((a, b) => b[1] - a[1]).slice(0, 8);
		const told = parts.map(([bits, times]) => `${bits}-bit (${times})`).join(', ');
		return `Mixed quantization: ${told} by number of layers or groups.`;
	}
}

interface Parts {
	bits: Value | null;
	group: Value | null;
	warning: string | null;
}

/** The `config_groups` of compressed-tensors and ModelOpt: bits and group size of the weights in each group. */
function configGroups(config: JsonObject): Parts | null {
	const groups = config['config_groups'];
	if (!isJsonObject(groups)) return null;
	const tally = new Tally();
	let group: Value | null = null;
	let type = '';
	let seen = 0;
	for (const name in groups) {
		if ((seen += 1) > maxEntries) break;
		const weights = isJsonObject(groups[name]) ? groups[name]['weights'] : undefined;
		if (!isJsonObject(weights)) continue;
		tally.add(believableBits(weights['num_bits']));
		if (type === '' && typeof weights['type'] === 'string') type = ` (${weights['type'].slice(0, 12)})`;
		const size = asNumber(weights['group_size']);
		const path = `config_groups.${name.slice(0, 60)}.weights`;
		if (group === null && size !== null && size > 0) {
			group = { value: size, path: `${path}.group_size`, rule: 'as written' };
		}
	}
	const value = tally.most;
	const bits = value === null ? null : { value, path: 'config_groups', rule: `num_bits of the weights${type}` };
	return { bits, group, warning: tally.mixture };
}

/** Bits of a ModelOpt algorithm, remembered: a mixed recipe repeats two or three of them a thousand times. */
const algorithmBits = remembered((name): number | null => modelOptBits.get(name.toUpperCase()) ?? null);

/** ModelOpt's `quant_algo`; a mixed recipe is counted over its layers. */
function modelOpt(config: JsonObject): Parts | null {
	const algo = config['quant_algo'];
	if (typeof algo !== 'string') return null;
	const name = algo.slice(0, 60).toUpperCase();
	const layers = config['quantized_layers'];
	if (name !== 'MIXED_PRECISION' || !isJsonObject(layers)) {
		const value = modelOptBits.get(name) ?? null;
		const bits = value === null ? null : { value, path: 'quant_algo', rule: `ModelOpt algorithm ${name}` };
		return { bits, group: null, warning: null };
	}
	const tally = new Tally();
	let seen = 0;
	for (const layer in layers) {
		if ((seen += 1) > maxEntries) break;
		const each = layers[layer];
		const layerAlgo = isJsonObject(each) ? each['quant_algo'] : undefined;
		if (typeof layerAlgo === 'string') tally.add(algorithmBits(layerAlgo));
	}
	const value = tally.most;
	const rule = 'most layers of the mixed recipe';
	const bits = value === null ? null : { value, path: 'quantized_layers', rule };
	return { bits, group: null, warning: tally.mixture };
}

/**
 * Per-layer overrides beside the general values (MLX writes them under the layer's name; false: not quantized), in the
 * object as it is written: walking over our copy of it takes three times as long.
 */
function overrides(written: JsonObject, general: number | null): string | null {
	const tally = new Tally();
	let plain = 0;
	let seen = 0;
	for (const name in written) {
		if (name === '__proto__') continue;
		if ((seen += 1) > maxEntries) break;
		const layer = written[name];
		if (layer === false && name.includes('.')) plain += 1;
		if (isJsonObject(layer)) tally.add(believableBits(layer['bits']));
	}
	const most = tally.most;
	if (most === null || (tally.mixture === null && most === general)) return null;
	const kept = plain > 0 ? `; ${plain} layers are not quantized` : '';
	return `Mixed recipe: ${general ?? 'unknown'}-bit in general, some layers at other bits (most of them ${most})${kept}.`;
}

/** The method when the object does not name it, by keys only that method writes. */
function inferredMethod(config: JsonObject, home: Home): { name: string; rule: string } | null {
	if (loadsIn4Bits(config) || loadsIn8Bits(config)) {
		return { name: 'bitsandbytes', rule: 'only bitsandbytes writes load_in_4bit or load_in_8bit' };
	}
	if (typeof config['quant_algo'] === 'string') {
		return { name: config['quant_algo'].slice(0, 60).toLowerCase(), rule: 'ModelOpt algorithm, no quant_method given' };
	}
	if (config['desc_act'] !== undefined) return { name: 'gptq', rule: 'only GPTQ writes desc_act' };
	if (config['zero_point'] !== undefined) return { name: 'awq', rule: 'only AWQ writes zero_point' };
	if (config['weight_block_size'] !== undefined)
		return { name: 'fp8', rule: 'only block-wise fp8 writes weight_block_size' };
	if (isJsonObject(config['config_groups'])) {
		return { name: 'compressed-tensors', rule: 'only compressed-tensors writes config_groups' };
	}
	const mlxShape = believableBits(config['bits']) !== null && asNumber(config['group_size']) !== null;
	if (mlxShape && home.partial !== true) return { name: 'mlx', rule: 'bits and group_size without a method: MLX' };
	return null;
}

function methodOf(config: JsonObject, home: Home): { name: string; path: string; rule: string } | null {
	for (const key of ['quant_method', 'quantization_method', 'quant_type_name']) {
		const written = config[key];
		if (typeof written !== 'string' || written === '') continue;
		const name = written.slice(0, 60).toLowerCase();
		const scheme = schemes.get(name);
		const same = scheme === undefined || scheme.name === name;
		const rule = same ? 'as written' : `written as ${name}`;
		return { name: scheme?.name ?? name, path: `${home.path}.${key}`, rule };
	}
	const inferred = inferredMethod(config, home);
	return inferred === null ? null : { name: inferred.name, path: home.path, rule: inferred.rule };
}

function onlyBits(bits: Value | null): Parts {
	return { bits, group: null, warning: null };
}

/** Bits under the scheme's keys, in a type name or told by flags; else those the method always has. */
function writtenBits(config: JsonObject, scheme: QuantizationScheme | undefined): Value | null {
	const written =
		bitsAt(config, scheme?.bitKeys ?? ['bits', 'nbits', 'w_bit']) ??
		bitsByType(config, scheme?.typeKeys ?? []) ??
		bitsAndBytes(config);
	if (written !== null || scheme?.bits === undefined) return written;
	return { value: scheme.bits, path: '', rule: `${scheme.name} is ${scheme.bits} bits` };
}

function readBits(config: JsonObject, written: JsonObject, scheme: QuantizationScheme | undefined): Parts {
	const groups = configGroups(config);
	const nested = modelOpt(config);
	if (nested !== null && nested.bits !== null) {
		const { bits, warning } = nested;
		return { bits, group: warning === null ? (groups?.group ?? null) : null, warning };
	}
	if (groups !== null && groups.bits !== null) return groups;
	if (scheme?.name === 'aqlm') return onlyBits(aqlm(config));
	if (scheme?.name === 'vptq') return onlyBits(vptq(config));
	const bits = writtenBits(config, scheme);
	return { bits, group: null, warning: overrides(written, bits?.value ?? null) };
}

function readGroup(config: JsonObject, scheme: QuantizationScheme | undefined): Value | null {
	for (const key of scheme?.groupKeys ?? ['group_size', 'q_group_size']) {
		const value = asNumber(deep(config, key));
		if (value === null || !Number.isInteger(value) || value < -1 || value === 0 || value > 1e6) continue;
		return { value, path: key, rule: 'as written' };
	}
	return null;
}

/** Reads one quantization object. An object that says nothing we know gives nulls. */
export function readScheme(written: JsonObject, home: Home): SchemeFacts {
	const config = copyOf(written);
	const method = methodOf(config, home);
	const scheme = method === null ? undefined : schemes.get(method.name);
	const { bits, group: groupOfWeights, warning } = readBits(config, written, scheme);
	const group = groupOfWeights ?? readGroup(config, scheme);
	const under = (path: string) => (path === '' ? (method?.path ?? home.path) : `${home.path}.${path}`);
	return {
		method: method?.name ?? null,
		methodPath: method?.path ?? '',
		methodRule: method?.rule ?? '',
		bits: bits?.value ?? null,
		bitsPath: bits === null ? '' : under(bits.path),
		bitsRule: bits?.rule ?? '',
		group: group?.value ?? null,
		groupPath: group === null ? '' : under(group.path),
		groupRule: group?.rule ?? '',
		warnings: warning === null ? [] : [warning],
	};
}
