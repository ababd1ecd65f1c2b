// One look at one candidate: its config from the copy of that commit, else from the Hub, at the three places it may be.
import { adapted, adapterFile, baseFacts, readAdapter, type AdapterBase } from '#lib/core/adapter.ts';
import { withCharacteristics } from '#lib/core/entry.ts';
import { blankSecrets, Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { FetchStatus, ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { guessByName } from '#lib/core/name-guess.ts';
import { isRepositoryId } from '#lib/core/repository.ts';
import { configFile, nestedConfigFile, type ConfigCopies, type Place } from '#lib/server/config-copies.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import { MOST_FILE_BYTES, type Hub } from '#lib/server/hub.ts';

/** Where a config is looked for, in this order. */
const places = [configFile, nestedConfigFile, adapterFile];

/** What is read of a model: its list fields and the row made of them. */
export interface Candidate {
	facts: ListingFacts;
	record: ModelRecord;
}

/** How a look is made. `starting` is called before the first request: a copy at hand needs none. */
export interface LookOptions {
	ask: AskOptions;
	starting(): void;
}

export interface ReaderOptions {
	hub: Pick<Hub, 'file'>;
	/** The copies that what is read of this model may come from and go to. */
	copiesFor(facts: ListingFacts): ConfigCopies;
	/** Is there a copy of the model on this machine? */
	isLocal(id: string): Promise<boolean>;
	/** Sees to it that the catalog has a row for the model, if it may have one. */
	ensure(id: string): void;
	/** What is already known of another model; null when nothing is. */
	known(id: string): ModelRecord | null;
	/** ISO time: what was seen later than that is as good as asking again. */
	since: string;
}

/** How a read ended, by what the Hub answered. */
export function statusOf({ code, statusCode }: Failure): Exclude<FetchStatus, 'ok' | 'none'> {
	if (statusCode === 401 || statusCode === 403 || statusCode === 404 || statusCode === 429) {
		return ({ 401: '401', 403: '403', 404: '404', 429: '429' } as const)[statusCode];
	}
	if (code === 'not_found') return '404';
	return code === 'gated' ? '403' : 'error';
}

/** A row with no config to go by: what list fields told, else what the name sounds like. */
function withGuess(record: ModelRecord): ModelRecord {
	const guess = record.classification === 'unknown' ? guessByName(record.id) : null;
	if (guess === null) return record;
	const family = record.architecture_family === 'Unknown' ? guess.family : record.architecture_family;
	return { ...record, classification: guess.classification, confidence: 'low', architecture_family: family };
}

/** Reads candidates for one run. Bases of adapters are looked up once. */
export class CandidateReader {
	readonly #options: ReaderOptions;
	readonly #bases = new Map<string, Promise<AdapterBase | null>>();

	constructor(options: ReaderOptions) {
		this.#options = options;
	}

	/**
	 * The row completed by what was read: `fetchStatus` is `ok`, `404` without a config anywhere, or `error` for one that
	 * cannot be read. Throws the Failure of a read that gave nothing, or the abort.
	 */
	async read(candidate: Candidate, look: LookOptions): Promise<ModelRecord> {
		const { facts, record } = candidate;
		const copies = this.#options.copiesFor(facts);
		const place: Place = { id: facts.id, branch: null, facts };
		const isLocal = await this.#options.isLocal(facts.id);
		const local = isLocal ? await copies.local({ ...place, branch: facts.sha ?? null }) : null;
		if (local !== null) return withCharacteristics(record, local);
		const commit = this.#commit(copies, facts);
		const absent: string[] = [];
		for (const path of this.#paths(facts)) {
			const kept = commit === null ? null : copies.file(facts.id, commit, path);
			if (kept?.status === '404') continue;
			if (kept?.text != null && path !== adapterFile) {
				return withCharacteristics(record, copies.read(place, kept, kept.text));
			}
			const found = kept?.text ?? (await this.#fetch(copies, place, path, look));
			if (found === null) absent.push(path);
			else if (typeof found !== 'string') return this.#taken(copies, found, candidate, absent);
			else return this.#adapter(candidate, copies, found, look);
		}
		return this.#missing(copies, place, candidate, absent);
	}

	/**
	 * The row of a candidate whose read failed: the class its list fields told, `auth-protected` where a lock leaves
	 * nothing to go by, and why in `fetchStatus` and `fetchError`. What the Hub refused is remembered.
	 */
	failed({ facts, record }: Candidate, failure: Failure): ModelRecord {
		const copies = this.#options.copiesFor(facts);
		const place: Place = { id: facts.id, branch: null, facts };
		this.#options.ensure(facts.id);
		// A list that was handed in may hold nothing but ids: what the Hub's own list said earlier still tells.
		const behind = () => copies.takeGate(place, failure) ?? copies.takeGate({ id: facts.id, branch: null }, failure);
		const known = failure.code === 'gated' ? behind() : null;
		if (known === null) copies.takeFailure(place, failure);
		const row = known === null ? record : withCharacteristics(record, known);
		const fetchStatus = statusOf(failure);
		const { statusCode, message } = failure;
		const fetchError = { ...(statusCode === undefined ? {} : { statusCode }), message: blankSecrets(message) };
		const isLocked = (fetchStatus === '401' || fetchStatus === '403') && row.classification === 'unknown';
		const locked = isLocked ? ({ classification: 'auth-protected', confidence: 'low' } as const) : {};
		return { ...(fetchStatus === '404' ? withGuess(row) : row), ...locked, fetchStatus, fetchError };
	}

	/** The commit that copies are looked up by: the listed one, else one that was seen lately enough. */
	#commit(copies: ConfigCopies, { id, sha }: ListingFacts): string | null {
		if (sha !== undefined) return sha;
		const state = copies.state(id);
		return state !== null && state.fetchedAt >= this.#options.since ? state.commit : null;
	}

	/** The places that the list of files does not rule out. */
	#paths({ siblings }: ListingFacts): string[] {
		if (siblings === undefined || siblings.length === 0) return places;
		return places.filter((path) => siblings.includes(path));
	}

	/** From the Hub: an adapter's text, characteristics of a config, null when there is no such file. */
	async #fetch(
		copies: ConfigCopies,
		place: Place,
		path: string,
		{ ask, starting }: LookOptions,
	): Promise<ModelCharacteristics | string | null> {
		this.#throwRecent(copies, place.id);
		starting();
		const limits = { limitBytes: MOST_FILE_BYTES + 1, isListed: true };
		const file = await this.#options.hub.file(place.id, path, { ...ask, ...limits });
		if (file === null) return null;
		const text = file.text ?? '';
		this.#options.ensure(place.id);
		if (path !== adapterFile) return copies.take(place, file, text, path);
		copies.keepFile(place.id, path, file, text);
		return text;
	}

	/** A gate that this very run met before it was interrupted is not tried again. */
	#throwRecent(copies: ConfigCopies, id: string): void {
		const state = copies.state(id);
		if (state === null || state.fetchedAt < this.#options.since) return;
		const { status, statusCode, message } = state;
		if (status !== '401' && status !== '403') return;
		throw new Failure('gated', message ?? `${id} is gated.`, { statusCode: statusCode ?? Number(status) });
	}

	#taken(
		copies: ConfigCopies,
		found: ModelCharacteristics,
		{ facts, record }: Candidate,
		absent: string[],
	): ModelRecord {
		for (const path of absent) if (found.revision !== null) copies.keepAbsent(facts.id, path, found.revision);
		return withCharacteristics(record, found);
	}

	#missing(copies: ConfigCopies, place: Place, { facts, record }: Candidate, absent: string[]): ModelRecord {
		if (absent.length === 0) return withGuess(withCharacteristics(record, copies.fromList(facts, false)));
		this.#options.ensure(facts.id);
		const known = copies.takeMissing(place, facts);
		for (const path of absent) if (facts.sha !== undefined) copies.keepAbsent(facts.id, path, facts.sha);
		return withGuess(withCharacteristics(record, known));
	}

	/** An adapter is what its base is; without a base that is known, its task decides. */
	async #adapter(
		{ facts, record }: Candidate,
		copies: ConfigCopies,
		text: string,
		look: LookOptions,
	): Promise<ModelRecord> {
		const adapter = readAdapter(text);
		const listed = copies.fromList(facts, false);
		if (adapter === null) return withGuess(withCharacteristics(record, listed));
		const base = adapter.base === null ? null : await this.#base(adapter.base, look);
		const known = adapted(listed, adapter, base);
		copies.takeKnown({ id: facts.id, branch: null }, known);
		return { ...withCharacteristics(record, known), fetchStatus: 'ok' };
	}

	/** What holds for adapters of this base, from the list, the catalog or its own config; null when nobody knows it. */
	#base(id: string, look: LookOptions): Promise<AdapterBase | null> {
		const known = this.#bases.get(id);
		if (known !== undefined) return known;
		const base = this.#readBase(id, look);
		this.#bases.set(id, base);
		base.catch(() => this.#bases.delete(id)); // the next adapter tries again
		return base;
	}

	async #readBase(id: string, { ask, starting }: LookOptions): Promise<AdapterBase | null> {
		if (!isRepositoryId(id)) return null;
		const known = this.#options.known(id);
		const told = known === null ? null : baseFacts(known);
		if (told !== null) return told;
		const facts: ListingFacts = { id };
		const copies = this.#options.copiesFor(facts);
		try {
			starting();
			const file = await this.#options.hub.file(id, configFile, { ...ask, limitBytes: MOST_FILE_BYTES + 1 });
			if (file === null) return null;
			const c = copies.take({ id, branch: null, facts }, file, file.text ?? '');
			return baseFacts(c);
		} catch (error) {
			const isHidden = error instanceof Failure && ['gated', 'not_found', 'forbidden', 'disabled'].includes(error.code);
			if (isHidden) return null;
			throw error;
		}
	}
}
