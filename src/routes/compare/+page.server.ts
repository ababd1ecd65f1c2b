// The compare page on the server: up to four models with everything known of each; one that fails says so in its column.
import { toFailure } from '#lib/core/failure.ts';
import type { FitSubject } from '#lib/core/fit.ts';
import type { CompatibilityReport } from '#lib/core/compatibility.ts';
import type { ModelCharacteristics, ModelEntry } from '#lib/core/model.ts';
import { entrySchema } from '#lib/core/model.ts';
import { isRepositoryId } from '#lib/core/repository.ts';
import type { App } from '#lib/server/app.ts';
import type { PageServerLoad } from './$types';

/** Most models side by side. */
const most = 4;

/** One column. `problem` is one sentence when the model could not be read at all. */
interface Column {
	id: string;
	entry: ModelEntry | null;
	characteristics: ModelCharacteristics | null;
	memory: FitSubject | null;
	runtimes: CompatibilityReport[];
	problem: string | null;
}

const rowSchema = entrySchema.omit({ siblings: true, tags: true });

async function columnOf(id: string, app: App, signal: AbortSignal): Promise<Column> {
	const empty = { id, entry: null, characteristics: null, memory: null, runtimes: [], problem: null };
	if (!isRepositoryId(id)) return { ...empty, problem: 'This is not the id of a model.' };
	try {
		const record = await app.details.record(id, { signal });
		const parts = app.details.facts(record, { signal });
		const [characteristics, memory, { runtimes }] = await Promise.all([
			parts.characteristics,
			app.fits.subject(record, parts, signal),
			app.compatibility.read(record.id, { signal }),
		]);
		const problem = characteristics.problem?.message ?? null;
		// Reading the characteristics has told the list more than it knew when the record was taken.
		const entry = rowSchema.parse(app.catalog.entry(record.id) ?? record);
		return { id: record.id, entry, characteristics: characteristics.value, memory, runtimes, problem };
	} catch (error) {
		signal.throwIfAborted();
		return { ...empty, problem: toFailure(error).message };
	}
}

export const load: PageServerLoad = async ({ locals, request, url }) => {
	const asked = url.searchParams.getAll('ids').flatMap((text) => text.split(','));
	const ids = [...new Set(asked.map((id) => id.trim()).filter((id) => id !== ''))];
	const columns = await Promise.all(ids.slice(0, most).map((id) => columnOf(id, locals.app, request.signal)));
	return { columns, leftOut: ids.slice(most) };
};
