// Puts together what reads and changes the models of this machine.
import { join } from 'node:path';
import type { DiskSpace } from '#lib/core/inventory.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Settings } from '#lib/server/config.ts';
import type { Configs } from '#lib/server/configs.ts';
import type { Database } from '#lib/server/database.ts';
import type { Headers } from '#lib/server/headers.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import { CopyFacts } from '#lib/server/inventory/copy-facts.ts';
import { Importer } from '#lib/server/inventory/importing.ts';
import { FileHashes } from '#lib/server/inventory/reading.ts';
import { Shelf } from '#lib/server/inventory/shelf.ts';
import { FolderWatch } from '#lib/server/inventory/watch.ts';
import { Local } from '#lib/server/local.ts';
import { LocalModels } from '#lib/server/local-models.ts';
import { Locks } from '#lib/server/lock.ts';
import { Pins } from '#lib/server/pins.ts';
import { addedFolders } from '#lib/server/store/local.ts';

export interface LocalGround {
	settings: Pick<Settings, 'home' | 'hubCache' | 'localRoots' | 'xetCache'>;
	database: Database;
	clock: Clock;
	/** Free and whole space of the disk that holds a path. */
	space: (path: string) => Promise<DiskSpace>;
	/** Letters and digits that nobody else takes at the same time. */
	unique: () => string;
}

/** The copies on this machine: folders of the tools, and those that a person named. */
export function makeShelf({ settings, database, clock, space }: LocalGround): Shelf {
	const { localRoots, xetCache } = settings;
	const added = () =>
		addedFolders(database).map(({ path, id }) => ({ tool: 'folder' as const, path, id, added: true }));
	return new Shelf({ roots: () => [...localRoots, ...added()], xetCache, clock, space });
}

interface LocalNeeds extends LocalGround {
	shelf: Shelf;
	catalog: Catalog;
	configs: Configs;
	hub: Hub;
	headers: Headers;
	inventory: Inventory;
	/** Are changes of the folders to be noticed at once? */
	isWatched: boolean;
	onBug: (error: unknown) => void;
	/** Is a model being downloaded? */
	isBusy: (id: string) => boolean;
}

/** What faces work with, beside what keeps the catalog in step with the shelf. */
interface LocalParts {
	local: Local;
	localModels: LocalModels;
	/** Lock files. */
	locks: Locks;
	/** What short names stand for. */
	pins: Pins;
	hashes: FileHashes;
}

/** Makes them. */
export function makeLocal(needs: LocalNeeds): LocalParts {
	const { settings, database, clock, space, unique, shelf, catalog, configs, isWatched, onBug, isBusy } = needs;
	const date = () => clock.date();
	const watch = new FolderWatch({ clock, onChange: () => void localModels.look().catch(onBug) });
	const localModels = new LocalModels({ shelf, catalog, configs, clock, watch: isWatched ? watch : null, onBug });
	const hashes = new FileHashes({ database, date });
	const importer = new Importer({ folder: join(settings.home, 'models'), hashes, date, unique, space });
	const facts = new CopyFacts({ database, date });
	const { hubCache } = settings;
	const local = new Local({ shelf, facts, hashes, importer, localModels, database, date, space, hubCache, isBusy });
	const { hub, headers, inventory } = needs;
	const locks = new Locks({ hub, catalog, configs, headers, inventory, hashes });
	return { local, localModels, locks, pins: new Pins({ database, date }), hashes };
}
