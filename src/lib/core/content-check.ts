// Whether the first bytes of a file are what its name says: no web page, no pointer, no disguised pickle.

/** How many bytes are looked at. */
export const headBytes = 512;

/** `unsafe`: can run code although its name says otherwise; `foreign`: another thing than the file; `odd`: unexpected. */
export interface ContentProblem {
	kind: 'unsafe' | 'foreign' | 'odd';
	/** Completes "… ". */
	why: string;
}

const safeWeights = /\.(safetensors|gguf|onnx)$/i;
const weights = /\.(safetensors|gguf|onnx|bin|pt|pth|ckpt|h5)$/i;

const startsWith = (head: Uint8Array, ...bytes: number[]) => bytes.every((byte, at) => head[at] === byte);

/** A pickle (protocols 2 to 5) or an archive that loaders unpack pickles from. */
function isDisguised(head: Uint8Array): boolean {
	const pickle =
		startsWith(head, 0x80) &&
		(head[1] ?? 0) >= 2 &&
		(head[1] ?? 9) <= 5 &&
		/[c}\]().X\u008c\u0095]/.test(String.fromCharCode(head[2] ?? 0));
	return pickle || startsWith(head, 0x50, 0x4b, 0x03, 0x04) || startsWith(head, 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c);
}

/** Is the length that a safetensors file begins with plausible, and followed by an object? */
function hasSafeHeader(head: Uint8Array, size: number): boolean {
	if (head.length < 9 || size < 10) return false;
	const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
	return length <= BigInt(Math.min(size - 8, 100_000_000)) && head[8] === 0x7b;
}

/** What is wrong with a file whose first bytes these are; null when nothing is. `size` is that of the whole, in bytes. */
export function contentProblem(path: string, head: Uint8Array, size: number): ContentProblem | null {
	if (!weights.test(path) || size === 0) return null;
	const text = new TextDecoder('latin1').decode(head.subarray(0, 64));
	if (text.startsWith('version https://git-lfs')) return { kind: 'foreign', why: 'is only a pointer to the file' };
	if (/^\s*<(!doctype|html)/i.test(text)) return { kind: 'foreign', why: 'is a web page' };
	if (!safeWeights.test(path)) return null;
	if (isDisguised(head)) return { kind: 'unsafe', why: 'can run code when it is loaded, whatever its name says' };
	if (/\.gguf$/i.test(path) && !text.startsWith('GGUF')) return { kind: 'odd', why: 'does not begin as GGUF files do' };
	if (/\.safetensors$/i.test(path) && !hasSafeHeader(head, size)) {
		return { kind: 'odd', why: 'does not begin as safetensors files do' };
	}
	return null;
}
