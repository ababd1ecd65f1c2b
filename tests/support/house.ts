// The rules of the house, checked on any tree of files: who may import whom, names, sizes, and what belongs where.
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { readSource, type Source } from './source.ts';

/** A tree of files by path from the project's folder, with `/`. */
export type Tree = ReadonlyMap<string, string>;

export interface Breach {
	rule: string;
	path: string;
	says: string;
}

type Room = 'core' | 'server' | 'client' | 'ui' | 'components' | 'page' | 'endpoint' | 'cli' | 'ambient';

interface Law {
	/** Rooms whose files may be imported. */
	rooms: Room[];
	/** Packages that may be imported: `all`, or these. */
	packages: 'all' | RegExp;
	/** `$app/…` and `$env/…` that may be imported. */
	framework: RegExp | null;
	node: boolean;
}

const interfacePackages = /^(?!@sveltejs\/adapter|vite|vitest|playwright)/;
/** The table of the house: from a room (key) to what it may import. */
const laws: Record<Room, Law> = {
	core: { rooms: ['core'], packages: /^zod$/, framework: null, node: false },
	server: { rooms: ['core', 'server'], packages: /^(?!svelte|@sveltejs)/, framework: null, node: true },
	client: {
		rooms: ['core', 'client'],
		packages: interfacePackages,
		framework: /^\$app\/(navigation|state|environment)$/,
		node: false,
	},
	ui: { rooms: ['ui'], packages: interfacePackages, framework: null, node: false },
	components: {
		rooms: ['core', 'client', 'ui', 'components'],
		packages: interfacePackages,
		framework: /^\$(app|env)\//,
		node: false,
	},
	page: {
		rooms: ['core', 'client', 'ui', 'components'],
		packages: interfacePackages,
		framework: /^\$(app|env)\//,
		node: false,
	},
	endpoint: { rooms: ['core', 'server'], packages: interfacePackages, framework: /^\$(app|env)\//, node: false },
	cli: { rooms: ['core', 'server', 'cli'], packages: /^(?!svelte|@sveltejs)/, framework: null, node: true },
	ambient: { rooms: ['core', 'server'], packages: interfacePackages, framework: null, node: false },
};

const forbiddenNames = /^(types|data|shared|constants)$|(^|-)(utils?|helpers?|common|misc|constants|manager)(-|$)/;
const sql =
	/\b(SELECT\b[^]*\bFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|(CREATE|ALTER|DROP)\s+(VIRTUAL\s+)?(TABLE|INDEX|TRIGGER|VIEW))\b/;
const nodeNames = new Set(builtinModules);
const mostLines = 300;

/** The room a file is in; null for what is no code of the house (styles, static files). */
function roomOf(path: string): Room | null {
	if (!path.startsWith('src/') || !/\.(ts|svelte)$/.test(path)) return null;
	const [, room = ''] = /^src\/lib\/(core|server|client|ui|components)\//.exec(path) ?? [];
	for (const name of ['core', 'server', 'client', 'ui', 'components'] as const) if (room === name) return name;
	if (path.startsWith('src/cli/')) return 'cli';
	if (path.endsWith('.d.ts')) return 'ambient';
	if (/(^src\/hooks\.server|\/\+server|\.server)\.ts$/.test(path)) return 'endpoint';
	return path.startsWith('src/routes/') || /^src\/hooks/.test(path) ? 'page' : null;
}

/** The file of the tree that an import means; null for packages and what the framework makes up. */
function target(from: string, name: string): string | null {
	if (name.startsWith('#lib/')) return `src/lib/${name.slice(5)}`;
	return name.startsWith('.') ? posix.join(posix.dirname(from), name) : null;
}

function importBreach(from: string, room: Room, name: string): string | null {
	const law = laws[room];
	const path = target(from, name);
	if (path !== null) {
		if (/\/\$types(\.js)?$/.test(path)) return room === 'page' || room === 'endpoint' ? null : 'imports route types';
		if (path === 'package.json' || path.endsWith('.css'))
			return room === 'endpoint' || room === 'cli' || room === 'page' ? null : `imports ${path}`;
		if (!/\.\w+$/.test(path)) return `imports ${name} without its extension`;
		const to = roomOf(path);
		if (to === null)
			return path.startsWith('src/lib/') && !/\.(ts|svelte)$/.test(path)
				? null
				: `imports ${path}, which is in no room`;
		return law.rooms.includes(to) ? null : `imports ${path}: ${room} may not import ${to}`;
	}
	if (/^\$(app|env)\//.test(name)) return law.framework?.test(name) ? null : `imports ${name}`;
	if (name.startsWith('$')) return `imports ${name}; use #lib`;
	if (name.startsWith('node:') || nodeNames.has(name))
		return law.node ? null : `imports ${name}: ${room} may not use Node`;
	return law.packages === 'all' || law.packages.test(name) ? null : `imports the package ${name}`;
}

/** The first circle through a file, as a path; null when there is none. */
function circle(start: string, next: (path: string) => string[], done: Set<string>): string[] | null {
	const way: string[] = [];
	const walk = (path: string): string[] | null => {
		if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
		if (done.has(path)) return null;
		way.push(path);
		for (const other of next(path)) {
			const found = walk(other);
			if (found !== null) return found;
		}
		way.pop();
		done.add(path);
		return null;
	};
	return walk(start);
}

function nameBreach(path: string): string | null {
	const base = posix
		.basename(path)
		.replace(/(\.svelte|\.server|\.worker|\.d)?\.\w+$/, '')
		.replace(/\.server$/, '');
	const folders = posix.dirname(path).split('/');
	const bad = [...folders, base].find((name) => forbiddenNames.test(name.toLowerCase()));
	if (bad !== undefined) return `is called "${bad}", which says nothing`;
	if (base.startsWith('+') || base.startsWith('[')) return null;
	const component = path.endsWith('.svelte');
	const good = component ? /^[A-Z][A-Za-z0-9]*$/ : /^[a-z0-9]+(-[a-z0-9]+)*$/;
	return good.test(base) ? null : `is not named in ${component ? 'PascalCase' : 'kebab-case'}`;
}

/** Does the text open with a sentence about its purpose, in the language's own comment? */
function opensWithSentence(path: string, text: string): boolean {
	const start = path.endsWith('.svelte')
		? /^<!--\s+(\S[^]*?)-->/
		: path.endsWith('.css')
			? /^\/\*+\s*(\S[^]*?)\*\//
			: /^(?:#![^\n]*\n)?\/\/ (\S[^\n]*)/;
	const sentence = start.exec(text)?.[1]?.trim() ?? '';
	return sentence.length >= 15 && sentence.includes(' ');
}

/** Files that may be longer than the rest, each with its reason. */
export type LongFiles = Readonly<Record<string, string>>;

function* fileBreaches(path: string, text: string, source: Source, long: LongFiles): Generator<[string, string]> {
	const name = nameBreach(path);
	if (name !== null) yield ['names', name];
	if (!opensWithSentence(path, text)) yield ['first sentence', 'does not open with a comment about its purpose'];
	const lines = text.trimEnd().split('\n').length;
	const isTable = /^src\/lib\/core\/tables\//.test(path);
	if (lines > mostLines && !isTable && long[path] === undefined) yield ['length', `has ${lines} lines`];
	if (source.isBarrel || /\/index\.\w+$/.test(path)) yield ['barrels', 'only hands on what others export'];
	const holdsSql = /^src\/lib\/server\/(store\/|migrations\.ts$)/.test(path);
	const query = source.texts.find((found) => sql.test(found.text));
	if (query !== undefined && !holdsSql) yield ['sql', `has SQL in line ${query.line}`];
	const isFace = /^src\/(routes|cli|hooks|lib\/(client|components|ui))/.test(path);
	const fetches = source.calls.find((found) => found.text === 'fetch');
	if (fetches !== undefined && isFace && path !== 'src/lib/client/api.ts')
		yield ['fetch', `calls fetch in line ${fetches.line}`];
	for (const cast of source.casts) yield ['casts', `casts in line ${cast.line}: ${cast.text.slice(0, 60)}`];
}

/** Breaches in the sources: imports, circles, names, sizes, SQL and fetch in the wrong room, casts. */
export function sourceBreaches(tree: Tree, long: LongFiles): Breach[] {
	const breaches: Breach[] = [];
	const sources = new Map<string, Source>();
	for (const [path, text] of tree) {
		if (!/^src\/.*\.(ts|svelte|css)$/.test(path)) continue;
		const source = readSource(path, text);
		sources.set(path, source);
		for (const [rule, says] of fileBreaches(path, text, source, long)) breaches.push({ rule, path, says });
		const room = roomOf(path);
		for (const { text: name, line } of room === null ? [] : source.imports) {
			const says = importBreach(path, room ?? 'core', name);
			if (says !== null) breaches.push({ rule: 'imports', path, says: `${says} (line ${line})` });
		}
	}
	const next = (path: string) =>
		(sources.get(path)?.imports ?? [])
			.map(({ text }) => target(path, text))
			.filter((to) => to !== null && sources.has(to))
			.map(String);
	const done = new Set<string>();
	for (const path of sources.keys()) {
		const found = circle(path, next, done);
		if (found !== null) {
			breaches.push({ rule: 'circles', path, says: `is part of a circle: ${found.join(' → ')}` });
			for (const part of found) done.add(part);
		}
	}
	return [...breaches, ...staleRows(tree, long)];
}

/** Rows of a list of long files that are of no use any more. */
function staleRows(tree: Tree, long: LongFiles): Breach[] {
	const short = Object.keys(long).filter((path) => (tree.get(path)?.trimEnd().split('\n').length ?? 0) <= mostLines);
	return short.map((path) => ({ rule: 'length', path, says: 'is on the list of long files and is not long' }));
}

/** Files that share a process get hooks of an import only where it is the first. */
const hooksOnImport = /^(before|after)(Each|All)\(/m;
const mayHaveHooks = /\.test\.ts$|\.(bench|faults)\.ts$|-rig\.ts$|^tests\/support\/remove-folders\.ts$/;

/** Breaches in the tests and what they stand on: sizes, and what each file opens with. */
export function testBreaches(tree: Tree, long: LongFiles): Breach[] {
	const breaches: Breach[] = [];
	for (const [path, text] of tree) {
		if (!/^tests\/.*\.(ts|mjs|svelte)$/.test(path)) continue;
		const lines = text.trimEnd().split('\n').length;
		if (lines > mostLines && long[path] === undefined)
			breaches.push({ rule: 'length', path, says: `has ${lines} lines` });
		if (!opensWithSentence(path, text))
			breaches.push({ rule: 'first sentence', path, says: 'does not open with a comment about its purpose' });
		if (hooksOnImport.test(text) && !mayHaveHooks.test(path))
			breaches.push({ rule: 'hooks', path, says: 'asks for hooks on import, but is not called a rig' });
	}
	return [...breaches, ...staleRows(tree, long)];
}

interface LockEntry {
	version?: string;
	resolved?: string;
	integrity?: string;
	link?: boolean;
	inBundle?: boolean;
	optionalDependencies?: Record<string, string>;
}

/** Breaches in the lock file: packages without a checksum or with an address, and optional ones that are missing. */
export function lockBreaches(text: string): Breach[] {
	const { packages }: { packages: Record<string, LockEntry> } = JSON.parse(text);
	const breaches: Breach[] = [];
	const add = (path: string, says: string) => breaches.push({ rule: 'lock file', path, says });
	for (const [path, entry] of Object.entries(packages)) {
		if (path === '' || entry.link) continue;
		if (!entry.integrity && !entry.inBundle) add(path, 'has no integrity');
		if (entry.resolved !== undefined) add(path, 'has an address');
		for (const name of Object.keys(entry.optionalDependencies ?? {})) {
			if (packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined) {
				add(path, `wants ${name}, which has no entry`);
			}
		}
	}
	return breaches;
}

/** What no file of the project says: folders of one machine, and how, where or by whom it was made. In pieces, so that
 * this very file keeps the rule. */
const unspoken: readonly [RegExp, string][] = [
	[
		new RegExp(`(^|[\\s"'\`(=])/(${['work', 'home', 'Users', 'root'].join('|')})/[\\w.-]+`),
		'names a folder of one machine',
	],
	[new RegExp(`\\b[ST][0-5]-(\\d{2,3}|[a-h])\\b`), 'names a row of a list users do not have'],
	[
		new RegExp(`\\b(${['sub' + 'agent', 'work' + 'tree', 'hand-' + 'off', 'co-' + 'authored'].join('|')})`, 'i'),
		'speaks of how it was made',
	],
	[
		new RegExp(`\\b(${['product', 'house', 'design', 'acceptance'].join('|')})\\.` + 'md\\b'),
		'names a document users do not have',
	],
	[new RegExp('\\b(AI|LLM|machine)[- ]' + 'generated\\b', 'i'), 'speaks of how it was made'],
];

/** Breaches in any text file: words that mean nothing to a user or a newcomer. */
export function wordBreaches(tree: Tree): Breach[] {
	const breaches: Breach[] = [];
	for (const [path, text] of tree) {
		for (const [shape, says] of unspoken) {
			const found = shape.exec(text);
			if (found === null) continue;
			const line = text.slice(0, found.index).split('\n').length;
			breaches.push({ rule: 'words', path, says: `${says} in line ${line}: ${found[0].trim()}` });
		}
	}
	return breaches;
}
