// Which commit and files a short name stands for on this machine: fixed at the first download, and never moved silently.
import { Failure } from '#lib/core/failure.ts';
import type { ModelFile } from '#lib/core/model.ts';
import { isCommit } from '#lib/core/repository.ts';
import { namedModel, namedModels, type NamedModel } from '#lib/core/tables/named-models.ts';
import type { Database } from '#lib/server/database.ts';
import { findPin, keepPin, type Pin } from '#lib/server/store/local.ts';

interface PinsOptions {
	database: Database;
	date: () => Date;
}

/** What was resolved for a repository: its full commit, and its files with their hashes as far as they are known. */
export interface Resolved {
	id: string;
	revision: string;
	files: readonly ModelFile[];
}

/** Keeps pins. */
export class Pins {
	readonly #options: PinsOptions;

	constructor(options: PinsOptions) {
		this.#options = options;
	}

	/** The pin of a short name; null for one that was never downloaded here, and for a name that is none. */
	of(name: string): Pin | null {
		const model = namedModel(name);
		return model === null ? null : findPin(this.#options.database, model.name);
	}

	/**
	 * Fixes every short name of a repository that has no pin yet, and gives the pins of its names. Throws
	 * `integrity_failed` when a file is not the one that is known to be good, and `invalid_revision` for what is no commit.
	 */
	record({ id, revision, files }: Resolved): Pin[] {
		if (!isCommit(revision)) throw new Failure('invalid_revision', `A pin needs a full commit, not "${revision}".`);
		const names = namedModels.filter((model) => model.id === id);
		for (const model of names) checkKnown(model, files);
		const { database, date } = this.#options;
		return names.map(({ name }) => {
			keepPin(database, { name, id, revision, files: [...files], pinnedAt: date().toISOString() });
			const kept = findPin(database, name);
			if (kept === null) throw new Failure('database', `The pin of ${name} could not be kept.`);
			return kept;
		});
	}
}

function checkKnown({ name, known }: NamedModel, files: readonly ModelFile[]): void {
	for (const { path, sha256 } of files) {
		const good = known.sha256[path];
		if (good === undefined || sha256 === null || sha256 === good) continue;
		throw new Failure('integrity_failed', `${path} of ${name} has the hash ${sha256}; known to be good is ${good}.`);
	}
}
