// Why a transfer cannot go on from what is here, with the reply that showed it.
import type { FileBytes } from '#lib/server/hub-bytes.ts';

/** What is here is not of what comes. `opened`: the reply that brings the whole; whoever catches it ends its body. */
export class StartOver extends Error {
	readonly isOther: boolean;
	opened: FileBytes | null;

	constructor(isOther: boolean, opened: FileBytes | null) {
		super('The file has to be fetched from its beginning.');
		this.isOther = isOther;
		this.opened = opened;
	}

	letGo(): void {
		this.opened?.body.destroy();
		this.opened = null;
	}
}
