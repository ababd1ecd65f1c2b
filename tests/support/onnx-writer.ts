// Writes ONNX files node by node: a small protobuf writer and names for the parts of a graph.

type Bytes = Uint8Array;

function varint(value: number | bigint): number[] {
	let rest = BigInt.asUintN(64, BigInt(value));
	const bytes: number[] = [];
	do {
		bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
		rest >>= 7n;
	} while (rest > 0n);
	return bytes;
}

/** One field with a number in it. */
export function number(field: number, value: number | bigint): Bytes {
	return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

/** One field with bytes, a text or a message in it. */
export function bytes(field: number, value: Bytes | string): Bytes {
	const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
	return Buffer.concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
}

const join = (...parts: Bytes[]): Bytes => Buffer.concat(parts);

/** ONNX's numbers for types of elements. */
export const types = { float: 1, int64: 7 } as const;

export interface TensorOptions {
	dims: readonly number[];
	type?: number;
	/** Where the content lies when it is outside of the file. */
	external?: Readonly<Record<string, string>>;
}

/** A tensor (TensorProto). */
export function tensor(
	name: string,
	data: ArrayBufferView | null,
	{ dims, type = types.float, external }: TensorOptions,
): Bytes {
	const content = data === null ? [] : [bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
	const outside = Object.entries(external ?? {}).map(([key, value]) => bytes(13, join(bytes(1, key), bytes(2, value))));
	const location = external === undefined ? [] : [number(14, 1)];
	return join(
		...dims.map((size) => number(1, size)),
		number(2, type),
		bytes(8, name),
		...content,
		...outside,
		...location,
	);
}

function shape(name: string, type: number, dims: readonly (string | number)[]): Bytes {
	const sizes = dims.map((size) => bytes(1, typeof size === 'number' ? number(1, size) : bytes(2, size)));
	return join(bytes(1, name), bytes(2, bytes(1, join(number(1, type), bytes(2, join(...sizes))))));
}

function attribute(name: string, value: number | readonly number[]): Bytes {
	const content =
		typeof value === 'number'
			? [number(3, value), number(20, 2)]
			: [...value.map((one) => number(8, one)), number(20, 7)];
	return join(bytes(1, name), ...content);
}

/** A graph that grows node by node; every verb gives the name of what it made. */
export class Graph {
	readonly #nodes: Bytes[] = [];
	readonly #weights: Bytes[] = [];
	readonly #inputs: Bytes[] = [];
	readonly #outputs: Bytes[] = [];
	#count = 0;

	input(name: string, type: number, dims: readonly (string | number)[]): string {
		this.#inputs.push(bytes(11, shape(name, type, dims)));
		return name;
	}

	/** Names a node's result as an output. */
	output(name: string, from: string, dims: readonly (string | number)[]): void {
		this.#nodes.push(bytes(1, join(bytes(1, from), bytes(2, name), bytes(4, 'Identity'))));
		this.#outputs.push(bytes(12, shape(name, types.float, dims)));
	}

	floats(data: Float32Array, dims: readonly number[]): string {
		return this.#keep(tensor(`w${this.#count}`, data, { dims }));
	}

	ints(values: readonly number[], dims: readonly number[] = [values.length]): string {
		return this.#keep(tensor(`w${this.#count}`, BigInt64Array.from(values, BigInt), { dims, type: types.int64 }));
	}

	/** Weights as they are written elsewhere, such as outside of the file. */
	raw(weights: Bytes): void {
		this.#weights.push(bytes(5, weights));
	}

	#keep(weights: Bytes): string {
		this.#weights.push(bytes(5, weights));
		this.#count += 1;
		return `w${this.#count - 1}`;
	}

	node(
		op: string,
		inputs: readonly string[],
		attributes: Readonly<Record<string, number | readonly number[]>> = {},
	): string {
		const name = `n${this.#count}`;
		this.#count += 1;
		const set = Object.entries(attributes).map(([key, value]) => bytes(5, attribute(key, value)));
		this.#nodes.push(bytes(1, join(...inputs.map((one) => bytes(1, one)), bytes(2, name), bytes(4, op), ...set)));
		return name;
	}

	/** The whole file (ModelProto). */
	model(opset = 17): Bytes {
		const graph = join(...this.#nodes, bytes(2, 'tiny'), ...this.#weights, ...this.#inputs, ...this.#outputs);
		return join(number(1, 8), bytes(7, graph), bytes(8, join(bytes(1, ''), number(2, opset))));
	}
}
