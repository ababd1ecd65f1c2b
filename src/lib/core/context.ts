// How many tokens a model can really take: the position limit of its configuration after rope scaling.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import { bitOf } from '#lib/core/key-groups.ts';
import { asNumber, countRow, holds, pathIn, shown, type Found, type Reading, type Scope } from '#lib/core/reading.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';

/** Context figures in tokens; null when the configuration sets no limit or does not say. */
export interface ContextFacts {
	max_position_embeddings: number | null;
	context_window: number | null;
	sliding_window: number | null;
}

interface Place {
	reading: Reading;
	/** Text model first, then the root when that is another object. */
	scopes: Scope[];
	textType: string | null;
}

const limit = countRow('max_position_embeddings');
const window = countRow('sliding_window', { zeroIsNone: true });
const lengthBit = bitOf('model_max_length');
const ropeBit = bitOf('rope');

/** Tokenizers write 1e30 and the like for "no limit". */
const noLimit = 1e9;
/** Up to this length a linear or dynamic factor stretches a base the publisher left unscaled; above it is final already. */
const unscaledBase = 8192;

/** Types with a learned position table that starts behind the padding token, so that two of its rows are never used. */
const offsetTypes = new Set([
	'roberta',
	'xlm-roberta',
	'xlm_roberta',
	'xlm-roberta-xl',
	'camembert',
	'roberta-prelayernorm',
	'data2vec-text',
	'ibert',
	'xmod',
	'mpnet',
	'longformer',
	'luke',
	'layoutlmv3',
	'esm',
	'jina_embeddings_v3',
]);

/** Recurrent types, which take any length; without a key the length is not known rather than some default. */
const recurrentTypes = new Set(['mamba', 'mamba2', 'falcon_mamba', 'xlstm', 'rwkv6', 'rwkv7']);

function maxLength(reading: Reading, scopes: Scope[]): Found<number> | null {
	for (const scope of scopes) {
		if (!holds(scope, lengthBit)) continue;
		const value = asNumber(scope.config['model_max_length']);
		if (value === null || value >= noLimit || value < 1 || !Number.isInteger(value)) continue;
		return { value, path: pathIn(scope, 'model_max_length') };
	}
	return null;
}

/** Keys that spell the position limit of a text model; an encoder-decoder's own limit is another fact. */
const limitKeys = keyGroups.max_position_embeddings.filter((key) => key !== 'max_target_positions');

/** Is there another number under any of the keys? Asked first, as it nearly always ends the question. */
function spellsOther({ config }: Scope, positions: number): boolean {
	for (const key of limitKeys) {
		const value = config[key];
		if (typeof value === 'number' && value !== positions) return true;
	}
	return false;
}

/** Tells when the object that the limit was read from spells it a second time, with another number. */
function tellOtherLimits({ reading, scopes }: Place, positions: number): void {
	if (!scopes.some((one) => spellsOther(one, positions))) return;
	const path = reading.evidence['max_position_embeddings']?.path ?? '';
	const scope = scopes.find((one) => limitKeys.some((key) => pathIn(one, key) === path));
	if (scope === undefined || reading.isFilled(path)) return;
	const others = limitKeys.flatMap((key) => {
		const value = scope.config[key];
		const at = pathIn(scope, key);
		const isOther = typeof value === 'number' && value !== positions && at !== path && !reading.isFilled(at);
		return isOther ? [{ value, path: at }] : [];
	});
	if (others.length > 0)
		reading.conflict('max_position_embeddings', positions, [{ value: positions, path }, ...others]);
}

interface Scaling {
	type: string;
	factor: number | null;
	original: number | null;
	path: string;
}

/** The rope dictionary that applies to full attention: newer files hold one per kind of layer. */
function ropeDictionary({ reading, scopes }: Place): Found<JsonObject> | null {
	for (const scope of scopes) {
		if (!holds(scope, ropeBit)) continue;
		for (const key of keyGroups.rope) {
			const value = scope.config[key];
			if (!isJsonObject(value)) {
				if (value !== undefined && value !== null)
					reading.warn(`${pathIn(scope, key)} is no object, and was not read.`);
				continue;
			}
			const full = value['full_attention'];
			if (isJsonObject(full)) return { value: full, path: `${pathIn(scope, key)}.full_attention` };
			return { value, path: pathIn(scope, key) };
		}
	}
	return null;
}

function word(value: JsonValue | undefined): string | null {
	return typeof value === 'string' ? value.slice(0, 40).toLowerCase() : null;
}

function positive(value: JsonValue | undefined): number | null {
	const number = asNumber(value);
	return number !== null && number > 0 && number < 1e12 ? number : null;
}

function readScaling(place: Place): Scaling | null {
	const found = ropeDictionary(place);
	if (found === null) return null;
	const { value, path } = found;
	const type = word(value['rope_type']) ?? word(value['type']) ?? 'default';
	const original = positive(value['original_max_position_embeddings']) ?? topOriginal(place.scopes);
	const factor = positive(value['factor']);
	if (factor === null && value['factor'] !== undefined && value['factor'] !== null) {
		place.reading.warn(`${path}.factor is ${shown(value['factor'])}, which cannot be a factor.`);
	}
	return { type, factor, original, path };
}

function topOriginal(scopes: Scope[]): number | null {
	for (const { config } of scopes) {
		const value = positive(config['original_max_position_embeddings']);
		if (value !== null) return value;
	}
	return null;
}

interface Window {
	value: number;
	rule: string;
}

function grouped(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Kinds of scaling whose position limit is the scaled one already. */
const finalTypes = new Set(['llama3', 'longrope', 'su', 'proportional', 'yarn', 'linear', 'dynamic']);

/** Why a limit is taken as it stands. */
function asGiven({ type, factor, original }: Scaling): string {
	const given = 'position limit as given';
	if (!finalTypes.has(type)) return `${given}; what ${type} rope scaling does to it is not known`;
	if (type === 'yarn' && factor !== null && original === null) return `${given}; yarn names no original length`;
	const needsFactor = type === 'yarn' || type === 'linear' || type === 'dynamic';
	return needsFactor && factor === null ? given : `${given}; ${type} rope scaling is already part of it`;
}

/** The base length after scaling, by kind of scaling. Only yarn, linear and dynamic can lengthen it. */
function scaled(base: Found<number>, scaling: Scaling | null, { reading, textType }: Place): Window {
	const plain = { value: base.value, rule: 'position limit as given' };
	if (scaling === null || scaling.type === 'default' || scaling.type === 'mrope') return plain;
	const { type, factor, original } = scaling;
	if (type === 'yarn' && factor !== null && original !== null) {
		const stretched = Math.round(original * factor);
		const rule = `yarn: the larger of ${grouped(base.value)} and ${grouped(original)} × ${factor}`;
		return { value: Math.max(base.value, stretched), rule };
	}
	const stretches = (type === 'linear' || type === 'dynamic') && factor !== null && factor > 1;
	if (stretches && !(textType ?? '').startsWith('gemma3')) {
		if (base.value <= unscaledBase) {
			return {
				value: Math.round(base.value * factor),
				rule: `${type} rope scaling: ${grouped(base.value)} × ${factor}`,
			};
		}
		reading.warn(
			`${scaling.path} names factor ${factor} (${type}) on top of ${grouped(base.value)} tokens, which is the final ` +
				`length already; some runtimes multiply anyway.`,
		);
	}
	return { value: base.value, rule: asGiven(scaling) };
}

/** Rows of the position table that padding takes away: RoBERTa lines count from the padding token on. */
function unusedRows({ scopes, textType }: Place): number {
	if (!offsetTypes.has(textType ?? '')) return 0;
	const padding = asNumber(scopes[0]?.config['pad_token_id']) ?? 1;
	return Number.isInteger(padding) && padding >= 0 && padding < 8 ? padding + 1 : 2;
}

function contextWindow(place: Place, positions: number | null): number | null {
	const { reading, scopes } = place;
	const length = maxLength(reading, scopes);
	const evidence = reading.evidence['max_position_embeddings'];
	const fromPositions = positions === null ? null : { value: positions, path: evidence?.path ?? '' };
	const base = length ?? fromPositions;
	if (base === null) return null;
	const scaling = readScaling(place);
	const window = scaled(base, scaling, place);
	const unused = length === null ? unusedRows(place) : 0;
	const path = scaling !== null && window.value !== base.value ? `${base.path}, ${scaling.path}` : base.path;
	const minus = unused > 0 && window.value > unused ? `, less ${unused} rows that padding takes` : '';
	reading.note('context_window', path, reading.ruleAt(base.path, window.rule) + minus);
	return minus === '' ? window.value : window.value - unused;
}

/** A window that attention really uses: Qwen files carry one that `use_sliding_window` turns off; 0 means none. */
function slidingWindow({ reading, scopes }: Place): number | null {
	const scope = scopes[0];
	if (scope === undefined || !holds(scope, window.bit)) return null;
	if (scope.config['use_sliding_window'] === false) return null;
	const layers = scope.config['layer_types'];
	if (Array.isArray(layers) && layers.length > 0 && layers.length <= 4096) {
		if (layers.every((kind) => kind === 'full_attention')) return null;
	}
	return reading.count(window, scopes.slice(0, 1));
}

/**
 * Context figures of a configuration: the raw position limit, the length a runtime can use, and the attention window.
 * Rules restated from vLLM, SGLang, llama.cpp and transformers: yarn stretches its original length, llama3, longrope
 * and multi-dimensional rope are final, linear and dynamic stretch only short bases.
 */
export function readContext(place: Place): ContextFacts {
	const { reading, scopes, textType } = place;
	const positions = reading.count(limit, scopes);
	if (positions !== null) tellOtherLimits(place, positions);
	const context = contextWindow(place, positions);
	if (context === null && recurrentTypes.has(textType ?? '')) {
		reading.warn('A recurrent model: the configuration sets no limit to the length of the text.');
	}
	return { max_position_embeddings: positions, context_window: context, sliding_window: slidingWindow(place) };
}
