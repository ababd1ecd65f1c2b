// Reads the header of a GGUF file piece by piece, within limits: metadata without vocabularies, tensors as sums.
//
// Source of the format: ggml's docs/gguf.md (versions 2 and 3) and what gguf.cpp refuses.
import type { ByteSource } from '#lib/core/byte-source.ts';
import { GgufCursor, invalid, shown } from '#lib/core/gguf-cursor.ts';
import type { GgufHeader } from '#lib/core/gguf-header.ts';
import { MetadataReader, mostKeys, type TemplateOptions } from '#lib/core/gguf-metadata.ts';
import { quoted } from '#lib/core/repository.ts';
import { ggmlTypeOf } from '#lib/core/tables/ggml-types.ts';
import { addTensor, emptyTotals, type TensorRole, type TensorTotals } from '#lib/core/tensor-totals.ts';

/** The largest known models have 2,000 tensors, old ones with a tensor per expert 20,000. */
export const mostTensors = 65_536;
/** ggml itself takes 63 bytes; other programs that write the format have longer names. */
export const mostNameBytes = 256;
/** ggml's own limit. */
export const mostDimensions = 4;
/** Numbers of tensor types are below 43 at ggml and below 400 at its forks. */
const mostType = 511;
const mostAlignment = 2 ** 20;

export interface GgufOptions extends TemplateOptions {
	/** `metadata` stops before the tensors. Default `tensors`. */
	need?: 'metadata' | 'tensors';
}

interface Span {
	name: string;
	offset: number;
	bytes: number;
}

/** One walk through one header. */
class Walk {
	readonly #cursor: GgufCursor;
	readonly #pairs: MetadataReader;
	readonly #needsTensors: boolean;

	constructor(source: ByteSource, { need = 'tensors', ...templates }: GgufOptions) {
		this.#cursor = new GgufCursor(source);
		this.#pairs = new MetadataReader(this.#cursor, templates);
		this.#needsTensors = need === 'tensors';
	}

	async read(): Promise<GgufHeader> {
		const cursor = this.#cursor;
		await cursor.fetch(4);
		if (cursor.text(4) !== 'GGUF') throw invalid('it does not start with the letters GGUF');
		await cursor.fetch(20);
		const version = this.#version();
		const tensorCount = cursor.claimed('tensors', mostTensors, 24);
		await this.#pairs.read(cursor.claimed('keys', mostKeys, 13));
		const alignment = this.#alignment();
		const spans: Span[] = [];
		const tensors = this.#needsTensors ? await this.#tensors(tensorCount, alignment, spans) : null;
		const dataOffset = tensors === null ? null : Math.ceil(cursor.position / alignment) * alignment;
		if (dataOffset !== null) this.#check(spans, dataOffset);
		const { metadata, templates } = this.#pairs;
		const byteOrder = cursor.little ? 'little' : 'big';
		return { format: 'gguf', version, byteOrder, metadata, templates, tensorCount, alignment, tensors, dataOffset };
	}

	/** Big-endian files are known by their version, which is then in the upper half of the number. */
	#version(): number {
		let version = this.#cursor.u32();
		if (version !== 0 && (version & 0xffff) === 0) {
			this.#cursor.little = false;
			version = (version >>> 24) | ((version >>> 8) & 0xff00);
		}
		if (version === 2 || version === 3) return version;
		throw invalid(`its version is ${shown(version)}, and only 2 and 3 can be read`);
	}

	#alignment(): number {
		const value = this.#pairs.metadata['general.alignment'] ?? 32;
		const isPower =
			typeof value === 'number' && value > 0 && value <= mostAlignment && Number.isInteger(Math.log2(value));
		if (isPower) return value;
		throw invalid(
			`general.alignment is ${quoted(String(value))}, which is no power of two up to ${shown(mostAlignment)}`,
		);
	}

	async #tensors(count: number, alignment: number, spans: Span[]): Promise<TensorTotals> {
		const totals = emptyTotals();
		const names = new Set<string>();
		for (let index = 0; index < count; index += 1) {
			this.#cursor.what = `tensor ${index + 1}`;
			const name = await this.#cursor.name(mostNameBytes);
			this.#cursor.what = `tensor "${quoted(name)}"`;
			if (names.has(name)) throw invalid(`${this.#cursor.what} stands there twice`);
			names.add(name);
			const span = await this.#tensor(name, totals);
			if (span.offset % alignment !== 0)
				throw invalid(`${this.#cursor.what} does not start at a multiple of ${alignment} bytes`);
			spans.push(span);
		}
		totals.types.sort((a, b) => b.parameters - a.parameters);
		return totals;
	}

	async #tensor(name: string, totals: TensorTotals): Promise<Span> {
		const cursor = this.#cursor;
		await cursor.fetch(4);
		const dimensions = cursor.u32();
		if (dimensions > mostDimensions)
			throw invalid(`${this.#cursor.what} has ${shown(dimensions)} dimensions, more than ${mostDimensions}`);
		await cursor.fetch(dimensions * 8 + 12);
		let parameters = 1;
		let row = 1;
		for (let at = 0; at < dimensions; at += 1) {
			const length = cursor.u64();
			if (at === 0) row = length;
			parameters *= length;
		}
		if (!Number.isSafeInteger(parameters) || !Number.isSafeInteger(totals.parameters + parameters))
			throw invalid(`${this.#cursor.what} has more than 2^53 weights`);
		const id = cursor.u32();
		const offset = cursor.u64();
		if (!Number.isSafeInteger(offset)) throw invalid(`${this.#cursor.what} starts more than 2^53 bytes into the file`);
		if (id > mostType) throw invalid(`${this.#cursor.what} has numbers of type ${shown(id)}, which is none`);
		const type = ggmlTypeOf(id);
		if (type !== null && row % type.block !== 0)
			throw invalid(
				`${this.#cursor.what} has rows of ${shown(row)} weights, no multiple of the ${type.block} of ${type.name}`,
			);
		const bytes = type === null ? null : (parameters / type.block) * type.bytes;
		addTensor(totals, { type: type?.name ?? `type ${id}`, role: roleOf(name), parameters, bytes });
		return { name, offset, bytes: bytes ?? 0 };
	}

	/** Do the weights lie behind one another, and within the file? */
	#check(spans: Span[], dataOffset: number): void {
		spans.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
		let end = 0;
		const size = this.#cursor.left + this.#cursor.position;
		for (const { name, offset, bytes } of spans) {
			if (offset < end) throw invalid(`tensor "${quoted(name)}" lies on top of another one`);
			end = offset + bytes;
			if (dataOffset + end > size)
				throw invalid(`it ends at byte ${shown(size)}, before the weights of tensor "${quoted(name)}" do`);
		}
	}
}

/** Weights of routed experts: merged into one tensor per layer, in files of early 2024 one tensor each. */
const expertName = /_exps(?:\.|$)|^blk\.\d+\.ffn_(?:gate|up|down)\.\d+\./;

function roleOf(name: string): TensorRole {
	if (expertName.test(name)) return 'experts';
	if (name === 'token_embd.weight') return 'embedding';
	return name === 'output.weight' ? 'output' : 'other';
}

/**
 * The header of a GGUF file (version 2 or 3, either byte order). Reads two pieces of most files, six of the longest
 * header that is allowed, and keeps one at a time. Throws `invalid_gguf` with one sentence for everything else, and
 * the source's own failures.
 */
export function readGguf(source: ByteSource, options: GgufOptions = {}): Promise<GgufHeader> {
	return new Walk(source, options).read();
}
