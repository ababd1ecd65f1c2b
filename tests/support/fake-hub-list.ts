// The fake Hub's listing: filters, sorts, pages by `Link`, and rows that hold only what was asked for.
import { errorAnswer } from './fake-hub-access.ts';
import type { FakeAnswer } from './fake-hub-faults.ts';
import { commitOf, filesOf, type FakeRepo } from './fake-hub-repo.ts';
import type { FakeRequest, FakeWorld } from './fake-hub-world.ts';

/** What `expand` may name on the list; the info address knows two more. */
export const listExpandable = (
	'author baseModels cardData config createdAt disabled downloads downloadsAllTime evalResults gated inference ' +
	'inferenceProviderMapping lastModified library_name likes mask_token model-index pipeline_tag private safetensors ' +
	'sha siblings spaces tags transformersInfo trendingScore widgetData gguf resourceGroup xetEnabled'
).split(' ');
export const infoExpandable = [...listExpandable, 'childrenModelCount', 'usedStorage'];

const sortKeys: Record<string, (repo: FakeRepo) => number> = {
	createdAt: (repo) => Date.parse(repo.createdAt),
	downloads: (repo) => repo.downloads,
	likes: (repo) => repo.likes,
	lastModified: (repo) => Date.parse(repo.lastModified),
	trendingScore: (repo) => repo.trendingScore,
	likes30d: (repo) => repo.likes,
	num_parameters: (repo) => repo.safetensors?.total ?? 0,
	mainSize: () => 0,
};

/** JSON answer with the given headers. */
export function jsonAnswer(value: unknown, headers: Record<string, string> = {}): FakeAnswer {
	const body = Buffer.from(JSON.stringify(value));
	return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body };
}

/** The validation error, with header and body in their two forms. */
export function invalid(text: string): FakeAnswer {
	const line = `* ${text.replace(/\s*→/g, ' *').replace(/\s+/g, ' ')}`;
	return errorAnswer({ status: 400, message: `✖ ${text}`, api: true, headers: { 'x-error-message': line } });
}

/** The names asked for, both spellings; null when none were. Answers 400 for a name that is not allowed. */
export function readExpand(params: URLSearchParams, allowed: string[]): string[] | null | FakeAnswer {
	const asked = [...params.getAll('expand'), ...params.getAll('expand[]')];
	if (asked.length === 0) return null;
	if (asked.every((name) => allowed.includes(name))) return asked;
	return invalid(`Invalid option: expected one of ${allowed.map((name) => `"${name}"`).join('|')}\n  → at expand[0]`);
}

function authorOf(repo: FakeRepo): string | undefined {
	return repo.id.includes('/') ? repo.id.split('/')[0] : undefined;
}

function siblingsOf(repo: FakeRepo): { rfilename: string }[] {
	const head = commitOf(repo, 'HEAD');
	return head ? [...filesOf(head).keys()].map((rfilename) => ({ rfilename })) : [];
}

/** Every field the list could show of a repository; undefined ones are left out by JSON. */
function everyField(repo: FakeRepo): Record<string, () => unknown> {
	return {
		author: () => authorOf(repo),
		baseModels: () => repo.baseModels,
		cardData: () => repo.cardData,
		config: () => repo.config,
		createdAt: () => repo.createdAt,
		disabled: () => repo.disabled,
		downloads: () => repo.downloads,
		downloadsAllTime: () => repo.downloads * 12,
		evalResults: () => undefined,
		gated: () => repo.gated,
		inference: () => undefined,
		inferenceProviderMapping: () => repo.inferenceProviderMapping,
		lastModified: () => repo.lastModified,
		library_name: () => repo.library_name,
		likes: () => repo.likes,
		pipeline_tag: () => repo.pipeline_tag,
		private: () => repo.private,
		safetensors: () => repo.safetensors,
		sha: () => commitOf(repo, 'HEAD')?.sha,
		siblings: () => siblingsOf(repo),
		spaces: () => [],
		tags: () => repo.tags,
		trendingScore: () => repo.trendingScore,
		gguf: () => repo.gguf,
		xetEnabled: () => true,
		childrenModelCount: () => ({ adapter: 0, merge: 0, quantized: 0, finetune: 0 }),
		usedStorage: () => 0,
	};
}

/** `{_id, id}` and the named fields only. */
export function pick(repo: FakeRepo, names: string[]): Record<string, unknown> {
	const fields = everyField(repo);
	const row: Record<string, unknown> = { _id: repo._id, id: repo.id };
	for (const name of names) row[name] = fields[name]?.();
	return row;
}

const defaultNames = 'likes trendingScore private downloads tags pipeline_tag library_name createdAt'.split(' ');

function rowOf(repo: FakeRepo, expand: string[] | null, params: URLSearchParams): Record<string, unknown> {
	if (expand) return pick(repo, expand);
	const names = [...defaultNames];
	if (isTrue(params.get('full'))) names.push('author', 'gated', 'lastModified', 'sha', 'siblings');
	if (isTrue(params.get('config'))) names.push('config');
	if (isTrue(params.get('cardData'))) names.push('cardData');
	return { ...pick(repo, names), modelId: repo.id };
}

function isTrue(value: string | null): boolean {
	return value === 'true' || value === 'True' || value === '1';
}

const units: Record<string, number> = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

function count(text: string | undefined): number | null {
	const match = /^([\d.]+)([KMBT]?)$/.exec(text ?? '');
	return match ? Number(match[1]) * (units[match[2] ?? ''] ?? 1) : null;
}

function matchesSize(repo: FakeRepo, wanted: string): boolean {
	const total = repo.safetensors?.total ?? (typeof repo.gguf?.total === 'number' ? repo.gguf.total : null);
	if (total === null) return false;
	const min = count(/min:([^,]+)/.exec(wanted)?.[1]);
	const max = count(/max:([^,]+)/.exec(wanted)?.[1]);
	return (min === null || total >= min) && (max === null || total <= max);
}

function hasTag(repo: FakeRepo, tag: string): boolean {
	return repo.tags.includes(tag) || repo.pipeline_tag === tag || repo.library_name === tag;
}

function matches(repo: FakeRepo, params: URLSearchParams): boolean {
	const search = params.get('search')?.toLowerCase();
	if (search && !repo.id.toLowerCase().includes(search)) return false;
	const author = params.get('author');
	if (author && authorOf(repo) !== author) return false;
	const task = params.get('pipeline_tag');
	if (task && repo.pipeline_tag !== task) return false;
	const gated = params.get('gated');
	if (gated && isTrue(gated) !== (repo.gated !== false)) return false;
	const size = params.get('num_parameters');
	if (size && !matchesSize(repo, size)) return false;
	return params.getAll('filter').every((tags) => tags.split(',').every((tag) => hasTag(repo, tag)));
}

/** Where the page after `repo` starts, opaque to clients. */
function cursorAfter(repo: FakeRepo, value: number): string {
	return Buffer.from(JSON.stringify({ $or: [{ v: value, _id: repo._id }] })).toString('base64url');
}

function startAt(rows: FakeRepo[], cursor: string | null, valueOf: (repo: FakeRepo) => number): number {
	if (cursor === null) return 0;
	const text = Buffer.from(cursor, 'base64url').toString();
	const after = /"v":(-?[\d.]+),"_id":"([0-9a-f]+)"/.exec(text);
	if (!after) return rows.length;
	const value = Number(after[1]);
	const id = after[2] ?? '';
	const index = rows.findIndex((repo) => {
		const own = valueOf(repo);
		return own < value || (own === value && repo._id > id);
	});
	return index < 0 ? rows.length : index;
}

function visible(world: FakeWorld, request: FakeRequest, repo: FakeRepo): boolean {
	if (!repo.private) return true;
	const owners = request.who.kind === 'user' ? (request.who.user.owners ?? []) : [];
	return owners.includes(authorOf(repo) ?? '');
}

/** `GET /api/models`. */
export function listModels(world: FakeWorld, request: FakeRequest): FakeAnswer {
	const params = request.url.searchParams;
	const expand = readExpand(params, world.switches.expandable ?? listExpandable);
	if (expand !== null && !Array.isArray(expand)) return expand;
	const sort = params.get('sort') ?? 'trendingScore';
	const valueOf = sortKeys[sort];
	if (!valueOf) return invalid(`Invalid option: expected one of ${Object.keys(sortKeys).join('|')} → at sort`);
	const asked = Number(params.get('limit') ?? 1000);
	if (asked > 1000 && world.switches.bigLimit === 'refuse') {
		return invalid('Too big: expected number to be <=1000\n  → at limit');
	}
	const limit = Math.max(1, Math.min(1000, asked));
	const rows = world.sortedBy(sort, valueOf).filter((repo) => visible(world, request, repo) && matches(repo, params));
	const from = startAt(rows, params.get('cursor'), valueOf);
	const page = rows.slice(from, from + limit);
	const last = page.at(-1);
	const headers: Record<string, string> = {};
	if (last && from + limit < rows.length) {
		const next = new URLSearchParams(params);
		next.set('limit', String(limit));
		next.set('cursor', cursorAfter(last, valueOf(last)));
		const origin = world.switches.canonicalLinks ? 'https://huggingface.co' : world.hubUrl;
		headers.link = `<${origin}/api/models?${next}>; rel="next"`;
	}
	return jsonAnswer(
		page.map((repo) => rowOf(repo, expand, params)),
		headers,
	);
}
