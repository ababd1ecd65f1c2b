// Everything known about a model from the header of its GGUF file: the same record as from a config.json, exactly counted.
import { normalize } from '#lib/core/characteristics.ts';
import { matchModelType } from '#lib/core/architecture.ts';
import { fitOfHeader } from '#lib/core/fit-facts.ts';
import { ggufCache } from '#lib/core/gguf-cache.ts';
import { ggufConfig, ropeNote, tokensKey, type GgufConfig } from '#lib/core/gguf-config.ts';
import { ggufCount, ggufSplit, ggufText, type GgufHeader } from '#lib/core/gguf-header.ts';
import { ggufStorage } from '#lib/core/gguf-storage.ts';
import { listingFile, type ListingFacts } from '#lib/core/listing.ts';
import type { KvCache } from '#lib/core/memory.ts';
import type { ConfigStatus, Conflict, Evidence, ModelCharacteristics, Source } from '#lib/core/model.ts';
import { ggufEncoders } from '#lib/core/tables/gguf-architectures.ts';
import { activeWeights, mergeTotals, type TensorTotals } from '#lib/core/tensor-totals.ts';

/** What is known about a model before its header is read as a record. */
export interface GgufInput {
	id: string;
	source: Source;
	/** Commit the file belongs to; null when not known. */
	revision: string | null;
	/** ISO time of the reading. */
	fetchedAt: string;
	/** Name of the (first) file, for the evidence. */
	file: string;
	/** Headers of the file, or of the parts of a split one: the first part first, the others as far as they were read. */
	headers: readonly [GgufHeader, ...GgufHeader[]];
	listing?: ListingFacts | null;
	/** State of the config.json that the header stands in for; `missing` unless told. */
	configStatus?: ConfigStatus;
}

/** What the file is when it is no model, by `general.type` or its architecture. */
const others = new Map([
	['adapter', 'an adapter (LoRA), which works only together with its base model'],
	['mmproj', 'a projector for images or sound, which works only together with its model'],
	['clip', 'a projector for images or sound, which works only together with its model'],
	['imatrix', 'an importance matrix for quantizing, not a model'],
]);

/** Kinds of pooling that make a model one of vectors or scores: mean, first token, last token, rank. */
const poolings = new Map([
	[1, 'mean'],
	[2, 'first token'],
	[3, 'last token'],
	[4, 'rank'],
]);

/** The record being made: facts of the normalizer, corrected by what only the header knows. */
class Draft {
	readonly c: ModelCharacteristics;
	readonly #file: string;

	constructor(c: ModelCharacteristics, file: string) {
		this.c = c;
		this.#file = file;
	}

	note(field: string, path: string, rule: string): void {
		this.c.evidence[field] = { file: this.#file, path, rule };
	}

	forget(field: string): void {
		delete this.c.evidence[field];
		this.c.conflicts = this.c.conflicts.filter((conflict) => conflict.field !== field);
	}

	conflict(field: string, chosen: unknown, rival: { value: unknown; file?: string; path: string }): void {
		const path = this.c.evidence[field]?.path ?? '';
		const claims = [
			{ value: chosen, file: this.#file, path },
			{ file: this.#file, ...rival },
		];
		this.c.conflicts.push({ field, claims, chosen });
	}
}

/** Evidence in the words of the translated configuration, led back to the keys of the file. */
function ledBack(evidence: Evidence, file: string, { keys }: GgufConfig): Evidence {
	if (evidence.file !== file) return evidence;
	const path = evidence.path.split(', ').map((word) => keys.get(word) ?? word);
	return { ...evidence, path: path.join(', ') };
}

/** A conflict with its claims led back to the keys of the file. */
function saidAgain(conflict: Conflict, file: string, translated: GgufConfig): Conflict {
	const claims = conflict.claims.map(({ value, ...place }) => {
		const { path } = ledBack({ ...place, rule: '' }, file, translated);
		return { ...place, path, value };
	});
	return { ...conflict, claims };
}

function warningLedBack(sentence: string, { keys }: GgufConfig): string {
	const [first = ''] = sentence.split(' ', 1);
	const key = keys.get(first);
	return key === undefined ? sentence : key + sentence.slice(first.length);
}

/** Rules for facts that are not written as they are given. */
function noteDerived(draft: Draft, header: GgufHeader, architecture: string): void {
	const vocabulary = draft.c.evidence['vocab_size'];
	if (vocabulary?.path === tokensKey) draft.note('vocab_size', tokensKey, 'the number of tokens in the file');
	const predicting = ggufCount(header, `${architecture}.nextn_predict_layers`) ?? 0;
	const layers = draft.c.evidence['num_hidden_layers'];
	if (predicting > 0 && layers !== undefined)
		draft.note('num_hidden_layers', layers.path, `as written, less ${predicting} that predict further tokens`);
}

function isEncoder(header: GgufHeader, architecture: string, type: string | null): boolean {
	if (header.metadata[`${architecture}.attention.causal`] === false || ggufEncoders.has(architecture)) return true;
	const kind = type === null ? undefined : matchModelType(type)?.kind;
	return kind === 'e';
}

/** An embedding or rerank model says how it pools; its architecture is often that of a writer. */
function readKind(draft: Draft, header: GgufHeader, architecture: string): void {
	const { c } = draft;
	const general = ggufText(header, 'general.type') ?? '';
	const other = others.get(general) ?? others.get(architecture);
	if (other !== undefined) {
		draft.forget('classification');
		c.warnings.push(`The file is ${other}.`);
		c.classification = 'unknown';
		c.confidence = 'high';
		const path = others.has(general) ? 'general.type' : 'general.architecture';
		draft.note('classification', path, other);
		draft.note('confidence', path, 'the file says what it is');
		return;
	}
	const pooling = poolings.get(ggufCount(header, `${architecture}.pooling_type`) ?? 0);
	if (pooling === undefined && !ggufEncoders.has(architecture)) return;
	draft.forget('classification');
	c.classification = 'encoder';
	c.confidence = 'high';
	const path = pooling === undefined ? 'general.architecture' : `${architecture}.pooling_type`;
	const rule =
		pooling === undefined ? 'an encoder by its architecture' : `pooling by ${pooling}: gives vectors or scores`;
	draft.note('classification', path, rule);
	draft.note('confidence', path, 'the file says what it is');
}

const wholeDtypes = new Map([
	['BF16', 'bfloat16'],
	['F16', 'float16'],
	['F32', 'float32'],
]);

function readStorage(draft: Draft, header: GgufHeader, totals: TensorTotals | null, file: string): void {
	const { c } = draft;
	const storage = ggufStorage(header, totals, file);
	if (storage === null) return;
	for (const field of ['quantization_method', 'quantization_bits', 'quantization_group_size', 'dtype'])
		draft.forget(field);
	c.warnings = c.warnings.filter((sentence) => !sentence.startsWith('Nothing but the repository'));
	const { label, bits, path, rule } = storage.chosen;
	const isWhole = bits >= 16;
	c.quantization_method = isWhole ? null : 'gguf';
	c.quantization_bits = isWhole ? null : bits;
	c.quantization_group_size = null;
	c.dtype = isWhole ? (wholeDtypes.get(label.replace(/^FP/, 'F')) ?? 'float16') : null;
	if (isWhole) draft.note('dtype', path, rule);
	else {
		draft.note('quantization_method', path, rule);
		draft.note('quantization_bits', path, rule);
	}
	for (const rival of storage.rivals) {
		const field = isWhole ? 'dtype' : 'quantization_bits';
		draft.conflict(field, isWhole ? c.dtype : bits, { value: rival.label, path: rival.path });
	}
}

/** The sums over all parts; null when tensors were not read, or not those of every part. */
function totalsOf(headers: readonly GgufHeader[]): TensorTotals | null {
	const [first] = headers;
	const parts = first === undefined ? 1 : (ggufSplit(first)?.parts ?? 1);
	const read = headers.flatMap(({ tensors }) => tensors ?? []);
	return read.length === headers.length && headers.length >= parts ? mergeTotals(read) : null;
}

/** The Hub's count may be that of another file of the repository; more than this apart is worth a word. */
const sameShare = 0.005;

function readParameters(draft: Draft, totals: TensorTotals | null, listing: ListingFacts | null): void {
	const { c } = draft;
	if (totals === null || totals.parameters === 0) return;
	draft.forget('parameters');
	c.parameters = {
		total: totals.parameters,
		active: activeWeights(totals, c.num_experts, c.num_experts_per_token),
		source: 'gguf',
	};
	draft.note('parameters', 'tensors', `the weights of ${totals.tensors.toLocaleString('en')} tensors`);
	const listed = listing?.gguf?.total;
	if (listed === undefined || Math.abs(listed - totals.parameters) <= totals.parameters * sameShare) return;
	draft.conflict('parameters', totals.parameters, { value: listed, file: listingFile, path: 'gguf.total' });
}

function readCache(draft: Draft, header: GgufHeader, architecture: string, encoder: boolean): KvCache | null {
	const { c } = draft;
	const cache = ggufCache(header, architecture, encoder);
	if (cache === null) return null;
	c.kv_cache_bytes_per_token = cache.bytesPerToken;
	c.kv_cache_fixed_bytes = cache.fixedBytes;
	const path = encoder ? 'general.architecture' : `${architecture}.attention.head_count_kv`;
	draft.note('kv_cache_bytes_per_token', path, cache.rule);
	draft.note('kv_cache_fixed_bytes', path, cache.rule);
	return cache;
}

/** Bytes of all tensors, when the header tells them; without experts every token reads every weight. */
function readMemory(draft: Draft, totals: TensorTotals | null, cache: KvCache | null): void {
	const { c } = draft;
	const bytes = totals?.bytes ?? null;
	const { total, active } = c.parameters;
	const mixes = (totals?.experts.parameters ?? 0) > 0;
	const activeShare = mixes ? (total === null || active === null ? null : active / total) : 1;
	c.fit = fitOfHeader(c.fit, { bytes, activeShare, cache });
	if (bytes !== null) draft.note('fit', 'tensors', 'the bytes of all tensors');
}

/** Characteristics from list fields alone, for a header that names no architecture. */
function base(input: GgufInput, translated: GgufConfig | null): ModelCharacteristics {
	const { id, source, revision, fetchedAt, file, listing = null } = input;
	const common = { id, source, revision, fetchedAt, listing };
	if (translated === null) return normalize({ ...common, config: null });
	return normalize({ ...common, config: translated.config, configPartial: true, configFile: file });
}

/**
 * Everything known about a model from its GGUF header: sizes, context and cache as llama.cpp reads them, weights counted
 * tensor by tensor, with the file's own keys as evidence. What the header does not tell is null, never a class default.
 */
export function characteristicsFromGguf(input: GgufInput): ModelCharacteristics {
	const { file, headers, listing = null, configStatus = 'missing' } = input;
	const [header] = headers;
	const translated = ggufConfig(header);
	const draft = new Draft(base(input, translated), file);
	const { c } = draft;
	c.config_status = configStatus;
	const totals = totalsOf(headers);
	let cache: KvCache | null = null;
	if (translated === null) c.warnings.push('The header names no architecture, so that its other keys have no meaning.');
	else {
		const { architecture } = translated;
		for (const [field, evidence] of Object.entries(c.evidence)) c.evidence[field] = ledBack(evidence, file, translated);
		c.warnings = c.warnings.map((sentence) => warningLedBack(sentence, translated));
		const encoder = isEncoder(header, architecture, c.model_type);
		c.model_type = architecture;
		c.conflicts = c.conflicts
			.filter(({ field }) => field !== 'model_type')
			.map((one) => saidAgain(one, file, translated));
		noteDerived(draft, header, architecture);
		readKind(draft, header, architecture);
		cache = readCache(draft, header, architecture, encoder);
		const rope = ropeNote(header, architecture);
		if (rope !== null) c.warnings.push(rope);
	}
	readStorage(draft, header, totals, file);
	readParameters(draft, totals, listing);
	readMemory(draft, totals, cache);
	return c;
}
