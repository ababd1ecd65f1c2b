// Addresses below the Hub's endpoint: a page of its list, a file at a revision; every part of them checked or encoded.
import { encodeId, parseRepositoryId, parseRevision } from '#lib/core/repository.ts';

/** Fields asked of the Hub for a list: everything cards and filters show, without the heavy ones. */
export const usualExpand = [
	'author',
	'createdAt',
	'lastModified',
	'downloads',
	'likes',
	'trendingScore',
	'gated',
	'private',
	'disabled',
	'pipeline_tag',
	'library_name',
	'tags',
	'safetensors',
	'gguf',
	'config',
	'baseModels',
	'sha',
];

/** What to list. `pageSize` is at most 1,000; `most` rows in all, everything when left out. */
export interface ListOrder {
	search?: string;
	author?: string;
	filter?: string[];
	pipelineTag?: string;
	sort?: 'downloads' | 'likes' | 'lastModified' | 'createdAt' | 'trendingScore';
	pageSize?: number;
	most?: number;
	expand?: readonly string[];
	/** Where an earlier listing stopped. */
	cursor?: string | null;
}

/** Path and query of one page of the list. */
export function listPath(
	order: ListOrder,
	expand: readonly string[],
	{ limit, cursor }: { limit: number; cursor: string | null },
): string {
	const params = new URLSearchParams();
	const put = (name: string, value: string | undefined) => value !== undefined && params.append(name, value);
	put('search', order.search);
	put('author', order.author);
	put('pipeline_tag', order.pipelineTag);
	for (const tag of order.filter ?? []) put('filter', tag);
	put('sort', order.sort ?? 'downloads');
	put('limit', String(Math.max(1, Math.min(1000, limit))));
	for (const name of expand) put('expand', name);
	if (cursor !== null) put('cursor', cursor);
	return `/api/models?${params}`;
}

/** Path of a file. Throws `invalid_model_id` or `invalid_revision`. */
export function fileAddress(id: string, revision: string, path: string): string {
	const encoded = path.split('/').map(encodeURIComponent).join('/');
	return `/${encodeId(parseRepositoryId(id))}/resolve/${encodeURIComponent(parseRevision(revision))}/${encoded}`;
}
