// The Hub's rows in the Hub's words: loose schemas for what it sends, translated into ours before anything leaves.
import { z } from 'zod';
import type { JsonObject, JsonValue, ListingFacts } from '#lib/core/listing.ts';
import type { Gated, ModelFile } from '#lib/core/model.ts';
import { authorOf, fileNameProblem, isCommit, isDigest, isRepositoryId, quoted } from '#lib/core/repository.ts';

/** A field that is left out when it is not what it should be: one odd value must not cost the row. */
function field<T extends z.ZodType>(schema: T) {
	return schema.optional().catch(undefined);
}

const count = z.number().nonnegative();
const text = z.string().max(400);
const object = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

const rowSchema = z.looseObject({
	id: z.string().refine(isRepositoryId),
	_id: field(z.string().regex(/^[0-9a-f]{24}$/)),
	sha: field(z.string()),
	author: field(text),
	createdAt: field(z.iso.datetime()),
	lastModified: field(z.iso.datetime()),
	downloads: field(count),
	likes: field(count),
	trendingScore: field(z.number()),
	gated: field(z.union([z.boolean(), z.enum(['auto', 'manual'])])),
	private: field(z.boolean()),
	disabled: field(z.boolean()),
	pipeline_tag: field(text),
	library_name: field(text),
	tags: field(z.array(z.unknown())),
	siblings: field(z.array(z.unknown())),
	config: field(object),
	cardData: field(object),
	safetensors: field(z.looseObject({ parameters: field(z.record(z.string(), z.unknown())), total: count })),
	gguf: field(z.looseObject({ total: field(count), architecture: field(text), context_length: field(count) })),
	baseModels: field(z.looseObject({ relation: text, models: z.array(z.unknown()) })),
});
type Row = z.infer<typeof rowSchema>;

const siblingSchema = z.looseObject({ rfilename: z.string().max(1024) });
const modelSchema = z.looseObject({ id: z.string().refine(isRepositoryId) });

/** Lists longer than these are cut: no real row has more, and a hostile one must not fill the memory. */
const MOST = { tags: 1000, siblings: 20_000, bases: 50 };

function collect<T>(rows: unknown[] | undefined, most: number, read: (row: unknown) => T | null): T[] | undefined {
	if (rows === undefined) return undefined;
	const found: T[] = [];
	for (const row of rows.slice(0, most)) {
		const value = read(row);
		if (value !== null) found.push(value);
	}
	return found;
}

/** The Hub documents `false`, `auto` and `manual`; a bare `true` is taken as the stricter of the two. */
function gatedOf(gated: Row['gated']): Gated | undefined {
	return gated === true ? 'manual' : gated;
}

function licenseOf(row: Row, tags: string[] | undefined): string | undefined {
	const tag = tags?.find((value) => value.startsWith('license:'));
	if (tag !== undefined) return tag.slice('license:'.length);
	const written = row.cardData?.license;
	return typeof written === 'string' ? written.slice(0, 100) : undefined;
}

const templateKeys = new Set(['chat_template', 'chat_template_jinja', 'additional_chat_templates']);

/** The curated config without chat templates: they are long, and nothing here reads them. */
function withoutTemplates(value: JsonValue | undefined, depth = 0): JsonValue | undefined {
	if (depth > 6) return undefined;
	if (Array.isArray(value)) return value.slice(0, 1000).map((item) => withoutTemplates(item, depth + 1) ?? null);
	if (typeof value !== 'object' || value === null) return value;
	const kept: JsonObject = Object.create(null);
	for (const [key, item] of Object.entries(value)) {
		if (!templateKeys.has(key)) kept[key] = withoutTemplates(item, depth + 1);
	}
	return kept;
}

function configOf(row: Row): JsonObject | undefined {
	const config = withoutTemplates(row.config);
	return typeof config === 'object' && config !== null && !Array.isArray(config) ? config : undefined;
}

function safetensorsOf(row: Row): ListingFacts['safetensors'] {
	if (row.safetensors === undefined) return undefined;
	const parameters: Record<string, number> = Object.create(null);
	for (const [dtype, elements] of Object.entries(row.safetensors.parameters ?? {})) {
		if (typeof elements === 'number') parameters[dtype] = elements;
	}
	return { parameters, total: row.safetensors.total };
}

function basesOf(row: Row): ListingFacts['base_models'] {
	const ids = collect(row.baseModels?.models, MOST.bases, (model) => modelSchema.safeParse(model).data?.id ?? null);
	return row.baseModels === undefined || ids === undefined ? undefined : { relation: row.baseModels.relation, ids };
}

/** The object without its undefined fields, so that "was not sent" stays visible. */
function present<T extends object>(value: T): T {
	for (const [key, item] of Object.entries(value)) {
		if (item === undefined) Reflect.deleteProperty(value, key);
	}
	return value;
}

/** A listing or info row as our facts; null for something that is no row at all. */
export function readRow(value: unknown): ListingFacts | null {
	const parsed = rowSchema.safeParse(value);
	if (!parsed.success) return null;
	const row = parsed.data;
	const tags = collect(row.tags, MOST.tags, (tag) => (typeof tag === 'string' ? tag.slice(0, 200) : null));
	const gguf = row.gguf;
	return present<ListingFacts>({
		id: row.id,
		hub_id: row._id,
		sha: row.sha !== undefined && isCommit(row.sha) ? row.sha : undefined,
		author: row.author ?? authorOf(row.id) ?? undefined,
		created_at: row.createdAt,
		updated_at: row.lastModified,
		downloads: row.downloads,
		likes: row.likes,
		trending: row.trendingScore,
		gated: gatedOf(row.gated),
		private: row.private,
		disabled: row.disabled,
		pipeline_tag: row.pipeline_tag,
		library_name: row.library_name,
		tags,
		siblings: collect(row.siblings, MOST.siblings, (file) => siblingSchema.safeParse(file).data?.rfilename ?? null),
		license: licenseOf(row, tags),
		config: configOf(row),
		safetensors: safetensorsOf(row),
		gguf: gguf && present({ total: gguf.total, architecture: gguf.architecture, context_length: gguf.context_length }),
		base_models: basesOf(row),
	});
}

const treeSchema = z.looseObject({
	type: z.string(),
	path: z.string(),
	oid: z.string(),
	size: count.catch(0),
	lfs: field(z.looseObject({ oid: z.string(), size: count })),
});

/** Something the Hub listed that must not become a path or a checksum on this machine. */
export interface RefusedFile {
	/** The name, shortened and without unprintable characters. */
	path: string;
	code: 'unsafe_file_name' | 'invalid_digest';
	why: string;
}

/** `oid`: git's digest of the content; null where git keeps a pointer in its place. */
export type TreeEntry = { file: ModelFile; oid: string | null } | { refused: RefusedFile } | null;

/** What the Hub puts in place of the hashes of a gated repository. */
const maskPattern = /^\*+$/;

/** One entry of a file tree: a file, a refusal with its reason, or null for folders and things that are no entry. */
export function readTreeEntry(value: unknown): TreeEntry {
	const parsed = treeSchema.safeParse(value);
	if (!parsed.success || parsed.data.type !== 'file') return null;
	const { path, oid, size, lfs } = parsed.data;
	const shown = quoted(path);
	const problem = fileNameProblem(path);
	if (problem !== null) return { refused: { path: shown, code: 'unsafe_file_name', why: problem } };
	const masked = lfs !== undefined && maskPattern.test(lfs.oid);
	const badOid = !isDigest(oid) || (lfs !== undefined && !masked && !/^[0-9a-f]{64}$/.test(lfs.oid));
	if (badOid) return { refused: { path: shown, code: 'invalid_digest', why: 'its digest is not one' } };
	const sha256 = lfs === undefined || masked ? null : lfs.oid;
	const file = { path, size: lfs?.size ?? size, sha256, lfs: lfs !== undefined };
	return { file, oid: lfs === undefined ? oid : null };
}
