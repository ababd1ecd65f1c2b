// Which runtimes load one model, from the best that is known of it, with relatives that run where it does not.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { checkCompatibility, checkerVersion, type CompatibilityReport } from '#lib/core/compatibility.ts';
import type { Fit } from '#lib/core/fit.ts';
import { runtimeConfidenceSchema, type ModelRecord, type PartProblem } from '#lib/core/model.ts';
import { runFactsVersion, subjectOf, type CompatibilitySubject } from '#lib/core/run-facts.ts';
import { profilesVersion } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import { weightFormats } from '#lib/core/weight-formats.ts';
import { quantizedFrom } from '#lib/core/packing.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Database } from '#lib/server/database.ts';
import type { Details } from '#lib/server/details.ts';
import type { Fits } from '#lib/server/fits.ts';
import { readReports, saveReports } from '#lib/server/store/compatibility.ts';
import { madeFrom } from '#lib/server/store/relations.ts';

interface CompatibilityOptions {
	database: Database;
	catalog: Pick<Catalog, 'rows' | 'runtimes'>;
	details: Pick<Details, 'record' | 'facts'>;
	fits: Pick<Fits, 'readEach'>;
	/** Version of the product: newer ones read the same files better. */
	version: string;
}

interface AskOptions {
	/** Only these runtimes, in this order; all when left out or empty. */
	runtimes?: readonly RuntimeId[];
	/** A context longer than a runtime takes is a no. */
	strictContext?: boolean;
	signal?: AbortSignal | undefined;
}

/** Whether a runtime loads the model, and apart from that whether it fits the current device there. */
export interface RuntimeAnswer extends CompatibilityReport {
	fit: Fit;
}

/**
 * Answer of `GET /api/models/compatibility/{id}`. `revision` is the commit that was looked at, null when not known.
 * `problems` names what could not be read; the answers then rest on the list fields alone.
 */
export interface ModelCompatibility {
	id: string;
	revision: string | null;
	runtimes: RuntimeAnswer[];
	problems: PartProblem[];
}

interface Whole extends Omit<ModelCompatibility, 'runtimes'> {
	reports: CompatibilityReport[];
}

const reportSchema: z.ZodType<CompatibilityReport> = z.object({
	runtime: z.string(),
	compatible: z.boolean(),
	confidence: runtimeConfidenceSchema,
	reasons: z.array(z.string()),
	warnings: z.array(z.string()),
	recommendations: z.array(
		z
			.object({ text: z.string(), id: z.string().optional(), format: z.enum(weightFormats).optional() })
			.transform(({ text, id, format }) => ({
				text,
				...(id === undefined ? {} : { id }),
				...(format === undefined ? {} : { format }),
			})),
	),
});
const keptSchema = z.array(reportSchema);

/** Most relatives that are looked at; the most downloaded come first. */
const mostRelatives = 100;

function digest(text: string): string {
	return createHash('sha256').update(text).digest('base64url').slice(0, 20);
}

/** Answers for one model at a time, kept by commit. */
export class Compatibility {
	readonly #options: CompatibilityOptions;

	constructor(options: CompatibilityOptions) {
		this.#options = options;
	}

	/**
	 * What every runtime makes of a model. Its id may differ from the one asked for when the model was renamed. Throws
	 * what `Details.record` throws when nobody knows the model; anything else that cannot be read is a problem.
	 */
	async read(asked: string, options: AskOptions = {}): Promise<ModelCompatibility> {
		const { runtimes = [], strictContext = false, signal } = options;
		const record = await this.#options.details.record(asked, { signal });
		const { reports, ...rest } = await this.#whole(record, strictContext, signal);
		const asIs = reports.map(({ runtime }) => runtime);
		const order: readonly string[] = runtimes.length === 0 ? asIs : runtimes;
		const picked = order.flatMap((id) => reports.find(({ runtime }) => runtime === id) ?? []);
		const fits = await this.#options.fits.readEach(record.id, order, signal);
		const answers = picked.flatMap((report, index) => {
			const fit = fits[index];
			return fit === undefined ? [] : [{ ...report, fit }];
		});
		return { ...rest, runtimes: answers };
	}

	async #whole(record: ModelRecord, strictContext: boolean, signal?: AbortSignal): Promise<Whole> {
		const { database, catalog, details, version } = this.#options;
		const { all, ownVersion } = catalog.runtimes;
		const { id, revision } = record;
		const relatives = this.#relatives(record);
		const rules = [version, checkerVersion, runFactsVersion, profilesVersion, ownVersion, strictContext];
		const stamp = digest(JSON.stringify([rules, relatives]));
		const kept = revision === null ? null : readReports(database, { id, revision, stamp });
		if (kept !== null) return { id, revision, reports: keptSchema.parse(JSON.parse(kept)), problems: [] };

		const parts = details.facts(record, { signal });
		const [read, listed] = await Promise.all([parts.characteristics, parts.files]);
		const files = listed.value?.files.map(({ path }) => path) ?? null;
		const subject = subjectOf(record, { characteristics: read.value, files });
		const reports = all.map((profile) => {
			return checkCompatibility(subject, profile, { strictContext, relatives });
		});
		const problems = [read.problem, listed.problem].filter((problem) => problem !== null);
		const commit = listed.value?.revision ?? read.value?.revision ?? revision;
		const isWhole = problems.length === 0 && listed.value?.source !== 'local';
		if (isWhole && revision !== null && commit === revision && read.value?.revision === revision) {
			saveReports(database, { id, revision, stamp }, JSON.stringify(reports));
		}
		return { id, revision: commit, reports, problems };
	}

	/** The same model in other packings: what it was quantized from, and what was quantized from it or from that. */
	#relatives(record: ModelRecord): CompatibilitySubject[] {
		const { id } = record;
		const { database, catalog } = this.#options;
		const bases = quantizedFrom(record);
		const roots = [...bases, id];
		const children = catalog.rows(madeFrom(database, roots, id, mostRelatives));
		const same = children.filter((child) => quantizedFrom(child).some((root) => roots.includes(root)));
		return [...catalog.rows(bases), ...same].map((row) => subjectOf(row));
	}
}
