// What discovery runs are made of: for whom the Hub is asked, where copies are kept, and what the catalog gets to know.
import type { DiscoveryPlan } from '#lib/core/discovery-order.ts';
import type { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { ConfigCopies, type CopiesOptions } from '#lib/server/config-copies.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import { DiscoveryBook, type News } from '#lib/server/discovery-book.ts';
import { Checkpoint } from '#lib/server/discovery-checkpoint.ts';
import { CatalogFeed, type ListedModel } from '#lib/server/discovery-feed.ts';
import { listPages } from '#lib/server/discovery-pages.ts';
import { DiscoveryProblems } from '#lib/server/discovery-problems.ts';
import { CandidateReader } from '#lib/server/discovery-reader.ts';
import { DiscoveryRun } from '#lib/server/discovery-run.ts';
import type { DiscoveryWatch } from '#lib/server/discovery-watch.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';

export interface WorksOptions extends CopiesOptions {
	inventory: Pick<Inventory, 'text' | 'files' | 'ids'>;
	hub: Hub;
	catalog: Catalog;
	watch: DiscoveryWatch;
	/** Letters and digits that nobody can guess. */
	newId: () => string;
	onBug: (error: unknown) => void;
}

/** A run with what its watchers need. `ended` gives back what it held; to be called once, when it is over. */
export interface RunKit {
	run: DiscoveryRun;
	book: DiscoveryBook;
	/** Gives the run a name by which a later one can continue it. */
	name(name: string): void;
	ended(): void;
}

interface RunOrder {
	/** Equal for equal orders of one person. */
	key: string;
	publish: (news: News) => void;
	token: string | null | undefined;
}

/**
 * Somebody who asks with a token of their own (or as nobody): a Hub client with limits of its own, and a store in
 * memory for what only this token may see. Gone with the process or when others need the place.
 */
interface Guest {
	number: number;
	hub: Hub;
	database: Database;
	copies: ConfigCopies;
	runs: number;
}

/** Guests that are remembered while they have no run. */
const MOST_GUESTS = 4;

const nothingLocal = { text: async () => null, files: async () => null };
const noCatalog = { learn: () => false, learnFailure: () => false };

/** Public for everybody, by the Hub's own word: only that may go from a guest's run into the cache all share. */
function isPublic({ gated, private: isPrivate }: ListingFacts): boolean {
	return gated === false && isPrivate === false;
}

export class DiscoveryWorks {
	readonly #options: WorksOptions;
	readonly #copies: ConfigCopies;
	readonly #feed: CatalogFeed;
	readonly #guests = new Map<string | null, Guest>();
	#numbers = 0;

	constructor(options: WorksOptions) {
		const { catalog, database, clock, onBug } = options;
		this.#options = options;
		this.#copies = new ConfigCopies(options);
		this.#feed = new CatalogFeed({ catalog, database, clock, onBug });
	}

	/** A number that is the same for the same token; 0 for the token of the settings. Nothing is kept on disk. */
	identity(token: string | null | undefined): number {
		return this.#guest(token)?.number ?? 0;
	}

	/** Null for whoever the settings say. */
	#guest(token: string | null | undefined): Guest | null {
		if (token === undefined) return null;
		const known = this.#guests.get(token);
		if (known !== undefined) return known;
		const hub = this.#options.hub.as(token);
		if (hub === null) return null;
		const database = openInMemory();
		migrate(database);
		const apart = { database, catalog: noCatalog, inventory: nothingLocal };
		this.#numbers += 1;
		const copies = new ConfigCopies({ ...this.#options, ...apart });
		const guest = { number: this.#numbers, hub, database, copies, runs: 0 };
		this.#guests.set(token, guest);
		this.#forgetGuests();
		return guest;
	}

	#forgetGuests(): void {
		for (const [token, guest] of this.#guests) {
			if (this.#guests.size <= MOST_GUESTS) return;
			if (guest.runs > 0 || guest.number === this.#numbers) continue;
			this.#guests.delete(token);
			void endGuest(guest);
		}
	}

	/** A run of this plan. Nothing is asked before it is run. Throws `not_found` for a run that cannot be continued. */
	make(plan: DiscoveryPlan, { key, publish, token }: RunOrder): RunKit {
		const { clock, watch, catalog, newId, onBug } = this.#options;
		const guest = this.#guest(token);
		const hub = guest?.hub ?? this.#options.hub;
		const problems = new DiscoveryProblems();
		const database = guest?.database ?? this.#options.database;
		const onFailure = ({ code, message }: Failure) => problems.addForRun(code, message);
		const checkpoint = new Checkpoint({ database, clock, newId, onFailure }, plan, key);
		const book = new DiscoveryBook({
			limit: checkpoint.candidates,
			asOf: checkpoint.startedAt,
			now: () => clock.date().getTime(),
			publish,
			classified: (classification) => watch.classified(classification),
		});
		const isHanded = plan.models != null;
		const reader = new CandidateReader({
			hub,
			copiesFor: (facts) => (guest === null || (!isHanded && isPublic(facts)) ? this.#copies : guest.copies),
			isLocal: this.#locals(),
			ensure: (id) => this.#feed.ensure(id),
			known: (id) => book.record(id) ?? catalog.entry(id),
			since: checkpoint.startedAt,
		});
		const feed = {
			add: (models: readonly ListedModel[]) => {
				if (!isHanded) this.#feed.add(models.filter(({ facts }) => guest === null || facts.private !== true));
			},
			drain: () => this.#feed.drain(),
		};
		const pages = (ask: AskOptions) => listPages({ plan, hub, checkpoint, problems }, ask);
		const progressed = () => checkpoint.touch();
		const run = new DiscoveryRun({ plan, hub, pages, book, reader, feed, problems, progressed, watch, clock, onBug });
		if (guest !== null) guest.runs += 1;
		const ended = () => {
			if (guest !== null) guest.runs -= 1;
			if (run.isComplete) checkpoint.end();
			else checkpoint.touch({ isLast: true });
		};
		return { run, book, ended, name: (name) => checkpoint.name(name) };
	}

	/** Tells which models are on this machine, by one look at its cache when it is first asked. */
	#locals(): (id: string) => Promise<boolean> {
		let ids: Promise<Set<string>> | null = null;
		return async (id) => {
			ids ??= this.#options.inventory.ids();
			return (await ids).has(id);
		};
	}

	/** Lets the catalog have what it can take in a moment, and ends every guest's connections. */
	async close(): Promise<void> {
		await this.#feed.close();
		await Promise.all([...this.#guests.values()].map(endGuest));
		this.#guests.clear();
	}
}

async function endGuest({ hub, database }: Guest): Promise<void> {
	await hub.close();
	database.close();
}
