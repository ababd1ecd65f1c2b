// ONNX files before any runtime opens them: do they hold together, and which other files do they reach for?
import type { ByteSource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';

/** Weights that lie outside of the file. `length` null: to the end of that file. */
export interface ExternalPart {
	location: string;
	offset: number;
	length: number | null;
}

type Kind = 'model' | 'graph' | 'node' | 'attribute' | 'function' | 'sparse' | 'tensor' | 'training';

/** Fields that hold messages worth entering, by message (onnx/onnx.proto). */
const inner: Record<Kind, Readonly<Record<number, Kind>>> = {
	model: { 7: 'graph', 20: 'training', 25: 'function' },
	training: { 1: 'graph', 2: 'graph' },
	graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
	function: { 7: 'node' },
	node: { 5: 'attribute' },
	attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
	sparse: { 1: 'tensor', 2: 'tensor' },
	tensor: {},
};

/** Bits of one element by the number of its type (TensorProto.DataType); texts have none. */
const elementBits: Readonly<Record<number, number>> = {
	...{ 1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128 },
	...{ 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2 },
};

const windowBytes = 64 * 1024;
const mostDepth = 24;
const mostFields = 8_000_000;
/** No tensor of a model that fits a machine has more elements. */
const mostElements = 2 ** 38;

function broken(why: string): Failure {
	return new Failure('invalid_onnx', `The ONNX file is not usable: ${why}.`);
}

const decoder = new TextDecoder();

interface Field {
	number: number;
	wire: number;
	/** The value of a varint; the length of bytes. */
	value: number;
	/** Where bytes begin, and where the next field does. */
	at: number;
	next: number;
}

/** Reads fields at any place of a file through one window. */
class Fields {
	readonly #source: ByteSource;
	#start = 0;
	#bytes: Uint8Array = new Uint8Array(0);
	#count = 0;

	constructor(source: ByteSource) {
		this.#source = source;
	}

	async #fetch(at: number, length: number): Promise<void> {
		if (at >= this.#start && at + length <= this.#start + this.#bytes.length) return;
		this.#bytes = await this.#source.read(at, Math.max(length, windowBytes));
		this.#start = at;
	}

	async bytes(at: number, length: number): Promise<Uint8Array> {
		await this.#fetch(at, length);
		return this.#bytes.subarray(at - this.#start, at - this.#start + length);
	}

	/** The varint at a place: its value (beyond 2^53 inexact, negative ones huge) and its length. */
	#varint(at: number, end: number): [number, number] {
		let value = 0;
		for (let size = 0; size < 10 && at + size < end; size += 1) {
			const byte = this.#bytes[at + size - this.#start];
			if (byte === undefined) break;
			value += (byte & 127) * 2 ** (7 * size);
			if (byte < 128) return [value, size + 1];
		}
		throw broken('a number in it is cut off');
	}

	/** The field at a place of a message that ends at `end`. */
	async field(at: number, end: number): Promise<Field> {
		this.#count += 1;
		if (this.#count > mostFields) throw broken('it has too many parts');
		await this.#fetch(at, Math.min(20, end - at));
		const [tag, tagSize] = this.#varint(at, end);
		const [number, wire] = [Math.floor(tag / 8), tag % 8];
		const from = at + tagSize;
		if (number === 0 || number > 536_870_911) throw broken('it has a part without a number');
		if (wire === 0) {
			const [value, size] = this.#varint(from, end);
			return { number, wire, value, at: from, next: from + size };
		}
		if (wire === 1 || wire === 5)
			return this.#inside({ number, wire, value: 0, at: from, next: from + (wire === 1 ? 8 : 4) }, end);
		if (wire !== 2) throw broken('it is not an ONNX file');
		const [length, size] = this.#varint(from, end);
		return this.#inside({ number, wire, value: length, at: from + size, next: from + size + length }, end);
	}

	#inside(field: Field, end: number): Field {
		if (field.next > end) throw broken('a part of it is longer than the file');
		return field;
	}
}

interface Tensor {
	elements: number;
	type: number;
	rawBytes: number | null;
	isExternal: boolean;
	entries: Map<string, string>;
}

function whole(text: string | undefined): number | null {
	if (text === undefined) return null;
	if (!/^\d{1,15}$/.test(text.trim())) throw broken('a place in its external data is not a number');
	return Number(text);
}

class Walk {
	readonly #fields: Fields;
	readonly parts: ExternalPart[] = [];
	hasGraph = false;

	constructor(source: ByteSource) {
		this.#fields = new Fields(source);
	}

	async message(kind: Kind, from: number, end: number, depth = 0): Promise<void> {
		if (depth > mostDepth) throw broken('its parts are nested too deeply');
		if (kind === 'tensor') return this.#tensor(from, end);
		for (let at = from; at < end;) {
			const field = await this.#fields.field(at, end);
			at = field.next;
			const below = field.wire === 2 ? inner[kind][field.number] : undefined;
			if (below === undefined) continue;
			if (kind === 'model' && below === 'graph') this.hasGraph = true;
			await this.message(below, field.at, field.next, depth + 1);
		}
	}

	async #tensor(from: number, end: number): Promise<void> {
		const tensor: Tensor = { elements: 1, type: 0, rawBytes: null, isExternal: false, entries: new Map() };
		for (let at = from; at < end;) {
			const field = await this.#fields.field(at, end);
			at = field.next;
			if (field.number === 1) await this.#dimensions(tensor, field);
			else if (field.number === 2 && field.wire === 0) tensor.type = field.value;
			else if (field.number === 9 && field.wire === 2) tensor.rawBytes = field.value;
			else if (field.number === 13 && field.wire === 2) await this.#entry(tensor, field);
			else if (field.number === 14 && field.wire === 0) tensor.isExternal = field.value === 1;
		}
		this.#check(tensor);
	}

	async #dimensions(tensor: Tensor, field: Field): Promise<void> {
		const multiply = (size: number) => {
			tensor.elements *= size;
			if (tensor.elements > mostElements) throw broken('a tensor in it is impossibly large');
		};
		if (field.wire === 0) return multiply(field.value);
		if (field.value > 1024) throw broken('a tensor in it has too many dimensions');
		for (let at = field.at; at < field.next;) {
			const { value, next } = await this.#packed(at, field.next);
			multiply(value);
			at = next;
		}
	}

	async #packed(at: number, end: number): Promise<{ value: number; next: number }> {
		const bytes = await this.#fields.bytes(at, Math.min(10, end - at));
		let value = 0;
		for (const [place, byte] of bytes.entries()) {
			value += (byte & 127) * 2 ** (7 * place);
			if (byte < 128) return { value, next: at + place + 1 };
		}
		throw broken('a number in it is cut off');
	}

	async #entry(tensor: Tensor, entry: Field): Promise<void> {
		const texts: string[] = ['', ''];
		for (let at = entry.at; at < entry.next;) {
			const field = await this.#fields.field(at, entry.next);
			at = field.next;
			if (field.wire !== 2 || field.number > 2) continue;
			if (field.value > 4096) throw broken('the name of its external data is too long');
			texts[field.number - 1] = decoder.decode(await this.#fields.bytes(field.at, field.value));
		}
		tensor.entries.set(texts[0] ?? '', texts[1] ?? '');
	}

	#check({ elements, type, rawBytes, isExternal, entries }: Tensor): void {
		const bits = elementBits[type];
		const wanted = bits === undefined ? null : Math.ceil((elements * bits) / 8);
		if (rawBytes !== null && !isExternal && wanted !== null && rawBytes !== wanted) {
			throw broken('the size of a tensor in it is not what its shape says');
		}
		if (!isExternal && entries.size === 0) return;
		const location = entries.get('location') ?? '';
		const length = whole(entries.get('length'));
		if (length !== null && wanted !== null && length !== wanted) {
			throw broken('the size of a tensor outside of it is not what its shape says');
		}
		this.parts.push({ location, offset: whole(entries.get('offset')) ?? 0, length: length ?? wanted });
	}
}

/** Is this the plain name of a file beside the model: no folder, no way out, nothing that only looks like a name? */
function isPlainName(location: string): boolean {
	return /^[\w][\w.\- ]{0,200}$/.test(location) && !location.includes('..');
}

/**
 * Walks through an ONNX file without reading its weights and gives every part that lies in other files. Throws
 * `invalid_onnx` for anything that is not a whole model, for sizes that contradict each other, and for parts that are
 * not plain files beside it.
 */
export async function readOnnx(source: ByteSource): Promise<ExternalPart[]> {
	if (source.size === null || source.size === 0) throw broken('it is empty');
	const walk = new Walk(source);
	await walk.message('model', 0, source.size);
	if (!walk.hasGraph) throw broken('it has no graph');
	const stray = walk.parts.find(({ location }) => !isPlainName(location));
	if (stray !== undefined) throw broken('it reaches for a file that is not beside it');
	return walk.parts;
}
