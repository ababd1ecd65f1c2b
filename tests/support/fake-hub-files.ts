// The fake Hub's file addresses: resolve, the cache of small files, raw, and the CDN on its own origin.
import { createHmac } from 'node:crypto';
import { disabledRefusal, errorAnswer, gateRefusal, isAdmitted, repositoryRefusal } from './fake-hub-access.ts';
import { renamed } from './fake-hub-api.ts';
import type { FakeAnswer } from './fake-hub-faults.ts';
import { jsonAnswer } from './fake-hub-list.ts';
import {
	bytesOf,
	commitOf,
	filesOf,
	pointerText,
	type FakeCommit,
	type FakeFile,
	type FakeRepo,
} from './fake-hub-repo.ts';
import { splitName, type FakeRequest, type FakeWorld } from './fake-hub-world.ts';

const openInSpite = new Set(['README.md', 'LICENSE', 'LICENSE.md', 'LICENSE.txt']);
const signingKey = 'fake-hub';

/** Bodies above this are cut: a fake sends ranges of huge files, never the whole. */
const LARGEST_BODY = 512 * 1024 * 1024;

function encodePath(path: string): string {
	return path.split('/').map(encodeURIComponent).join('/');
}

function readRange(header: string | undefined, size: number): { from: number; to: number } | 'none' | 'beyond' {
	const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
	if (!match) return 'none';
	const from = Number(match[1]);
	if (from >= size) return 'beyond';
	return { from, to: match[2] ? Math.min(size, Number(match[2]) + 1) : size };
}

/** The bytes of a file, whole or the asked range. */
function bytesAnswer(file: FakeFile, request: FakeRequest, headers: Record<string, string>): FakeAnswer {
	const range = readRange(request.headers.range, file.size);
	const base = { 'accept-ranges': 'bytes', ...headers };
	if (range === 'beyond') {
		return { status: 416, headers: { ...base, 'content-range': `bytes */${file.size}` }, body: Buffer.alloc(0) };
	}
	const { from, to } = range === 'none' ? { from: 0, to: file.size } : range;
	const end = Math.min(to, from + LARGEST_BODY);
	const body = request.method === 'HEAD' ? Buffer.alloc(0) : bytesOf(file.content, from, end);
	const length = { 'content-length': String(to - from) };
	if (range === 'none') return { status: 200, headers: { ...base, ...length }, body };
	const contentRange = `bytes ${from}-${to - 1}/${file.size}`;
	return { status: 206, headers: { ...base, ...length, 'content-range': contentRange }, body };
}

function signature(path: string, expires: number): string {
	return createHmac('sha256', signingKey).update(`${path} ${expires}`).digest('hex');
}

function signedUrl(world: FakeWorld, repo: FakeRepo, file: FakeFile): string {
	const path = `/xet-bridge-us/${repo._id}/${file.xetHash}`;
	const expires = Math.floor(world.now() / 1000) + world.switches.signedSeconds;
	return `${world.cdnUrl}${path}?X-Xet-Cas-Uid=public&Expires=${expires}&Signature=${signature(path, expires)}`;
}

function linkedHeaders(world: FakeWorld, repo: FakeRepo, commit: FakeCommit, file: FakeFile): Record<string, string> {
	const api = `${world.hubUrl}/api/models/${repo.id}/xet-read-token/${commit.sha}`;
	return {
		'x-repo-commit': commit.sha,
		'x-linked-size': String(file.size),
		'x-linked-etag': `"${file.sha256}"`,
		'accept-ranges': 'bytes',
		'cache-control': 'no-store',
		...(world.switches.xet
			? {
					'x-xet-hash': file.xetHash,
					link: `<${api}>; rel="xet-auth", <${world.cdnUrl}/v1/reconstructions/${file.xetHash}>; rel="xet-reconstruction-info"`,
				}
			: {}),
	};
}

function redirect(status: number, location: string, headers: Record<string, string>): FakeAnswer {
	const body = Buffer.from(`Found. Redirecting to ${location}`);
	return { status, headers: { ...headers, location, 'content-type': 'text/plain; charset=utf-8' }, body };
}

function resolved(
	world: FakeWorld,
	repo: FakeRepo,
	commit: FakeCommit,
	request: FakeRequest,
	file: FakeFile,
): FakeAnswer {
	if (file.lfs) {
		const headers = linkedHeaders(world, repo, commit, file);
		if (world.switches.xet && request.headers.accept?.includes('application/vnd.xet-fileinfo+json')) {
			return jsonAnswer({ hash: file.xetHash, size: file.size }, headers);
		}
		return redirect(302, signedUrl(world, repo, file), headers);
	}
	const query = `${encodeURIComponent(request.url.pathname)}=&etag=${encodeURIComponent(`"${file.oid}"`)}`;
	const path = `/api/resolve-cache/models/${repo.id}/${commit.sha}/${encodePath(file.path)}?${query}`;
	const name = file.path.split('/').at(-1) ?? '';
	return redirect(307, path, {
		'x-repo-commit': commit.sha,
		'x-linked-etag': `"${file.oid}"`,
		'accept-ranges': 'bytes',
		'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${name}";`,
	});
}

/** Repository, gate, revision and entry in the Hub's order; the file when all are passed. */
function findFile(
	repo: FakeRepo | null,
	request: FakeRequest,
	wanted: { revision: string; path: string; raw: boolean },
): FakeAnswer | { repo: FakeRepo; commit: FakeCommit; file: FakeFile } {
	const hidden = repositoryRefusal(repo, request.who, false);
	if (hidden || !repo) return hidden ?? errorAnswer({ status: 404, message: 'Not Found', api: false });
	const open = !wanted.raw && openInSpite.has(wanted.path);
	const refused = disabledRefusal(repo, false) ?? (open ? null : gateRefusal(repo, request.who, false));
	if (refused) return refused;
	const commit = commitOf(repo, wanted.revision);
	if (!commit) {
		const message = `Invalid rev id: ${wanted.revision}`;
		return errorAnswer({ status: 404, message, code: 'RevisionNotFound', api: false });
	}
	const file = filesOf(commit).get(wanted.path);
	if (file) return { repo, commit, file };
	const headers = { 'x-repo-commit': commit.sha };
	return errorAnswer({ status: 404, message: 'Entry not found', code: 'EntryNotFound', api: false, headers });
}

function readTail(tail: string): { revision: string; path: string } {
	const parts = tail.split('/');
	const long = parts[0] === 'refs' ? 3 : 1;
	return {
		revision: decodeURIComponent(parts.slice(0, long).join('/')),
		path: decodeURIComponent(parts.slice(long).join('/')),
	};
}

/** `/{id}/resolve/{rev}/{path}` and `/{id}/raw/…`; null when the address is neither. */
export function fileAnswer(world: FakeWorld, request: FakeRequest): FakeAnswer | null {
	const split = splitName(world, request.url.pathname.slice(1), /\/(resolve|raw)\//);
	if (!split || split.tail === '') return null;
	const raw = split.tail.startsWith('/raw/');
	const repo = world.find(split.name);
	if (repo && repo.id !== split.name && repositoryRefusal(repo, request.who, false) === null) {
		return renamed(repo.id, split.tail, request, '/');
	}
	const found = findFile(repo, request, { ...readTail(split.tail.replace(/^\/(resolve|raw)\//, '')), raw });
	if ('status' in found) return found;
	if (!raw) {
		const gated = found.repo.gated !== false && !isAdmitted(found.repo, request.who);
		const small = !found.file.lfs && (gated || world.switches.direct);
		if (!small) return resolved(world, found.repo, found.commit, request, found.file);
	}
	const text = found.file.lfs ? pointerText(found.file) : null;
	const file = text === null ? found.file : { ...found.file, content: text, size: Buffer.byteLength(text) };
	return bytesAnswer(file, request, {
		'content-type': 'text/plain; charset=utf-8',
		'x-repo-commit': found.commit.sha,
		etag: `"${found.file.oid}"`,
	});
}

/** `/api/resolve-cache/models/{id}/{sha}/{path}`: small files by commit, with conditions and ranges. */
export function cachedFileAnswer(world: FakeWorld, request: FakeRequest): FakeAnswer {
	const rest = request.url.pathname.slice('/api/resolve-cache/models/'.length);
	const match = /^((?:[^/]+\/)?[^/]+)\/([^/]+)\/(.+)$/.exec(rest);
	const parts = match ?? [];
	const sha = parts[2] ?? '';
	if (!/^[0-9a-f]{40}$/.test(sha)) return errorAnswer({ status: 400, message: 'Invalid commit sha', api: false });
	if (!request.url.search.includes('etag=')) {
		return errorAnswer({ status: 400, message: 'The query of the redirect is missing', api: false });
	}
	const repo = world.find(decodeURIComponent(parts[1] ?? ''));
	const path = decodeURIComponent(parts[3] ?? '');
	const found = findFile(repo, request, { revision: sha, path, raw: false });
	if ('status' in found) return found;
	const headers = {
		'content-type': 'text/plain; charset=utf-8',
		'x-repo-commit': sha,
		etag: `"${found.file.oid}"`,
	};
	if (request.headers['if-none-match']?.includes(found.file.oid)) {
		return { status: 304, headers, body: Buffer.alloc(0) };
	}
	return bytesAnswer(found.file, request, headers);
}

/** The CDN: signed addresses, ranges, and a plain refusal of any Authorization header. */
export function cdnAnswer(world: FakeWorld, request: FakeRequest): FakeAnswer {
	if (request.headers.authorization !== undefined) {
		return errorAnswer({ status: 400, message: 'Only one auth mechanism allowed', api: false });
	}
	const match = /^\/xet-bridge-us\/([0-9a-f]{24})\/([0-9a-f]{64})$/.exec(request.url.pathname);
	const expires = Number(request.url.searchParams.get('Expires'));
	const signed = request.url.searchParams.get('Signature') === signature(request.url.pathname, expires);
	if (!match || !signed || expires * 1000 < world.now()) {
		return {
			status: 403,
			headers: { 'content-type': 'application/xml' },
			body: Buffer.from('<Error>AccessDenied</Error>'),
		};
	}
	const repo = world.repos.find((known) => known._id === match[1]);
	const files = (repo?.commits ?? []).flatMap((commit) => [...filesOf(commit).values()]);
	const file = files.find((known) => known.xetHash === match[2]);
	if (!file) return { status: 404, headers: {}, body: Buffer.from('NoSuchKey') };
	return bytesAnswer(file, request, { 'content-type': 'application/octet-stream', etag: `"${file.xetHash}"` });
}

/** `POST /{id}/ask-access`: asks for a gated repository; automatic gates open at once. */
export function askAccess(world: FakeWorld, request: FakeRequest): FakeAnswer | null {
	const name = /^\/(.+)\/ask-access$/.exec(request.url.pathname)?.[1];
	const repo = name ? world.find(decodeURIComponent(name)) : null;
	if (!repo || request.who.kind !== 'user') return null;
	const { user } = request.who;
	if (repo.gated === 'auto') user.accepted = [...(user.accepted ?? []), repo.id];
	if (repo.gated === 'manual') user.pending = [...(user.pending ?? []), repo.id];
	return redirect(303, `/${repo.id}`, {});
}
