// Headers as faces show them: one file's for the API and the command line, those at hand for the page of a model.
import { Failure } from '#lib/core/failure.ts';
import { headerFormat, type HeaderAnswer, type HeaderSummary } from '#lib/core/file-header.ts';
import type { WeightSet } from '#lib/core/files.ts';
import { quoted } from '#lib/core/repository.ts';
import type { HeaderSet, Headers } from '#lib/server/headers.ts';

/** Parts of a split file that are looked up for a page; larger ones are read when somebody asks. */
const partsAtHand = 16;

/** The whole answer about a file. Throws `not_found` when there are no headers. */
export function headerAnswer(id: string, path: string, set: HeaderSet | null): HeaderAnswer {
	if (set === null) throw new Failure('not_found', `The header of "${quoted(path)}" is not at hand.`);
	const [first] = set.headers;
	return {
		id,
		revision: first.revision,
		source: first.source,
		files: set.headers.map(({ path: file, size }) => ({ path: file, size_bytes: size })),
		...set.summary,
		metadata: first.header.format === 'gguf' ? first.header.metadata : null,
	};
}

/** A set of weights with what its header says, as far as that is at hand; null asks for a click. */
export type DescribedSet = WeightSet & { header: HeaderSummary | null };

/** The sets with the headers that were read before or are on this machine. Nothing is asked of the Hub. */
export async function describeSets(
	headers: Pick<Headers, 'readAll'>,
	id: string,
	{ sets, revision }: { sets: readonly WeightSet[]; revision: string | null },
): Promise<DescribedSet[]> {
	return Promise.all(sets.map(async (set) => ({ ...set, header: await atHand(headers, id, { set, revision }) })));
}

async function atHand(
	headers: Pick<Headers, 'readAll'>,
	id: string,
	{ set, revision }: { set: WeightSet; revision: string | null },
): Promise<HeaderSummary | null> {
	const [path] = set.paths;
	const isReadable = path !== undefined && headerFormat(path) !== null && set.missing === 0;
	if (!isReadable || set.parts > partsAtHand) return null;
	try {
		return (await headers.readAll(id, path, { revision, ask: false }))?.summary ?? null;
	} catch (error) {
		if (error instanceof Failure) return null; // the click that asks for it tells why
		throw error;
	}
}
