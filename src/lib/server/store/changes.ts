// Has a table changed since it was read? Asked before every request, so that it costs less than reading the table again.
import type { Database } from '#lib/server/database.ts';

/** Counts what this process writes into some tables; whoever writes into them notes it. */
export class Changes {
	readonly #written = new WeakMap<Database, number>();

	/** Something was written. */
	note(database: Database): void {
		this.#written.set(database, (this.#written.get(database) ?? 0) + 1);
	}

	/** A text that is another one as soon as this process or another one has written. */
	stamp(database: Database): string {
		return `${database.version()} ${this.#written.get(database) ?? 0}`;
	}
}
