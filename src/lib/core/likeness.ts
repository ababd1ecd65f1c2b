// Which of the names there are is most like a mistyped one: what "did you mean" is made of.

/** How many letters have to change to come from one text to the other, counted no further than `most`. */
function distance(from: string, to: string, most: number): number {
	if (Math.abs(from.length - to.length) > most) return most + 1;
	let row = Array.from({ length: to.length + 1 }, (_, at) => at);
	for (let i = 1; i <= from.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= to.length; j += 1) {
			const kept = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
			next.push(Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row[to.length] ?? most + 1;
}

/** The names most like this one, the likest first, at most three; empty when none is near. */
export function nearestNames(name: string, known: readonly string[]): string[] {
	const most = Math.max(2, Math.floor(name.length / 3));
	return known
		.map((other) => ({ other, far: distance(name.slice(0, 100), other, most) }))
		.filter(({ far }) => far <= most)
		.sort((a, b) => a.far - b.far)
		.slice(0, 3)
		.map(({ other }) => other);
}

/**
 * The name that was probably meant: most like the typed one whatever its capitals, or beginning with it. Null when none
 * is near, or when nothing of what was typed would be left.
 */
export function meantName(typed: string, known: readonly string[]): string | null {
	const word = typed.slice(0, 100).toLowerCase();
	const most = Math.min(word.length - 1, Math.max(2, Math.floor(word.length / 3)));
	let best: { name: string; far: number } | null = null;
	for (const name of known) {
		const lower = name.toLowerCase();
		const far = word.length > 2 && lower.startsWith(word) ? 0.5 : distance(word, lower, most);
		if (far <= most && (best === null || far < best.far)) best = { name, far };
	}
	return best?.name ?? null;
}
