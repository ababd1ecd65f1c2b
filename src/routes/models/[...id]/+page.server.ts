// The model page on the server: the row at once, the parts with it when they are quick, streamed after it when not.
import { error, redirect } from '@sveltejs/kit';
import { fileOverview, type FileOverview } from '#lib/core/files.ts';
import { entrySchema, type FileSource, type ModelEntry, type ModelRecord, type PartProblem } from '#lib/core/model.ts';
import { placeCookie } from '#lib/core/place.ts';
import { encodeId, isRepositoryId } from '#lib/core/repository.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { FileList } from '#lib/server/file-lists.ts';
import type { Part, Relatives } from '#lib/server/details.ts';
import { describeSets, type DescribedSet } from '#lib/server/header-answers.ts';
import type { Headers } from '#lib/server/headers.ts';
import type { PageServerLoad } from './$types';

/** How long the page waits for its parts before it is sent without them; they follow on the same connection. */
const patienceMs = 300;
/** Rows of the file table; what is beyond is counted and linked. */
const rowLimit = 1_000;

/** The row without its file names: the file list has them. */
const rowSchema = entrySchema.omit({ siblings: true });

/** A part that came in time, or the promise of one that is streamed after the page. */
type Soon<T> = { now: T; later: null } | { now: null; later: Promise<T> };

async function soon<T>(part: Promise<T>, patience: Promise<null>): Promise<Soon<T>> {
	const now = await Promise.race([part.then((value) => ({ value })), patience]);
	return now === null ? { now: null, later: part } : { now: now.value, later: null };
}

/** The files as the page shows them. */
interface ShownFiles extends FileOverview {
	sets: DescribedSet[];
	source: FileSource;
	revision: string | null;
}

async function shown(
	{ value, problem }: Part<FileList>,
	{ id, tags }: { id: string; tags: readonly string[] },
	headers: Headers,
): Promise<Part<ShownFiles>> {
	if (value === null) return { value, problem };
	const { files, source, revision } = value;
	const overview = fileOverview(files, { tags, rowLimit });
	const sets = await describeSets(headers, id, { sets: overview.sets, revision });
	return { value: { ...overview, sets, source, revision }, problem: null };
}

/** The card without its source text, which the page does not need. */
function withoutSource<T extends { markdown: string | null }>(part: { value: T | null; problem: PartProblem | null }) {
	if (part.value === null) return part;
	return { ...part, value: { ...part.value, markdown: null } };
}

/** Most relatives that are looked at, and most packings that are shown; the most downloaded come first. */
const mostRelatives = 200;
const mostVariants = 40;

/** Where variants are looked up, and the runtime they are checked against. */
interface Shown {
	catalog: Pick<Catalog, 'entries'>;
	check: RuntimeId | null;
}

/** The same weights in other packings, this model and what it was quantized from among them. */
function variantsOf(record: ModelRecord, { bases, siblings }: Relatives, { catalog, check }: Shown): ModelEntry[] {
	const marks = new Set([record.id, ...bases].map((id) => `base_model:quantized:${id}`));
	const isQuantized = ({ tags = [] }: ModelEntry) => tags.some((tag) => marks.has(tag));
	const from = bases.filter((id) => isQuantized(record) && record.tags?.includes(`base_model:quantized:${id}`));
	const others = catalog.entries(siblings.slice(0, mostRelatives), check).filter(isQuantized);
	const packings = [...catalog.entries([record.id, ...from], check), ...others].slice(0, mostVariants);
	return packings.map((entry) => rowSchema.omit({ tags: true }).parse(entry));
}

export const load: PageServerLoad = async ({ cookies, locals, params, request, url }) => {
	if (!isRepositoryId(params.id)) error(404, { code: 'not_found', message: 'There is no such model.', status: 404 });
	const { details, headers } = locals.app;
	const { signal } = request;
	const record = await details.record(params.id, { signal });
	if (record.id !== params.id) redirect(307, `/models/${encodeId(record.id)}${url.search}`);

	// Who has no scripts asks for the whole page: nothing could fill in what is streamed.
	const isWhole = url.searchParams.has('whole');
	const patience = new Promise<null>((resolve) => {
		if (!isWhole) setTimeout(() => resolve(null), patienceMs);
	});
	const parts = details.parts(record, { signal });
	const tags = record.tags ?? [];
	const { fits, compatibility } = locals.app;
	const [characteristics, files, card, memory, runtimes] = await Promise.all([
		soon(parts.characteristics, patience),
		soon(
			parts.files.then((part) => shown(part, { id: record.id, tags }, headers)),
			patience,
		),
		soon(parts.card.then(withoutSource), patience),
		soon(fits.subject(record, parts, signal), patience),
		soon(compatibility.read(record.id, { signal }), patience),
	]);
	const relatives = details.relatives(record.id);
	const check = locals.app.preferences.placeOf(cookies.get(placeCookie)).runtime;
	return {
		entry: rowSchema.parse(record),
		characteristics,
		files,
		card,
		memory,
		runtimes,
		variants: variantsOf(record, relatives, { catalog: locals.app.catalog, check }),
		relatives,
		hubUrl: locals.app.health().hub.endpoint,
	};
};
