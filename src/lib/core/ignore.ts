// Ignore files (the rules of .gitignore): which paths of a project are left out.

interface Rule {
	shape: RegExp;
	isNegated: boolean;
	onlyFolders: boolean;
}

/** One pattern's glob as the source of a regular expression. */
function globSource(glob: string): string {
	let source = '';
	for (let at = 0; at < glob.length; at += 1) {
		const rest = glob.slice(at);
		const char = glob[at] ?? '';
		const set = /^\[([!^]?)((?:\\.|[^\]\\])+)\]/.exec(rest);
		if (rest.startsWith('**/')) {
			source += '(?:[^/]+/)*';
			at += 2;
		} else if (rest.startsWith('**')) {
			source += '.*';
			at += 1;
		} else if (char === '*') source += '[^/]*';
		else if (char === '?') source += '[^/]';
		else if (set !== null) {
			source += `[${set[1] === '' ? '' : '^/'}${(set[2] ?? '').replace(/[[\]^]/g, '\\$&')}]`;
			at += set[0].length - 1;
		} else if (char === '\\' && at + 1 < glob.length) {
			at += 1;
			source += (glob[at] ?? '').replace(/[^\w\s]/g, '\\$&');
		} else source += char.replace(/[^\w\s]/gu, '\\$&');
	}
	return source;
}

function ruleOf(line: string): Rule | null {
	let text = line.replace(/\r$/, '').replace(/(?<!\\)\s+$/, '');
	if (text === '' || text.startsWith('#')) return null;
	const isNegated = text.startsWith('!');
	if (isNegated) text = text.slice(1);
	const onlyFolders = text.endsWith('/');
	if (onlyFolders) text = text.slice(0, -1);
	const isAnchored = text.includes('/');
	const glob = text.replace(/^\//, '');
	try {
		const source = globSource(glob);
		return { shape: new RegExp(isAnchored ? `^${source}$` : `(?:^|/)${source}$`), isNegated, onlyFolders };
	} catch {
		return null; // a set that means nothing, such as [z-a]: git ignores such a line too
	}
}

/** The rules of one ignore file, for paths below the folder it lies in. */
export class IgnoreRules {
	readonly #rules: Rule[];

	/** A line that means nothing is passed over. */
	constructor(text: string) {
		this.#rules = text.split('\n').flatMap((line) => ruleOf(line) ?? []);
	}

	/**
	 * What the rules say of a path (from their folder, with `/`): true left out, false kept by a `!`, null nothing. The
	 * last rule that fits decides. Paths below a folder that is left out need not be asked about.
	 */
	says(path: string, isFolder: boolean): boolean | null {
		const last = this.#rules.findLast(({ shape, onlyFolders }) => (isFolder || !onlyFolders) && shape.test(path));
		return last === undefined ? null : !last.isNegated;
	}
}

/** A glob of `--include` and `--exclude`: by name when it has no `/`, else from the root. */
export function globTest(glob: string): (path: string) => boolean {
	const rules = new IgnoreRules(glob.replace(/^[#!]/, '\\$&'));
	return (path) => rules.says(path, false) === true;
}
