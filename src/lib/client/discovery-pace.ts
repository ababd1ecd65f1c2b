// How far a run is and how long it may still take, from what it has done so far.

/** Where a run stands: Unix milliseconds, and candidates that have come to an end by then. */
export interface PaceMark {
	at: number;
	settled: number;
}

/** Reads before which nothing is said about the pace. */
const fewest = 5;
/** Milliseconds before which nothing is said about the pace. */
const soonest = 1_500;

/**
 * Seconds until so many more configs are read, at the pace since the mark of the first one; null while that cannot be
 * told.
 */
export function secondsLeft(left: number, mark: PaceMark | null, now: PaceMark): number | null {
	if (mark === null || left === 0) return null;
	const read = now.settled - mark.settled;
	const took = now.at - mark.at;
	return read < fewest || took < soonest ? null : Math.ceil((took / read) * (left / 1000));
}

/** A stretch of time as one reads it: `45 s`, `3 min`, `1 h 10 min`. */
export function formatSeconds(seconds: number): string {
	const whole = Math.max(1, Math.round(seconds));
	if (whole < 90) return `${whole} s`;
	const minutes = Math.round(whole / 60);
	if (minutes < 60) return `${minutes} min`;
	return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
