// Reads the header of a safetensors file, within limits and without trust: names, number types, shapes and places.
//
// Source of the format: the safetensors library's README and what its `validate` refuses.
import type { ByteSource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import { JsonScanner, ScanError } from '#lib/core/json-scanner.ts';
import { fileNameProblem, quoted } from '#lib/core/repository.ts';
import { safetensorsTypes } from '#lib/core/tables/safetensors-types.ts';

/** The format allows 100 MB; the official clients stop here, and the longest known header has 12 MB. */
export const mostHeaderBytes = 25_000_000;
/** An old mixture in one file has 100,000; more would not fit into the longest header anyway. */
export const mostTensors = 250_000;
/** Names in use have up to 150 bytes. */
export const mostNameBytes = 1024;
/** What arrays can have elsewhere; weights have up to five. */
export const mostDimensions = 32;
/** Holds the whole header of most files (97 of 100 fit into 100 kB), so that one question suffices. */
const firstPieceBytes = 256 * 1024;
/** Largest index that is read: half a million expert tensors take 50 MB, and are then left unread. */
export const mostIndexBytes = 25_000_000;
/** Metadata that is kept: the rest (training logs of several MB) is passed over. */
const keptMetadata = new Set(['format', 'total_parameters', 'total_size', 'quantization']);

/** One tensor: `elements` as stored, from byte `start` to `end` behind the header. */
export interface StoredTensor {
	name: string;
	type: string;
	shape: number[];
	elements: number;
	start: number;
	end: number;
}

/** The header of one file; tensors in the order of their places. */
export interface SafetensorsFile {
	headerBytes: number;
	metadata: ReadonlyMap<string, string>;
	tensors: StoredTensor[];
}

function invalid(what: string): Failure {
	return new Failure('invalid_safetensors', `This is no usable safetensors file: ${what}.`);
}

function shown(count: number): string {
	return Number.isSafeInteger(count) ? count.toLocaleString('en') : 'more than 2^53';
}

function headerLength(first: Uint8Array, size: number | null): number {
	if (first.length < 8) throw invalid(`it has ${first.length} bytes, and the length of its header alone takes 8`);
	const view = new DataView(first.buffer, first.byteOffset, 8);
	const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
	if (length > mostHeaderBytes)
		throw invalid(`its header is said to have ${shown(length)} bytes, more than ${shown(mostHeaderBytes)}`);
	if (size !== null && length + 8 > size)
		throw invalid(`its header is said to have ${shown(length)} bytes, and the file has ${shown(size)}`);
	if (first.length > 8 && first[8] !== 123) throw invalid('its header does not start with a brace');
	return length;
}

/** The header's bytes: one question for most files, a second one for the rest of a long header. */
async function headerOf(source: ByteSource): Promise<Uint8Array> {
	const first = await source.read(0, Math.min(firstPieceBytes, source.size ?? firstPieceBytes));
	const length = headerLength(first, source.size);
	if (first.length >= length + 8) return first.subarray(8, length + 8);
	const rest = await source.read(first.length, length + 8 - first.length);
	if (first.length + rest.length < length + 8)
		throw invalid(`it ends at byte ${shown(first.length + rest.length)}, within its header`);
	const whole = new Uint8Array(length);
	whole.set(first.subarray(8));
	whole.set(rest, first.length - 8);
	return whole;
}

function readMetadata(scanner: JsonScanner): Map<string, string> {
	const found = new Map<string, string>();
	for (const key of scanner.keys(Infinity)) {
		if (keptMetadata.has(key)) found.set(key, scanner.text(mostNameBytes));
		else scanner.pass(0);
	}
	return found;
}

function elementsOf(shape: readonly number[], name: string): number {
	const elements = shape.reduce((product, length) => product * length, 1);
	if (Number.isSafeInteger(elements)) return elements;
	throw invalid(`tensor "${quoted(name)}" has more than 2^53 elements`);
}

function readTensor(scanner: JsonScanner, name: string): StoredTensor {
	let type: string | null = null;
	let shape: number[] | null = null;
	let place: number[] | null = null;
	for (const key of scanner.keys(mostNameBytes)) {
		if (key === 'dtype' && type === null) type = scanner.text(64);
		else if (key === 'shape' && shape === null) shape = scanner.counts(mostDimensions);
		else if (key === 'data_offsets' && place === null) place = scanner.counts(2);
		else throw invalid(`tensor "${quoted(name)}" has "${quoted(key)}" where it should not`);
	}
	const [start, end] = place ?? [];
	if (type === null || shape === null || start === undefined || end === undefined)
		throw invalid(`tensor "${quoted(name)}" lacks its type, its shape or its place`);
	const tensor = { name, type, shape, elements: elementsOf(shape, name), start, end };
	checkSize(tensor);
	return tensor;
}

function checkSize({ name, type, elements, start, end }: StoredTensor): void {
	if (end < start) throw invalid(`tensor "${quoted(name)}" ends before it starts`);
	const bits = safetensorsTypes.get(type);
	if (bits === undefined || (elements * bits) / 8 === end - start) return;
	const words = `${shown(elements)} elements of ${quoted(type)} in ${shown(end - start)} bytes`;
	throw invalid(`tensor "${quoted(name)}" has ${words}, which do not agree`);
}

function readTensors(scanner: JsonScanner): Omit<SafetensorsFile, 'headerBytes'> {
	let metadata = new Map<string, string>();
	const names = new Set<string>();
	const tensors: StoredTensor[] = [];
	for (const name of scanner.keys(mostNameBytes)) {
		if (names.has(name)) throw invalid(`"${quoted(name)}" stands there twice`);
		names.add(name);
		if (name === '__metadata__') metadata = readMetadata(scanner);
		else tensors.push(readTensor(scanner, name));
		if (tensors.length > mostTensors) throw invalid(`it has more than ${shown(mostTensors)} tensors`);
	}
	scanner.end();
	return { metadata, tensors };
}

/** Do the tensors fill the file, one behind the other, without holes? The format asks for it, against hidden content. */
function checkPlaces(tensors: StoredTensor[], left: number | null): void {
	tensors.sort((a, b) => a.start - b.start || a.end - b.end);
	let end = 0;
	for (const { name, start, end: next } of tensors) {
		if (start < end) throw invalid(`tensor "${quoted(name)}" lies on top of another one`);
		if (start > end) throw invalid(`there is a hole of ${shown(start - end)} bytes before tensor "${quoted(name)}"`);
		end = next;
	}
	if (left === null || left === end) return;
	const words = `its tensors take ${shown(end)} bytes behind the header, and there are ${shown(left)}`;
	throw invalid(words);
}

function scanned<T>(read: () => T, describe: (what: string) => Failure): T {
	try {
		return read();
	} catch (error) {
		if (error instanceof ScanError) throw describe(error.message);
		throw error;
	}
}

/**
 * The header of a safetensors file: one question of the source, a second when the header is longer than 256 kB.
 * Throws `invalid_safetensors` with one sentence, and the source's own failures.
 */
export async function readSafetensors(source: ByteSource): Promise<SafetensorsFile> {
	const header = await headerOf(source);
	const file = scanned(
		() => readTensors(new JsonScanner(header)),
		(what) => invalid(`its header is not what it should be: ${what}`),
	);
	checkPlaces(file.tensors, source.size === null ? null : source.size - header.length - 8);
	return { headerBytes: header.length, ...file };
}

/** An index of a split model: its files with the number of tensors in each. Sizes are its author's word; null: none. */
export interface SafetensorsIndex {
	files: { path: string; tensors: number }[];
	totalSize: number | null;
	totalParameters: number | null;
}

function invalidIndex(what: string): Failure {
	return new Failure('invalid_safetensors', `This is no usable index of safetensors files: ${what}.`);
}

/** A figure of the index; some tools write it as text or with a fraction, which is then not known. */
function figureIn(scanner: JsonScanner): number | null {
	if (scanner.isCount()) return scanner.count();
	scanner.pass(4);
	return null;
}

/** Reads `model.safetensors.index.json`. Throws `invalid_safetensors`, also for a file name that is not safe. */
export function readSafetensorsIndex(bytes: Uint8Array): SafetensorsIndex {
	if (bytes.length > mostIndexBytes) throw invalidIndex(`it has more than ${shown(mostIndexBytes)} bytes`);
	const files = new Map<string, number>();
	const figures = new Map<string, number | null>();
	scanned(() => {
		const scanner = new JsonScanner(bytes);
		for (const key of scanner.keys(mostNameBytes)) {
			if (key === 'weight_map') readWeightMap(scanner, files);
			else if (key === 'metadata') {
				for (const name of scanner.keys(mostNameBytes)) {
					const figure = figureIn(scanner);
					if (name === 'total_size' || name === 'total_parameters') figures.set(name, figure);
				}
			} else scanner.pass(8);
		}
		scanner.end();
	}, invalidIndex);
	const listed = [...files].map(([path, tensors]) => ({ path, tensors }));
	return {
		files: listed.sort((a, b) => (a.path < b.path ? -1 : 1)),
		totalSize: figures.get('total_size') ?? null,
		totalParameters: figures.get('total_parameters') ?? null,
	};
}

function readWeightMap(scanner: JsonScanner, files: Map<string, number>): void {
	for (const _tensor of scanner.keys(mostNameBytes)) {
		const path = scanner.text(mostNameBytes);
		const known = files.get(path);
		const problem = known === undefined ? fileNameProblem(path) : null;
		if (problem !== null) throw invalidIndex(`it names the file "${quoted(path)}" (${problem})`);
		files.set(path, (known ?? 0) + 1);
	}
}
