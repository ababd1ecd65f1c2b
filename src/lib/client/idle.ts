// Work that may wait until what the person asked for is on the screen.

/** Longest wait in milliseconds: a busy page still gets to its waiting work. */
const patienceMs = 200;

/** Runs work when the browser has nothing better to do, after the next paint. Returns how to call it off. */
export function whenIdle(work: () => void): () => void {
	if (typeof requestIdleCallback === 'function') {
		const id = requestIdleCallback(work, { timeout: patienceMs });
		return () => cancelIdleCallback(id);
	}
	const timer = setTimeout(work, 50); // not every browser has it
	return () => clearTimeout(timer);
}
