// A model's config.json and the Hub's list fields → everything known about the model, each fact with its evidence.
import { parseConfigText } from '#lib/core/config-text.ts';
import { readContext, type ContextFacts } from '#lib/core/context.ts';
import { fillScope, isStub } from '#lib/core/defaults.ts';
import { readDimensions, type Dimensions } from '#lib/core/dimensions.ts';
import { readFit } from '#lib/core/fit-facts.ts';
import { bitOf } from '#lib/core/key-groups.ts';
import { listingFile, type JsonObject, type ListingFacts } from '#lib/core/listing.ts';
import { readNames, shortText, writtenNames } from '#lib/core/model-names.ts';
import type { ConfigStatus, ModelCharacteristics, Source } from '#lib/core/model.ts';
import { readQuantization, type QuantizationFacts } from '#lib/core/quantization.ts';
import { holds, pathIn, Reading, scopeOf, textParts, textScope, type Scope } from '#lib/core/reading.ts';
import { sideGroups } from '#lib/core/parameters-vision.ts';
import { shapeFacts, type ShapeFacts } from '#lib/core/shape-facts.ts';
import { totalParameters } from '#lib/core/total-parameters.ts';
import { place, readWhat, type Known, type View } from '#lib/core/what.ts';

/** What is known about a model before it is normalized. */
export interface NormalizeInput {
	id: string;
	/** Where the configuration was read: goes into the record as it is. */
	source: Source;
	/** Commit the configuration belongs to; null when not known. */
	revision: string | null;
	/** ISO time of the reading. */
	fetchedAt: string;
	/** Text or parsed content of config.json; null when the repository has none or it may not be read. */
	config: string | JsonObject | null;
	/** What evidence calls the file; `config.json` unless told. */
	configFile?: string;
	/** Is `config` only a part of the file (facts of a list), so that absent keys say nothing and no default is filled? */
	configPartial?: boolean;
	listing?: ListingFacts | null;
	/** Did the Hub refuse the file because the repository is gated? */
	configGated?: boolean;
}

interface Opened {
	status: ConfigStatus;
	/** Root of the file as written; null when there is nothing to read. */
	root: JsonObject | null;
	warnings: string[];
}

function open({ config, configGated }: NormalizeInput): Opened {
	if (config === null) return { status: configGated === true ? 'gated' : 'missing', root: null, warnings: [] };
	if (typeof config !== 'string') return { status: 'ok', root: config, warnings: [] };
	const read = parseConfigText(config);
	if (!read.ok) return { status: 'invalid', root: null, warnings: [read.reason] };
	return { status: 'ok', root: read.value, warnings: read.warnings };
}

const noDimensions: Dimensions = {
	num_hidden_layers: null,
	hidden_size: null,
	intermediate_size: null,
	vocab_size: null,
	num_attention_heads: null,
	num_key_value_heads: null,
	head_dim: null,
	num_experts: null,
	num_experts_per_token: null,
};
const noContext: ContextFacts = { max_position_embeddings: null, context_window: null, sliding_window: null };
const noShapes: ShapeFacts = { counted: null, parts: null, cache: null };

function typeOfText(text: Scope, modelType: string | null): string | null {
	return shortText(text.config['model_type']) ?? modelType;
}

function viewOf(root: Scope, modelType: string | null, whole: boolean): View {
	const text = textScope(root);
	const scopes = text === root ? [text] : [text, root];
	return { root, scopes, textType: typeOfText(text, modelType), whole };
}

function contextOf(view: View | null, listing: ListingFacts | null, reading: Reading): ContextFacts {
	const read = view === null ? noContext : readContext({ reading, scopes: view.scopes, textType: view.textType });
	const listed = listing?.gguf?.context_length;
	if (read.context_window !== null || listed === undefined) return read;
	if (!Number.isInteger(listed) || listed <= 0 || listed > 1e12) return read;
	reading.note('context_window', 'gguf.context_length', 'GGUF header', listingFile);
	return { ...read, context_window: listed };
}

const cacheBit = bitOf('use_cache');

/** Is a cache used? The root is asked first, then the text model. Words that are neither yes nor no are told. */
function useCache(view: View | null, reading: Reading): boolean {
	const scopes = view?.scopes ?? [];
	for (let at = scopes.length - 1; at >= 0; at -= 1) {
		const scope = scopes[at];
		if (scope === undefined || !holds(scope, cacheBit)) continue;
		const written = scope.config['use_cache'];
		const path = pathIn(scope, 'use_cache');
		if (typeof written === 'boolean') {
			reading.note('use_cache', path, 'as written');
			return written;
		}
		if (written !== undefined && written !== null) reading.warn(`${path} is neither true nor false.`);
	}
	if (view === null) reading.note('use_cache', '', 'default: no configuration says otherwise', listingFile);
	else reading.note('use_cache', '', 'default: a cache is used unless the configuration says otherwise');
	return true;
}

function readShapes({ names, view, reading, listing }: Known): ShapeFacts {
	const text = view?.scopes[0];
	if (view === null || text === undefined || !view.whole) return noShapes;
	const shapes = shapeFacts({
		modelType: names.modelType,
		textType: view.textType,
		root: view.root.config,
		text: text.config,
		hasSides: holds(view.root, sideGroups),
		hasStored: listing?.safetensors !== undefined,
	});
	const { cache } = shapes;
	if (cache === null) return shapes;
	if (cache.bytesPerToken !== null) reading.note('kv_cache_bytes_per_token', text.path, cache.rule);
	if (cache.fixedBytes !== null) reading.note('kv_cache_fixed_bytes', text.path, cache.rule);
	return shapes;
}

function readParameters(
	known: Known,
	shapes: ShapeFacts,
	stored: QuantizationFacts,
): ModelCharacteristics['parameters'] {
	const { id, reading, listing } = known;
	const facts = totalParameters({
		id,
		listing,
		counted: shapes.counted,
		quantization_method: stored.quantization_method,
		quantization_bits: stored.quantization_bits,
	});
	if (facts === null) return { total: null, active: null, source: null };
	const { claim, active, rival } = facts;
	const [path, file] = place(known, claim.file, claim.path);
	reading.note('parameters', path, claim.rule, file);
	if (rival !== null) {
		const [otherPath, otherFile] = place(known, rival.file, rival.path);
		reading.conflict('parameters', claim.total, [
			{ value: claim.total, file, path },
			{ value: rival.total, file: otherFile, path: otherPath },
		]);
	}
	return { total: claim.total, active, source: claim.source };
}

/** Several text models in one file: which of them the facts are of. */
function tellTextParts(root: Scope | null, reading: Reading): void {
	const parts = root === null ? [] : textParts(root);
	const [first] = parts;
	if (first !== undefined && parts.length > 1) {
		reading.warn(`The file describes several text models (${parts.join(', ')}); ${first} was read.`);
	}
}

const nothing: Set<string> = new Set();

/** Reads the file and the names, fills in defaults, and finds the text model: what all facts are then read from. */
function begin(input: NormalizeInput): Known & { status: ConfigStatus } {
	const { status, root, warnings } = open(input);
	const listing = input.listing ?? null;
	const scope = root === null ? null : scopeOf(root, '');
	const written = scope === null ? null : writtenNames(scope);
	const rawType = shortText(written?.type);
	const stub = scope !== null && isStub(scope);
	const whole = !stub && input.configPartial !== true;
	const from = scope !== null && whole ? fillScope(rawType, scope) : nothing;
	const view = scope === null ? null : viewOf(scope, rawType, whole);
	const reading = new Reading(input.configFile ?? 'config.json', from, view?.textType ?? 'the class');
	for (const sentence of warnings) reading.warn(sentence);
	tellTextParts(scope, reading);
	const names = readNames(written, listing, reading);
	if (view !== null) view.textType ??= names.modelType;
	if (stub && input.configPartial !== true) reading.warn('The file holds no sizes, only what the model is.');
	const configGated = input.configGated === true;
	return { id: input.id, configGated, names, view, reading, listing, status };
}

/**
 * Everything known about a model from its config.json (text or content) and the Hub's list fields. Never throws: an
 * unreadable file gives `config_status: "invalid"` with a sentence in `warnings`, and what list fields tell. Every fact
 * that is not null has evidence; nonsense values become null with a warning; places that disagree are listed.
 */
export function normalize(input: NormalizeInput): ModelCharacteristics {
	const known = begin(input);
	const { names, view, reading, listing } = known;
	const what = readWhat(known);
	const scopes = view?.scopes ?? [];
	const sizes = view === null ? noDimensions : readDimensions({ reading, scopes, textType: view.textType });
	const context = contextOf(view, listing, reading);
	const stored = readQuantization({ reading, scopes, id: input.id, listing });
	const shapes = readShapes(known);
	const parameters = readParameters(known, shapes, stored);
	return {
		id: input.id,
		source: input.source,
		revision: input.revision,
		fetched_at: input.fetchedAt,
		config_status: known.status,
		model_type: names.modelType,
		architectures: names.architectures.length > 0 ? names.architectures : null,
		architecture_family: what.architecture_family,
		max_position_embeddings: context.max_position_embeddings,
		context_window: context.context_window,
		sliding_window: context.sliding_window,
		num_hidden_layers: sizes.num_hidden_layers,
		hidden_size: sizes.hidden_size,
		intermediate_size: sizes.intermediate_size,
		vocab_size: sizes.vocab_size,
		num_attention_heads: sizes.num_attention_heads,
		num_key_value_heads: sizes.num_key_value_heads,
		head_dim: sizes.head_dim,
		num_experts: sizes.num_experts,
		num_experts_per_token: sizes.num_experts_per_token,
		quantization_method: stored.quantization_method,
		quantization_bits: stored.quantization_bits,
		quantization_group_size: stored.quantization_group_size,
		dtype: stored.dtype,
		is_multimodal: what.is_multimodal,
		multimodal_type: what.multimodal_type,
		use_cache: useCache(view, reading),
		parameters,
		kv_cache_bytes_per_token: shapes.cache?.bytesPerToken ?? null,
		kv_cache_fixed_bytes: shapes.cache?.fixedBytes ?? null,
		fit: readFit({ id: input.id, listing, scopes, stored, parameters, shapes, hidden: sizes.hidden_size, reading }),
		classification: what.classification,
		confidence: what.confidence,
		evidence: reading.evidence,
		conflicts: reading.conflicts,
		warnings: reading.warnings,
	};
}
