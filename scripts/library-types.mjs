// Writes the type declarations of the library entries beside the built ones, for the package that is published.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { root } from './setup.mjs';

const entries = ['server/library/models', 'server/library/registry'];
const library = join(root, 'src', 'lib');
const target = join(root, 'build', 'cli', 'library', 'types');

/** Every declaration that the entries can lead to, by path under src/lib without its ending. */
function declarations() {
	const options = {
		allowImportingTsExtensions: true,
		declaration: true,
		emitDeclarationOnly: true,
		module: ts.ModuleKind.ESNext,
		moduleResolution: ts.ModuleResolutionKind.Bundler,
		noCheck: true,
		resolveJsonModule: true,
		rootDir: library,
		skipLibCheck: true,
		strict: true,
		target: ts.ScriptTarget.ESNext,
		types: ['node'],
	};
	/** @type {Map<string, string>} */
	const found = new Map();
	const files = entries.map((entry) => join(library, `${entry}.ts`));
	const program = ts.createProgram(files, options);
	program.emit(undefined, (path, text) => {
		const name = posix.normalize(path.replaceAll('\\', '/')).replace(`${library.replaceAll('\\', '/')}/`, '');
		found.set(name.replace(/\.d\.ts$/, ''), text);
	});
	return found;
}

/** The text with our own imports as relative paths, and the modules it leads to.
 * @param {string} name @param {string} text */
function relative(name, text) {
	/** @type {string[]} */
	const leads = [];
	const plain = text.replace(/(['"])#lib\/([\w./-]+)\.ts\1/g, (_, quote, path) => {
		leads.push(path);
		const way = posix.relative(posix.dirname(name), path);
		return `${quote}${way.startsWith('.') ? way : `./${way}`}.js${quote}`;
	});
	return { plain, leads };
}

/** Writes the declarations that the entries lead to, and nothing else. */
export function writeTypes() {
	const all = declarations();
	rmSync(target, { recursive: true, force: true });
	const waiting = [...entries];
	const done = new Set(waiting);
	for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
		const text = all.get(name);
		if (text === undefined) throw new Error(`There is no declaration of ${name}.`);
		const { plain, leads } = relative(name, text);
		mkdirSync(dirname(join(target, name)), { recursive: true });
		writeFileSync(join(target, `${name}.d.ts`), plain);
		for (const lead of leads.filter((one) => !done.has(one))) {
			done.add(lead);
			waiting.push(lead);
		}
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeTypes();
