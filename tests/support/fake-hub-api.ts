// The fake Hub's addresses about one model: info, tree, paths, refs, commits, sizes, access, tokens.
import { errorAnswer, gateRefusal, isAdmitted, repositoryRefusal } from './fake-hub-access.ts';
import type { FakeAnswer } from './fake-hub-faults.ts';
import { infoExpandable, invalid, jsonAnswer, listModels, pick, readExpand } from './fake-hub-list.ts';
import { commitOf, filesOf, hexOf, type FakeCommit, type FakeFile, type FakeRepo } from './fake-hub-repo.ts';
import { splitName, type FakeRequest, type FakeWorld } from './fake-hub-world.ts';

const MASK = '*'.repeat(64);

/** A 307 in the Hub's way: relative, the rest of the path and the query kept. */
export function renamed(to: string, tail: string, request: FakeRequest, prefix: string): FakeAnswer {
	const location = `${prefix}${to}${tail}${request.url.search}`;
	const body = Buffer.from(`Temporary Redirect. Redirecting to ${location}`);
	return { status: 307, headers: { location, 'content-type': 'text/plain; charset=utf-8' }, body };
}

const infoNames = (
	'author private disabled gated sha lastModified createdAt pipeline_tag library_name tags downloads likes cardData ' +
	'config safetensors gguf siblings spaces usedStorage'
).split(' ');

function blobsOf(commit: FakeCommit): unknown[] {
	return [...filesOf(commit).values()].map((file) => ({
		rfilename: file.path,
		blobId: file.oid,
		size: file.size,
		...(file.lfs ? { lfs: { sha256: file.sha256, size: file.size, pointerSize: 134 } } : {}),
	}));
}

function providers(repo: FakeRepo): Record<string, unknown> | undefined {
	if (!repo.inferenceProviderMapping) return undefined;
	return Object.fromEntries(repo.inferenceProviderMapping.map((row) => [String(row.provider), row]));
}

function info(repo: FakeRepo, commit: FakeCommit, request: FakeRequest): FakeAnswer {
	const params = request.url.searchParams;
	const expand = readExpand(params, infoExpandable);
	if (expand !== null && !Array.isArray(expand)) return expand;
	const row = pick(repo, expand ?? infoNames);
	if ('sha' in row) row.sha = commit.sha;
	if (params.get('blobs') === 'true' && expand === null) row.siblings = blobsOf(commit);
	if ('inferenceProviderMapping' in row) row.inferenceProviderMapping = providers(repo);
	if (params.get('securityStatus') === 'true') {
		row.securityRepoStatus = { scansDone: true, filesWithIssues: [] };
	}
	return jsonAnswer(expand ? row : { ...row, modelId: repo.id });
}

function treeEntry(file: FakeFile, masked: boolean, xet: boolean): Record<string, unknown> {
	const base = { type: 'file', oid: file.oid, size: file.size };
	if (!file.lfs) return { ...base, path: file.path };
	return {
		...base,
		lfs: { oid: masked ? MASK : file.sha256, size: file.size, pointerSize: 134 },
		...(xet ? { xetHash: masked ? MASK : file.xetHash } : {}),
		path: file.path,
	};
}

function entriesUnder(world: FakeWorld, repo: FakeRepo, commit: FakeCommit, request: FakeRequest, folder: string) {
	const masked = !isAdmitted(repo, request.who);
	const recursive = request.url.searchParams.get('recursive') === 'true';
	const start = folder === '' ? '' : `${folder}/`;
	const folders = new Set<string>();
	const entries: Record<string, unknown>[] = [];
	for (const file of filesOf(commit).values()) {
		if (!file.path.startsWith(start)) continue;
		const parts = file.path.slice(start.length).split('/');
		for (let depth = 1; depth < parts.length && (recursive || depth === 1); depth += 1) {
			folders.add(start + parts.slice(0, depth).join('/'));
		}
		if (recursive || parts.length === 1) entries.push(treeEntry(file, masked, world.switches.xet));
	}
	const directories = [...folders].map((path) => ({ type: 'directory', oid: hexOf(path, 40), size: 0, path }));
	return [...directories, ...entries];
}

function tree(world: FakeWorld, repo: FakeRepo, commit: FakeCommit, request: FakeRequest, folder: string): FakeAnswer {
	const missing = errorAnswer({ status: 404, message: 'Entry not found', code: 'EntryNotFound', api: true });
	if (folder !== '' && filesOf(commit).has(folder)) return missing;
	const entries = entriesUnder(world, repo, commit, request, folder);
	if (folder !== '' && entries.length === 0) return missing;
	const params = request.url.searchParams;
	const most = params.get('expand') === 'true' ? 50 : 1000;
	const limit = Math.min(most, Number(params.get('limit') ?? most));
	const from = Number(Buffer.from(params.get('cursor') ?? '', 'base64url').toString() || 0);
	const headers: Record<string, string> = { 'x-repo-commit': commit.sha };
	if (from + limit < entries.length) {
		const next = new URLSearchParams(params);
		next.set('cursor', Buffer.from(String(from + limit)).toString('base64url'));
		const origin = world.switches.canonicalLinks ? 'https://huggingface.co' : world.hubUrl;
		headers.link = `<${origin}${request.url.pathname}?${next}>; rel="next"`;
	}
	return jsonAnswer(entries.slice(from, from + limit), headers);
}

function readPaths(request: FakeRequest): string[] | null {
	const text = request.body.toString();
	if ((request.headers['content-type'] ?? '').includes('json')) {
		const body: unknown = JSON.parse(text || '{}');
		const paths = typeof body === 'object' && body !== null && 'paths' in body ? body.paths : null;
		return Array.isArray(paths) ? paths.map(String) : null;
	}
	return new URLSearchParams(text).getAll('paths');
}

function pathsInfo(world: FakeWorld, repo: FakeRepo, commit: FakeCommit, request: FakeRequest): FakeAnswer {
	const paths = readPaths(request);
	if (paths === null || paths.length === 0 || paths.length > 2000) return invalid('Invalid input → at paths');
	const masked = !isAdmitted(repo, request.who);
	const files = filesOf(commit);
	const found = paths.map((path) => files.get(path)).filter((file) => file !== undefined);
	return jsonAnswer(found.map((file) => treeEntry(file, masked, world.switches.xet)));
}

function refs(repo: FakeRepo): FakeAnswer {
	const rows = Object.entries(repo.refs).map(([name, targetCommit]) => ({ name, targetCommit }));
	const branches = rows.filter(({ name }) => !name.startsWith('refs/'));
	return jsonAnswer({
		branches: branches.map((row) => ({ ...row, ref: `refs/heads/${row.name}` })),
		tags: [],
		converts: [],
		pullRequests: rows.filter(({ name }) => name.startsWith('refs/pr/')),
	});
}

function commits(repo: FakeRepo): FakeAnswer {
	const rows = [...repo.commits].reverse().map(({ sha }) => ({
		id: sha,
		title: 'Update',
		message: '',
		authors: [],
		date: repo.lastModified,
	}));
	return jsonAnswer(rows, { 'x-total-count': String(rows.length) });
}

function treeSize(commit: FakeCommit, folder: string): FakeAnswer {
	const files = [...filesOf(commit).values()].filter((file) => file.path.startsWith(folder));
	return jsonAnswer({ path: folder, size: files.reduce((sum, file) => sum + file.size, 0) });
}

const behindGate = new Set(['commits', 'auth-check', 'xet-read-token']);

/** One address below `/api/models/{id}`: the verb, the revision (one encoded segment, or as it stands) and a path. */
function readTail(tail: string): { verb: string; revision: string; path: string } {
	const [verb = '', revision = 'main', ...rest] = tail.replace(/^\//, '').split('/');
	if (revision === 'refs') {
		const joined = [revision, ...rest.slice(0, 2)].join('/');
		return { verb, revision: joined, path: decodeURIComponent(rest.slice(2).join('/')) };
	}
	return { verb, revision: decodeURIComponent(revision), path: decodeURIComponent(rest.join('/')) };
}

function oneModel(world: FakeWorld, request: FakeRequest, rest: string): FakeAnswer {
	const marker = /\/(revision|tree|paths-info|refs|commits|treesize|auth-check|xet-read-token)(?=\/|$)/;
	const split = splitName(world, rest, marker);
	const repo = split ? world.find(split.name) : null;
	const hidden = repositoryRefusal(repo, request.who, true);
	if (hidden || !repo || !split) return hidden ?? invalid('Invalid repo name');
	if (repo.id !== split.name) return renamed(repo.id, split.tail, request, '/api/models/');
	const { verb, revision, path } = readTail(split.tail);
	if (behindGate.has(verb)) {
		const refused = gateRefusal(repo, request.who, true);
		if (refused) return refused;
	}
	if (verb === 'auth-check') return { status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from('OK') };
	if (verb === 'refs') return refs(repo);
	const commit = commitOf(repo, split.tail === '' ? 'HEAD' : revision);
	if (!commit) {
		return errorAnswer({ status: 404, message: `Invalid rev id: ${revision}`, code: 'RevisionNotFound', api: true });
	}
	if (verb === '' || verb === 'revision') return info(repo, commit, request);
	if (verb === 'tree') return tree(world, repo, commit, request, path);
	if (verb === 'paths-info') return pathsInfo(world, repo, commit, request);
	if (verb === 'commits') return commits(repo);
	if (verb === 'treesize') return treeSize(commit, path);
	const exp = Math.floor(world.now() / 1000) + 3600;
	return jsonAnswer({ casUrl: `${world.cdnUrl}/cas`, exp, accessToken: 'xet-token' });
}

function whoami(request: FakeRequest): FakeAnswer {
	if (request.who.kind !== 'user') {
		return errorAnswer({ status: 401, message: 'Invalid username or password.', api: true });
	}
	const { user } = request.who;
	const fineGrained = { canReadGatedRepos: user.canReadGated !== false, global: [], scoped: [] };
	return jsonAnswer({
		type: 'user',
		id: hexOf(user.name, 24),
		name: user.name,
		fullname: user.name,
		isPro: false,
		orgs: [],
		auth: {
			type: 'access_token',
			accessToken: { displayName: 'test', role: 'fineGrained', createdAt: '2026-05-01T10:00:00.000Z', fineGrained },
		},
	});
}

function tagsByType(): FakeAnswer {
	return jsonAnswer({
		pipeline_tag: [{ id: 'text-generation', label: 'Text Generation', type: 'pipeline_tag' }],
		library: [{ id: 'transformers', label: 'Transformers', type: 'library' }],
		license: [{ id: 'license:apache-2.0', label: 'apache-2.0', type: 'license' }],
	});
}

function trending(world: FakeWorld): FakeAnswer {
	const top = [...world.repos].sort((a, b) => b.trendingScore - a.trendingScore).slice(0, 20);
	return jsonAnswer({
		recentlyTrending: top.map(({ id, downloads, likes, gated, lastModified, pipeline_tag }) => ({
			repoType: 'model',
			repoData: { id, author: id.split('/')[0], downloads, likes, gated, private: false, lastModified, pipeline_tag },
		})),
	});
}

/** Everything under `/api/` but the cache of small files. */
export function apiAnswer(world: FakeWorld, request: FakeRequest): FakeAnswer {
	const path = request.url.pathname;
	if (path === '/api/models') return listModels(world, request);
	if (path === '/api/whoami-v2') return whoami(request);
	if (path === '/api/models-tags-by-type') return tagsByType();
	if (path === '/api/trending') return trending(world);
	if (path.startsWith('/api/models/')) return oneModel(world, request, path.slice('/api/models/'.length));
	return errorAnswer({ status: 404, message: 'Not Found', api: true });
}
