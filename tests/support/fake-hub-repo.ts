// What a repository of the fake Hub is: identity, list fields, commits with files, and the digests of those files.
import { createHash } from 'node:crypto';

/**
 * File content: text, bytes, or `size` bytes generated from a seed (so that a 60 GB file needs no disk), perhaps with a
 * real beginning.
 */
export type FakeContent = string | Uint8Array | { seed: number; size: number; head?: Uint8Array };

export interface FakeCommit {
	sha: string;
	files: Record<string, FakeContent>;
}

export interface FakeRepo {
	_id: string;
	id: string;
	/** Other names that redirect here: renames, legacy ids, other spellings. */
	aliases: string[];
	private: boolean;
	gated: false | 'auto' | 'manual';
	disabled: boolean;
	createdAt: string;
	lastModified: string;
	tags: string[];
	pipeline_tag?: string;
	library_name?: string;
	downloads: number;
	likes: number;
	trendingScore: number;
	config?: unknown;
	cardData?: unknown;
	safetensors?: { parameters: Record<string, number>; total: number };
	gguf?: Record<string, unknown>;
	baseModels?: { relation: string; models: { _id: string; id: string }[] };
	inferenceProviderMapping?: Record<string, unknown>[];
	/** Oldest first. */
	commits: FakeCommit[];
	/** Branch, tag or `refs/pr/1` → commit. */
	refs: Record<string, string>;
}

/** What a test has to say about a repository; the rest is filled in plausibly. */
export type FakeRepoOrder = Partial<Omit<FakeRepo, 'id' | 'commits'>> & {
	id: string;
	files?: Record<string, FakeContent>;
	commits?: FakeCommit[];
};

/** Stable hexadecimal digits made from a text. */
export function hexOf(text: string, digits: number): string {
	const long = createHash('sha512').update(text).digest('hex');
	return long.slice(0, digits);
}

/** A whole repository from the little that matters to a test. */
export function fakeRepo(order: FakeRepoOrder): FakeRepo {
	const { files = {}, ...given } = order;
	const sha = hexOf(`commit ${order.id} ${JSON.stringify(Object.keys(files))} ${String(files['config.json'])}`, 40);
	const commits = order.commits ?? [{ sha, files }];
	const head = commits.at(-1)?.sha ?? sha;
	return {
		_id: hexOf(`id ${order.id}`, 24),
		aliases: [],
		private: false,
		gated: false,
		disabled: false,
		createdAt: '2025-01-15T21:14:47.000Z',
		lastModified: '2025-06-01T08:00:00.000Z',
		tags: ['region:us'],
		downloads: 100,
		likes: 10,
		trendingScore: 0,
		...given,
		commits,
		refs: { main: head, ...order.refs },
	};
}

/** Everything the Hub says about one file. `lfs` files are served by the CDN and named by SHA-256. */
export interface FakeFile {
	path: string;
	size: number;
	lfs: boolean;
	/** Git blob SHA-1 of the content (small files) or of the pointer text (LFS files). */
	oid: string;
	sha256: string;
	xetHash: string;
	content: FakeContent;
}

const weights = /\.(safetensors|gguf|bin|pt|pth|onnx|h5|msgpack|ot|npz)$/;

/** Size in bytes without making the bytes. */
function sizeOf(content: FakeContent): number {
	if (typeof content === 'string') return Buffer.byteLength(content);
	return content instanceof Uint8Array ? content.length : content.size;
}

/** Bytes `from` (inclusive) to `to` (exclusive) of a file. */
export function bytesOf(content: FakeContent, from: number, to: number): Buffer {
	if (typeof content === 'string') return Buffer.from(content).subarray(from, to);
	if (content instanceof Uint8Array) return Buffer.from(content.buffer, content.byteOffset + from, to - from);
	const bytes = Buffer.allocUnsafe(to - from);
	for (let i = 0; i < bytes.length; i += 1) bytes[i] = (Math.imul(from + i + content.seed, 2654435761) >>> 24) & 0xff;
	bytes.set(content.head?.subarray(from, to) ?? []);
	return bytes;
}

/** Git's own name of a blob: SHA-1 over a header and the content. */
export function gitDigest(bytes: Uint8Array): string {
	return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function sha256Of(content: FakeContent, size: number): string {
	const hash = createHash('sha256');
	const step = 4 * 1024 * 1024;
	for (let at = 0; at < size; at += step) hash.update(bytesOf(content, at, Math.min(size, at + step)));
	return hash.digest('hex');
}

/** The pointer text that git keeps in place of an LFS file. */
export function pointerText(file: Pick<FakeFile, 'sha256' | 'size'>): string {
	return `version https://git-lfs.github.com/spec/v1\noid sha256:${file.sha256}\nsize ${file.size}\n`;
}

const described = new WeakMap<FakeCommit, Map<string, FakeFile>>();

/** Generated files above this are named by their seed: hashing 60 GB would take minutes. */
const HASHED_BYTES = 256 * 1024 * 1024;

function describe(path: string, content: FakeContent): FakeFile {
	const size = sizeOf(content);
	const lfs = size > 10 * 1024 || weights.test(path);
	const xetHash = hexOf(`xet ${path} ${size}`, 64);
	if (!lfs) return { path, size, lfs, oid: gitDigest(bytesOf(content, 0, size)), sha256: '', xetHash, content };
	const isGenerated = typeof content === 'object' && !(content instanceof Uint8Array);
	const sha256 = isGenerated && size > HASHED_BYTES ? hexOf(`sha256 ${path} ${size}`, 64) : sha256Of(content, size);
	const oid = gitDigest(Buffer.from(pointerText({ sha256, size })));
	return { path, size, lfs, oid, sha256, xetHash, content };
}

/** The files of a commit with their digests, computed once. */
export function filesOf(commit: FakeCommit): Map<string, FakeFile> {
	const known = described.get(commit);
	if (known) return known;
	const files = new Map(Object.entries(commit.files).map(([path, content]) => [path, describe(path, content)]));
	described.set(commit, files);
	return files;
}

/** The commit a revision means: branch, tag, `HEAD`, a full or shortened commit id; null when there is none. */
export function commitOf(repo: FakeRepo, revision: string): FakeCommit | null {
	const wanted = revision === 'HEAD' ? repo.refs.main : (repo.refs[revision] ?? revision);
	if (wanted === undefined) return null;
	const exact = repo.commits.find((commit) => commit.sha === wanted);
	if (exact) return exact;
	if (!/^[0-9a-f]{7,39}$/.test(wanted)) return null;
	return repo.commits.find((commit) => commit.sha.startsWith(wanted)) ?? null;
}
