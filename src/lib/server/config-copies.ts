// The copies of configs at hand, and what is kept of each look at the Hub: no question is asked of anybody here.
import { normalize } from '#lib/core/characteristics.ts';
import type { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { FetchStatus, ModelCharacteristics, Source } from '#lib/core/model.ts';
import { isCommit } from '#lib/core/repository.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { MOST_FILE_BYTES } from '#lib/server/hub.ts';
import type { HubFile } from '#lib/server/hub-replies.ts';
import { fromHeaders, HeaderConfigs, type HeaderConfigsOptions } from '#lib/server/header-configs.ts';
import type { HeaderSet } from '#lib/server/headers.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import {
	fetchState,
	latestConfig,
	readConfig,
	saveConfig,
	saveFetchState,
	type FetchState,
	type StoredConfig,
} from '#lib/server/store/configs.ts';
import { readListing, saveListings } from '#lib/server/store/listings.ts';

/** The file that is read of every model. */
export const configFile = 'config.json';

/** Where some repositories keep theirs instead. */
export const nestedConfigFile = 'config/config.json';

/** A gate that was closed so lately is not tried again for every card. */
const GATE_FRESH_MS = 60 * 60 * 1000;

/** A model at a branch, tag or commit; null means its default branch. */
export interface Place {
	id: string;
	branch: string | null;
	/** What a list said of it just now; what was kept of the last one when left out. */
	facts?: ListingFacts;
}

export interface CopiesOptions extends HeaderConfigsOptions {
	inventory: Pick<Inventory, 'text' | 'files'>;
	database: Database;
	catalog: Pick<Catalog, 'learn' | 'learnFailure'>;
	/** Facts that were shipped; null for a model they do not have. */
	snapshot: { characteristics(id: string): ModelCharacteristics | null };
	clock: Clock;
}

/** One copy of a config.json. `fetchedAt` is an ISO time. */
interface Copy {
	text: string;
	commit: string | null;
	source: Source;
	fetchedAt: string;
}

/** What list fields tell, read at a commit (null: not known). */
interface Listed {
	id: string;
	source: Source;
	commit: string | null;
	gated: boolean;
}

/** Reads and keeps copies. Null everywhere means that there is none. */
export class ConfigCopies {
	readonly #options: CopiesOptions;
	/** Headers of weight files, which stand in for a missing config. */
	readonly headers: HeaderConfigs;

	constructor(options: CopiesOptions) {
		this.#options = options;
		this.headers = new HeaderConfigs(options);
	}

	/** How old an ISO time is; 0 for one in the future. */
	ageMs(isoTime: string): number {
		return Math.max(0, this.#options.clock.date().getTime() - Date.parse(isoTime));
	}

	#now(): string {
		return this.#options.clock.date().toISOString();
	}

	/** From the copy on this machine: its config, or the header of its GGUF file. */
	async local(place: Place): Promise<ModelCharacteristics | null> {
		const { id, branch } = place;
		const found = await this.#options.inventory.text(id, configFile, MOST_FILE_BYTES + 1, branch);
		if (found === null) return this.#fromSet(place, await this.headers.local(id, branch));
		const { text, commit } = found;
		return this.#normalized(place, { text, commit, source: 'local', fetchedAt: this.#now() });
	}

	/** Our own copy of this very commit, or of the newest commit that was seen of the default branch. */
	stored({ id, branch }: Place): StoredConfig | null {
		const commit = branch === null ? this.state(id)?.commit : branch;
		if (commit == null || !isCommit(commit)) return null;
		const copy = this.file(id, commit, configFile);
		const nested = copy?.status === '404' ? this.file(id, commit, nestedConfigFile) : null;
		return nested?.text == null ? copy : nested;
	}

	/** One file at a commit, as it was read or found missing. */
	file(id: string, commit: string, path: string): StoredConfig | null {
		return readConfig(this.#options.database, id, commit, path);
	}

	/** How the last look at the default branch ended. */
	state(id: string): FetchState | null {
		return fetchState(this.#options.database, id);
	}

	/** From a copy of ours. */
	read(place: Place, stored: StoredConfig, text: string): ModelCharacteristics {
		return this.#normalized(place, cached(stored, text), stored.file);
	}

	/** From list fields alone. `isGated`: because the gate is closed, not because there is no file. */
	fromList(facts: ListingFacts, isGated: boolean): ModelCharacteristics {
		return this.#fromFacts(facts, { id: facts.id, source: 'hub', commit: facts.sha ?? null, gated: isGated });
	}

	/** From our own copy, a remembered missing file, or a gate that was closed a moment ago. */
	async kept(place: Place, stored: StoredConfig | null): Promise<ModelCharacteristics | null> {
		const { id, branch } = place;
		if (stored?.text != null) return this.read(place, stored, stored.text);
		if (stored !== null && stored.status === '404') {
			const read = this.#fromSet(place, await this.headers.kept(id, stored.commit));
			const facts = this.#listed(place);
			return read ?? (facts && this.#fromFacts(facts, { id, source: 'cache', commit: stored.commit, gated: false }));
		}
		return branch === null ? this.#keptGate(place) : null;
	}

	#keptGate(place: Place): ModelCharacteristics | null {
		const { id } = place;
		const state = fetchState(this.#options.database, id);
		const isClosed = state?.status === '401' || state?.status === '403';
		if (!isClosed || this.ageMs(state.fetchedAt) > GATE_FRESH_MS) return null;
		return this.#behindGate(place, state.message ?? `${id} is gated.`);
	}

	/** From our newest copy, whatever commit it is of, with why it was not looked at anew. */
	older(id: string, failure: Failure): ModelCharacteristics | null {
		const stored = latestConfig(this.#options.database, id, configFile);
		if (stored?.text == null) return null;
		return withWarning(this.read({ id, branch: null }, stored, stored.text), failure);
	}

	/** From the shipped facts. */
	shipped(id: string, failure: Failure): ModelCharacteristics | null {
		const shipped = this.#options.snapshot.characteristics(id);
		const isQuiet = failure.code === 'offline' || failure.code === 'hub_unreachable';
		return shipped === null || isQuiet ? shipped : withWarning(shipped, failure);
	}

	/** What the Hub's list last said of a model. */
	listing(id: string): ListingFacts | null {
		return readListing(this.#options.database, id)?.facts ?? null;
	}

	/** Keeps what the Hub says of a model beside its files. */
	keepListing(facts: ListingFacts): void {
		saveListings(this.#options.database, [facts], this.#now());
	}

	#listed({ id, facts }: Place): ListingFacts | null {
		return facts ?? this.listing(id);
	}

	/** Takes in a config that the Hub sent, or said to be unchanged. `path`: where in the repository it stands. */
	take(place: Place, file: HubFile, text: string, path = configFile): ModelCharacteristics {
		const { id, branch } = place;
		const { database, catalog } = this.#options;
		const { commit, etag, movedTo } = file;
		const fetchedAt = this.#now();
		const characteristics = this.#normalized(place, { text, commit, source: 'hub', fetchedAt }, path);
		if (movedTo !== null) characteristics.warnings.push(`The Hub now calls this model ${movedTo}.`);
		database.transaction(() => {
			if (commit !== null) saveConfig(database, { id, commit, file: path, status: 'ok', text, etag, fetchedAt });
			if (branch !== null) return;
			saveFetchState(database, { id, status: 'ok', statusCode: 200, message: null, commit, fetchedAt });
			catalog.learn(id, characteristics);
		});
		return characteristics;
	}

	/** Keeps a file that says something about a model but is no config of its own. */
	keepFile(id: string, path: string, { commit, etag }: HubFile, text: string): void {
		if (commit === null) return;
		const fetchedAt = this.#now();
		saveConfig(this.#options.database, { id, commit, file: path, status: 'ok', text, etag, fetchedAt });
	}

	/** Keeps that a repository has no such file at this commit. */
	keepAbsent(id: string, path: string, commit: string): void {
		const nothing = { status: '404', text: null, etag: null, fetchedAt: this.#now() } as const;
		saveConfig(this.#options.database, { id, commit, file: path, ...nothing });
	}

	/** Takes in that a repository has no config: what its list fields tell is all there is. */
	takeMissing({ id, branch }: Place, facts: ListingFacts): ModelCharacteristics {
		const { database, catalog } = this.#options;
		const commit = facts.sha ?? null;
		const characteristics = this.#fromFacts(facts, { id, source: 'hub', commit, gated: false });
		const fetchedAt = characteristics.fetched_at;
		if (branch !== null) return characteristics;
		database.transaction(() => {
			if (commit !== null) this.keepAbsent(id, configFile, commit);
			saveFetchState(database, { id, status: '404', statusCode: 404, message: null, commit, fetchedAt });
			catalog.learn(id, characteristics);
		});
		return characteristics;
	}

	/** Takes in what was found out by another way than a config. */
	takeKnown({ id, branch }: Place, characteristics: ModelCharacteristics): ModelCharacteristics {
		if (branch === null) this.#options.catalog.learn(id, characteristics);
		return characteristics;
	}

	/** Takes in the header that was read in the place of a missing config; null when it says nothing about the model. */
	takeHeader(place: Place, set: HeaderSet): ModelCharacteristics | null {
		const read = this.#fromSet(place, set);
		return read && this.takeKnown(place, read);
	}

	/** Takes in that a gate is closed: what is known in spite of it; null when that is too little to be an answer. */
	takeGate(place: Place, failure: Failure): ModelCharacteristics | null {
		const { id } = place;
		const known = this.#behindGate(place, failure.message);
		if (known === null) return null;
		const { database, catalog } = this.#options;
		const { message, statusCode = 403 } = failure;
		const status = statusCode === 401 ? '401' : '403';
		saveFetchState(database, { id, status, statusCode, message, commit: null, fetchedAt: this.#now() });
		catalog.learn(id, known);
		return known;
	}

	/** Takes in a refusal of the Hub. A dead line says nothing about the model and is not kept. */
	takeFailure({ id, branch }: Place, { code, message, statusCode }: Failure): void {
		if (branch !== null || code === 'offline' || code === 'hub_unreachable') return;
		const { database, catalog } = this.#options;
		const status = statusOf(statusCode);
		const fetchedAt = this.#now();
		saveFetchState(database, { id, status, statusCode: statusCode ?? null, message, commit: null, fetchedAt });
		catalog.learnFailure(id, { status, message, ...(statusCode === undefined ? {} : { statusCode }) });
	}

	/** From the snapshot when it knows the sizes, else from list fields; null when neither says what the model is. */
	#behindGate(place: Place, sentence: string): ModelCharacteristics | null {
		const { id } = place;
		const shipped = this.#options.snapshot.characteristics(id);
		const facts = this.#listed(place);
		const known =
			shipped !== null && (facts === null || shipped.num_hidden_layers !== null)
				? { ...shipped, config_status: 'gated' as const }
				: facts && this.#fromFacts(facts, { id, source: 'hub', commit: facts.sha ?? null, gated: true });
		if (known === null || !suffices(known)) return null;
		return { ...known, warnings: [...known.warnings, sentence] };
	}

	#fromSet(place: Place, set: HeaderSet | null): ModelCharacteristics | null {
		return set && fromHeaders(set, { id: place.id, fetchedAt: this.#now(), listing: this.#listed(place) });
	}

	#normalized(place: Place, { text, commit, source, fetchedAt }: Copy, path = configFile): ModelCharacteristics {
		const listing = this.#listed(place);
		return normalize({ id: place.id, source, revision: commit, fetchedAt, config: text, configFile: path, listing });
	}

	#fromFacts(listing: ListingFacts, { id, source, commit, gated }: Listed): ModelCharacteristics {
		const asked = { id, source, revision: commit, fetchedAt: this.#now(), config: null };
		return normalize({ ...asked, listing, configGated: gated });
	}
}

function cached({ commit, fetchedAt }: StoredConfig, text: string): Copy {
	return { text, commit, source: 'cache', fetchedAt };
}

function statusOf(statusCode: number | undefined): Exclude<FetchStatus, 'ok' | 'none'> {
	const known = (['401', '403', '404', '429'] as const).find((status) => status === String(statusCode));
	return known ?? 'error';
}

/** Do these facts say what kind of model it is? */
function suffices({ classification, model_type, architectures }: ModelCharacteristics): boolean {
	return classification === 'gen' || classification === 'encoder' || model_type !== null || architectures !== null;
}

/** The same with a sentence that says why it was not looked at anew. */
export function withWarning(characteristics: ModelCharacteristics, { message }: Failure): ModelCharacteristics {
	return { ...characteristics, warnings: [...characteristics.warnings, `Not checked with the Hub: ${message}`] };
}
