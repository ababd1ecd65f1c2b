// Patterns over file paths as the Hub's own tools read them: `*` is any run of characters, slashes among them.

/** Does the path match? `?` is one character; a pattern that ends in `/` means everything in that folder. */
export function matchesPattern(path: string, pattern: string): boolean {
	const wanted = pattern.endsWith('/') ? `${pattern}*` : pattern;
	let at = 0;
	let of = 0;
	let star = -1;
	let from = 0;
	// One way back is enough, and unlike a regular expression it cannot take for ever.
	while (at < path.length) {
		if (wanted[of] === '*') {
			star = of;
			from = at;
			of += 1;
		} else if (wanted[of] === '?' || wanted[of] === path[at]) {
			of += 1;
			at += 1;
		} else if (star >= 0) {
			of = star + 1;
			from += 1;
			at = from;
		} else return false;
	}
	while (wanted[of] === '*') of += 1;
	return of === wanted.length;
}

/** Is it a pattern, and not the path of one file? */
export function isPattern(text: string): boolean {
	return /[*?]|\/$/.test(text);
}
