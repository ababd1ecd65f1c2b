// Writes GGUF files as the tools do, and, for tests of readers, as no tool would.
import { ggmlTypeNamed } from '#lib/core/tables/ggml-types.ts';

/** Names of value types, in the order of their numbers. */
const valueTypes = [
	'u8',
	'i8',
	'u16',
	'i16',
	'u32',
	'i32',
	'f32',
	'bool',
	'text',
	'list',
	'u64',
	'i64',
	'f64',
] as const;
export type GgufType = (typeof valueTypes)[number];

/** One value: a type with what it holds; `[type, items]` inside of a list. A bare value gets the usual type. */
export type GgufWritten =
	| string
	| number
	| boolean
	| { type: Exclude<GgufType, 'list'>; value: string | number | bigint | boolean }
	| { type: 'list'; of: GgufType; items: readonly GgufWritten[] }
	| readonly string[]
	| readonly number[]
	| readonly boolean[];

export interface GgufTensor {
	name: string;
	/** Innermost first. */
	dims: readonly (number | bigint)[];
	/** Name of the type, or a number that need not be one. */
	type?: string | number;
	/** Where the weights start; behind those of the tensor before unless told. */
	offset?: number | bigint;
	/** Weights of a tensor of type F32; zeros unless told. */
	data?: Float32Array;
}

export interface GgufFile {
	version?: number;
	big?: boolean;
	keys?: Record<string, GgufWritten> | readonly (readonly [string, GgufWritten])[];
	tensors?: readonly GgufTensor[];
	/** What the header claims instead of the truth. */
	claims?: { tensors?: number | bigint; keys?: number | bigint };
	alignment?: number;
	/** Leave the weights away? The file then ends with its header. More than 16 MB of them are never written. */
	bare?: boolean;
}

/** Bytes that grow. */
export class Pen {
	readonly #parts: Uint8Array[] = [];
	readonly #little: boolean;
	length = 0;

	constructor(big = false) {
		this.#little = !big;
	}

	bytes(part: Uint8Array): this {
		this.#parts.push(part);
		this.length += part.length;
		return this;
	}

	#number(size: number, write: (view: DataView, little: boolean) => void): this {
		const part = new Uint8Array(size);
		write(new DataView(part.buffer), this.#little);
		return this.bytes(part);
	}

	u8 = (value: number) => this.#number(1, (view) => view.setUint8(0, value));
	u16 = (value: number) => this.#number(2, (view, little) => view.setUint16(0, value, little));
	u32 = (value: number) => this.#number(4, (view, little) => view.setUint32(0, value, little));
	u64 = (value: number | bigint) =>
		this.#number(8, (view, little) => view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), little));
	f32 = (value: number) => this.#number(4, (view, little) => view.setFloat32(0, value, little));
	f64 = (value: number) => this.#number(8, (view, little) => view.setFloat64(0, value, little));

	text(value: string): this {
		const bytes = new TextEncoder().encode(value);
		return this.u64(bytes.length).bytes(bytes);
	}

	/** Many texts at once: vocabularies have hundreds of thousands. */
	texts(values: readonly string[]): this {
		const lengths = values.map((value) => Buffer.byteLength(value));
		const part = Buffer.alloc(lengths.reduce((sum, length) => sum + length + 8, 0));
		let at = 0;
		for (const [index, value] of values.entries()) {
			const length = lengths[index] ?? 0;
			if (this.#little) part.writeUInt32LE(length, at);
			else part.writeUInt32BE(length, at + 4);
			part.write(value, at + 8);
			at += length + 8;
		}
		return this.bytes(part);
	}

	/** Everything written so far. */
	done(): Uint8Array {
		const whole = new Uint8Array(this.length);
		let at = 0;
		for (const part of this.#parts) {
			whole.set(part, at);
			at += part.length;
		}
		return whole;
	}
}

const mostWeights = 16e6;

/** The usual type of a bare value: what the converters choose. */
function typed(value: GgufWritten): Exclude<GgufWritten, string | number | boolean | readonly unknown[]> {
	if (typeof value === 'string') return { type: 'text', value };
	if (typeof value === 'boolean') return { type: 'bool', value };
	if (typeof value === 'number') return { type: Number.isInteger(value) && value >= 0 ? 'u32' : 'f32', value };
	if ('type' in value) return value;
	const [first] = value;
	const of = typeof first === 'string' ? 'text' : typeof first === 'boolean' ? 'bool' : 'i32';
	return { type: 'list', of, items: value };
}

function writeScalar(pen: Pen, type: GgufType, value: unknown): void {
	const number = Number(value);
	if (type === 'text') pen.text(String(value));
	else if (type === 'u8' || type === 'i8' || type === 'bool') pen.u8(number);
	else if (type === 'u16' || type === 'i16') pen.u16(number);
	else if (type === 'u32' || type === 'i32') pen.u32(number);
	else if (type === 'f32') pen.f32(number);
	else if (type === 'f64') pen.f64(number);
	else pen.u64(typeof value === 'bigint' ? value : BigInt(Math.trunc(number)));
}

function writeValue(pen: Pen, value: GgufWritten): void {
	const given = typed(value);
	if (given.type !== 'list') return writeScalar(pen, given.type, given.value);
	pen.u32(valueTypes.indexOf(given.of)).u64(given.items.length);
	const texts = given.of === 'text' ? given.items.filter((item) => typeof item === 'string') : [];
	if (texts.length > 0 && texts.length === given.items.length) return void pen.texts(texts);
	for (const item of given.items) {
		const inner = typed(item);
		if (inner.type === 'list') writeValue(pen, inner);
		else writeScalar(pen, given.of, inner.value);
	}
}

function sizeOf({ dims, type = 'F32' }: GgufTensor): number {
	const row = typeof type === 'number' ? null : ggmlTypeNamed(type);
	const count = dims.reduce<number>((product, length) => product * Number(length), 1);
	return row === null ? 0 : (count / row.block) * row.bytes;
}

/** The part behind the header: `padding` zeros, then so many bytes of weights. */
function weightsOf(padding: number, size: number, given: readonly { at: number; data: Float32Array }[]): Uint8Array {
	const part = new Uint8Array(padding + size);
	for (const { at, data } of given)
		part.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), padding + at);
	return part;
}

/** The bytes of a file. Weights that are not given are zeros. */
export function writeGguf(file: GgufFile): Uint8Array {
	const { version = 3, big = false, tensors = [], alignment = 32, claims = {} } = file;
	const keys = Array.isArray(file.keys) ? file.keys : Object.entries(file.keys ?? {});
	const pen = new Pen(big);
	pen.bytes(new TextEncoder().encode('GGUF')).u32(version);
	pen.u64(claims.tensors ?? tensors.length).u64(claims.keys ?? keys.length);
	for (const [key, value] of keys) {
		pen.text(key).u32(valueTypes.indexOf(typed(value).type));
		writeValue(pen, value);
	}
	let end = 0;
	const given: { at: number; data: Float32Array }[] = [];
	for (const tensor of tensors) {
		const { name, dims, type = 'F32', offset = Math.ceil(end / alignment) * alignment } = tensor;
		pen.text(name).u32(dims.length);
		for (const length of dims) pen.u64(length);
		pen.u32(typeof type === 'number' ? type : (ggmlTypeNamed(type)?.id ?? 0)).u64(offset);
		if (tensor.data !== undefined) given.push({ at: Number(offset), data: tensor.data });
		end = Math.max(end, Number(offset) + sizeOf(tensor));
	}
	const start = Math.ceil(pen.length / alignment) * alignment;
	if (tensors.length > 0 && file.bare !== true && end <= mostWeights)
		pen.bytes(weightsOf(start - pen.length, end, given));
	return pen.done();
}

/** Bytes that a whole file would have, were its weights written: for sources that pretend to hold them. */
export function ggufSize(file: GgufFile): number {
	const { tensors = [], alignment = 32 } = file;
	const header = writeGguf({ ...file, bare: true }).length;
	const end = tensors.reduce((sum, tensor) => Math.ceil(sum / alignment) * alignment + sizeOf(tensor), 0);
	return Math.ceil(header / alignment) * alignment + end;
}
