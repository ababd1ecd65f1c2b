// Who works on a download: a process that can be told from all others, and whether it still lives.

/** A process as others see it. `host` is equal only where process numbers mean the same processes. */
export interface Owner {
	token: string;
	pid: number;
	host: string;
}

/** This process and its machine, as the app tells them. */
export interface Identity extends Owner {
	/** Changes when the machine starts anew: what was written without a sync before that may be gone. */
	boot: string;
	/** Does a process of this host with this number run? */
	isAlive(pid: number): boolean;
}

/** A living process that says nothing for this long hangs, or has lent its number to another one. Milliseconds. */
const silentMs = 30_000;
/** The same for a process elsewhere, of which nothing but its word is known. */
const remoteMs = 10_000;

/** Is that process still at work, which was last heard of at `beatAt`? Both in milliseconds since 1970. */
export function isAtWork(other: Owner, beatAt: number, now: number, self: Identity): boolean {
	if (other.token === self.token) return true;
	const silence = Math.abs(now - beatAt); // a clock that was set back must not make anybody immortal
	if (other.host !== self.host) return silence < remoteMs;
	return self.isAlive(other.pid) && silence < silentMs;
}
