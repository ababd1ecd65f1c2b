// What a person chose for this server, in one document: defaults, own devices and folders, to be written out and read in.
import { z } from 'zod';
import { cachePrecisions } from '#lib/core/fit.ts';
import { Failure, toFailure } from '#lib/core/failure.ts';
import type { Device } from '#lib/core/hardware.ts';
import { readPlace, settledPlace, usualPlace, type PlaceChoice } from '#lib/core/place.ts';
import { quoted } from '#lib/core/repository.ts';
import type { Runtimes } from '#lib/core/runtime.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Database } from '#lib/server/database.ts';
import { hardwareSchema, type Hardware } from '#lib/server/hardware.ts';
import type { Local } from '#lib/server/local.ts';
import { addedFolders } from '#lib/server/store/local.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

/** Written into every document, so that a later Modeldex knows what it reads. */
const documentVersion = 1;
const defaultsKey = 'default_place';
const mostTokens = 100_000_000;

const defaultsSchema = z.strictObject({
	runtime: z.string().max(60).nullable(),
	/** The default runtime that the registry file no longer has: it is checked again when the file does. */
	gone: z.string().max(60).optional(),
	context: z.number().int().min(1).max(mostTokens),
	cache_bits: z.literal(cachePrecisions),
});

const folderSchema = z.strictObject({ path: z.string().min(1).max(4096), id: z.string().max(200).nullable() });

/** Body of `PUT /api/settings`, where these runtimes are. What is left out stays; `devices` replace all entered ones. */
export function preferencesSchema({ ids }: Runtimes) {
	const known = z.string().refine((id) => ids.includes(id), { error: () => `is one of ${ids.join(', ')}` });
	return z.strictObject({
		modeldex_settings: z.literal(documentVersion),
		defaults: defaultsSchema.extend({ runtime: known.nullable() }).optional(),
		devices: hardwareSchema.shape.devices,
		/** Null lets the machine choose. */
		current_device: z.string().max(64).nullable().optional(),
		folders: z.array(folderSchema).max(100).optional(),
	});
}
export type PreferencesChange = z.infer<ReturnType<typeof preferencesSchema>>;

/** Everything a person chose here: answer of `GET /api/settings`, and what an export holds. */
export interface PreferencesDocument {
	modeldex_settings: typeof documentVersion;
	defaults: z.infer<typeof defaultsSchema>;
	devices: Device[];
	current_device: string | null;
	folders: { path: string; id: string | null }[];
}

/** Answer of `PUT /api/settings`: what holds now, and one sentence for each folder that could not be taken over. */
export interface PreferencesSaved extends PreferencesDocument {
	left_out: string[];
}

interface PreferencesOptions {
	database: Database;
	/** Knows the runtimes there are. */
	catalog: Pick<Catalog, 'runtimes'>;
	hardware: Pick<Hardware, 'read' | 'save'>;
	local: Pick<Local, 'addFolder'>;
}

function sentenceOf(issue: z.core.$ZodIssue): string {
	const where = issue.path.length === 0 ? 'The document' : `"${quoted(issue.path.join('.'))}"`;
	if (issue.code === 'unrecognized_keys') {
		return `${where} has a field nobody knows: "${quoted(issue.keys[0] ?? '')}".`;
	}
	if (issue.path[0] === 'modeldex_settings') return 'This is no document of Modeldex settings of version 1.';
	return `${where} is not right: ${quoted(issue.message)}.`;
}

/** Most faults that are told at once. */
const mostFaults = 20;

/** Keeps what a person chose. Every question reads the database anew, so all processes agree. */
export class Preferences {
	readonly #options: PreferencesOptions;

	constructor(options: PreferencesOptions) {
		this.#options = options;
	}

	/** Where models are to run unless a browser chose otherwise. */
	get place(): PlaceChoice {
		const kept = readMeta(this.#options.database, defaultsKey);
		if (kept === null) return usualPlace;
		const parsed = defaultsSchema.safeParse(JSON.parse(kept));
		if (!parsed.success) return usualPlace; // written by a Modeldex that kept something else
		const { runtime, gone, context, cache_bits: cacheBits } = parsed.data;
		const choice = { runtime: runtime ?? gone ?? null, context, cacheBits };
		return settledPlace(choice, this.#options.catalog.runtimes);
	}

	/** The place of a browser: its own choice (the text of its cookie), else the default. */
	placeOf(cookie: string | undefined): PlaceChoice {
		return cookie === undefined ? this.place : readPlace(cookie, this.#options.catalog.runtimes);
	}

	/** Everything as one document. */
	async read(): Promise<PreferencesDocument> {
		const { database, hardware } = this.#options;
		const { devices } = await hardware.read();
		const { runtime, gone, context, cacheBits } = this.place;
		return {
			modeldex_settings: documentVersion,
			defaults: { runtime, ...(gone === undefined ? {} : { gone }), context, cache_bits: cacheBits },
			devices: devices.filter(({ kind }) => kind === 'entered'),
			current_device: readMeta(database, 'current_device') || null,
			folders: addedFolders(database),
		};
	}

	/**
	 * Takes over a document or a part of one. Throws `invalid_body` with one sentence per fault, and nothing is changed
	 * then. Folders that are not on this machine are left out, and told.
	 */
	async save(value: unknown): Promise<PreferencesSaved> {
		const parsed = preferencesSchema(this.#options.catalog.runtimes).safeParse(value);
		if (!parsed.success) {
			const faults = [...new Set(parsed.error.issues.map(sentenceOf))];
			throw new Failure('invalid_body', faults.slice(0, mostFaults).join(' '));
		}
		const { defaults, devices, current_device: current, folders = [] } = parsed.data;
		const { database, hardware } = this.#options;
		if (devices !== undefined || current !== undefined) {
			await hardware.save({
				...(devices === undefined ? {} : { devices }),
				...(current === undefined ? {} : { current }),
			});
		}
		if (defaults !== undefined) saveMeta(database, defaultsKey, JSON.stringify(defaults));
		return { left_out: await this.#addFolders(folders), ...(await this.read()) };
	}

	async #addFolders(folders: PreferencesDocument['folders']): Promise<string[]> {
		const { database, local } = this.#options;
		const known = new Set(addedFolders(database).map(({ path }) => path));
		const leftOut: string[] = [];
		for (const { path, id } of folders) {
			if (known.has(path)) continue;
			try {
				await local.addFolder(path, id);
			} catch (error) {
				if (!(error instanceof Failure)) throw error;
				leftOut.push(toFailure(error).message);
			}
		}
		return leftOut;
	}
}
