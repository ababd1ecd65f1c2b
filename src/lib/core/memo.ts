// Answers remembered by name: there are a hundred thousand models, but a few thousand model types and class names.

/** Most names remembered by one memo; one more and all are forgotten, so that hostile names cannot fill the memory. */
const most = 2000;
/** Longest name that is remembered; a longer one is no real name and is looked at anew each time. */
const longest = 200;

/** The same function with a memory. The answer must depend on the name alone and must not be changed by anyone. */
export function remembered<T>(find: (name: string) => T): (name: string) => T {
	const known = new Map<string, T>();
	return (name) => {
		const answer = known.get(name);
		if (answer !== undefined) return answer;
		const found = find(name);
		if (name.length > longest) return found;
		if (known.size >= most) known.clear();
		known.set(name, found);
		return found;
	};
}

/** As `remembered` for two names, of which either may be missing. (Nested maps: joining names would cost more than a look-up.) */
export function rememberedPair<T>(
	find: (first: string | null, second: string | null) => T,
): (first: string | null, second: string | null) => T {
	const known = new Map<string | null, Map<string | null, T>>();
	let size = 0;
	return (first, second) => {
		const row = known.get(first);
		const answer = row?.get(second);
		if (answer !== undefined) return answer;
		const found = find(first, second);
		if ((first?.length ?? 0) > longest || (second?.length ?? 0) > longest) return found;
		if (size >= most) known.clear();
		size = size >= most ? 1 : size + 1;
		const kept = known.get(first);
		if (kept === undefined) known.set(first, new Map([[second, found]]));
		else kept.set(second, found);
		return found;
	};
}
