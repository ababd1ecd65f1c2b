// What stands in for a missing config.json: the one a folder deeper, and the file of an adapter (LoRA and its like).
import { adapted, adapterFile, baseFacts, readAdapter, type Adapter, type AdapterBase } from '#lib/core/adapter.ts';
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { holdsGguf } from '#lib/core/quantization.ts';
import { isAdapter } from '#lib/core/weight-formats.ts';
import { configFile, nestedConfigFile, withWarning, type ConfigCopies, type Place } from '#lib/server/config-copies.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import { MOST_FILE_BYTES, type Hub } from '#lib/server/hub.ts';

interface OtherConfigsOptions {
	hub: Pick<Hub, 'file'>;
	copies: ConfigCopies;
	/** Characteristics of the base; throws what the reading of any model throws. */
	base(id: string, ask: AskOptions): Promise<ModelCharacteristics>;
	/** Asks for list fields anew, the names of files among them. */
	listed(order: OtherOrder): Promise<ListingFacts>;
}

interface OtherOrder extends Place {
	ask: AskOptions;
	/** Does somebody wait for this very model, so that a question more is worth it? */
	deep: boolean;
}

/** Reads what else says something about models without a config.json of their own. */
export class OtherConfigs {
	readonly #options: OtherConfigsOptions;

	constructor(options: OtherConfigsOptions) {
		this.#options = options;
	}

	/**
	 * From the config that some repositories keep a folder deeper; null when there is none. Where the list of files is not
	 * known, only a click asks for it.
	 */
	async nested(order: OtherOrder, facts: ListingFacts): Promise<ModelCharacteristics | null> {
		const { id, branch, ask, deep } = order;
		const { hub, copies } = this.#options;
		const mayBeThere = facts.siblings?.includes(nestedConfigFile) ?? (deep && !holdsGguf(facts));
		const limits = { limitBytes: MOST_FILE_BYTES + 1, revision: branch ?? 'main' };
		const file = mayBeThere ? await hub.file(id, nestedConfigFile, { ...ask, ...limits }) : null;
		if (file?.text == null) return null;
		if (file.commit !== null) copies.keepAbsent(id, configFile, file.commit);
		return copies.take(order, file, file.text, nestedConfigFile);
	}

	/** What was found of a model, completed when it is an adapter; null when it is none or its file tells nothing. */
	async adapter(order: OtherOrder, found: ModelCharacteristics): Promise<ModelCharacteristics | null> {
		try {
			const text = await this.#text(order, found.revision);
			const adapter = text === null ? null : readAdapter(text);
			if (adapter === null) return null;
			const known = adapted(found, adapter, await this.#base(order, adapter));
			return known === found ? null : this.#options.copies.takeKnown(order, known);
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			return withWarning(found, error);
		}
	}

	/** The adapter's file: our copy, else the Hub's; null when the repository has none. */
	async #text(order: OtherOrder, commit: string | null): Promise<string | null> {
		const { id, branch, ask } = order;
		const { copies, hub } = this.#options;
		const kept = commit === null ? null : copies.file(id, commit, adapterFile);
		if (kept !== null) return kept.text;
		const facts = copies.listing(id);
		if (facts === null || !isAdapter({ files: facts.siblings ?? [], tags: facts.tags ?? [] })) return null;
		const files = facts.siblings ?? (await this.#options.listed(order)).siblings ?? [];
		if (!files.includes(adapterFile)) return null;
		const limits = { limitBytes: MOST_FILE_BYTES + 1, revision: commit ?? branch ?? 'main' };
		const file = await hub.file(id, adapterFile, { ...ask, ...limits });
		if (file?.text == null) return null;
		copies.keepFile(id, adapterFile, file, file.text);
		return file.text;
	}

	/** Facts of the base; null when it names none that can be read. */
	async #base({ id, ask }: OtherOrder, { base }: Adapter): Promise<AdapterBase | null> {
		if (base === null || base === id) return null;
		try {
			return baseFacts(await this.#options.base(base, ask));
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			return null; // gated, gone or out of reach: its task is all there is to go by
		}
	}
}
