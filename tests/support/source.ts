// Reads TypeScript, JavaScript and Svelte sources with their own parsers: imports, texts, calls and casts, with lines.
import { parse } from 'svelte/compiler';
import ts from 'typescript';

export interface Found {
	text: string;
	line: number;
}

/** What the rules look at in one file. */
export interface Source {
	/** Every import and re-export, types included, and `import()` of a fixed name; queries such as `?raw` are cut off. */
	imports: Found[];
	/** Names of packages and files that are only imported when a call is made. */
	lazy: Set<string>;
	/** Texts in quotes and templates, with `…` for what is put in. */
	texts: Found[];
	/** Names of functions called as they are: `fetch(…)`, `globalThis.fetch(…)`. */
	calls: Found[];
	/** `value as Type` and `<Type>value`, without `as const`. */
	casts: Found[];
	/** Does the file only hand on what other files export? */
	isBarrel: boolean;
}

interface Script {
	text: string;
	/** Line of the file on which the text begins, from 0. */
	line: number;
}

function svelteScripts(text: string): Script[] {
	const { instance, module } = parse(text, { modern: true });
	const found: Script[] = [];
	for (const script of [module, instance]) {
		if (!script) continue;
		const { start, end } = Object(script.content);
		found.push({ text: text.slice(start, end), line: text.slice(0, start).split('\n').length - 1 });
	}
	// Imports inside the markup, such as {#await import('./Table.svelte')}.
	for (const match of text.matchAll(/\{[#@:]?\w*\s*(import\(\s*['"][^'"]+['"]\s*\))/g)) {
		found.push({ text: match[1] ?? '', line: text.slice(0, match.index).split('\n').length - 1 });
	}
	return found;
}

function isText(node: ts.Node | undefined): node is ts.StringLiteralLike {
	return node !== undefined && ts.isStringLiteralLike(node);
}

/** The name that a node imports from; null when it imports nothing. */
function importedName(node: ts.Node): string | null {
	if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && isText(node.moduleSpecifier)) {
		return node.moduleSpecifier.text;
	}
	if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
		const [name] = node.arguments;
		return isText(name) ? name.text : null;
	}
	if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && isText(node.argument.literal)) {
		return node.argument.literal.text;
	}
	return null;
}

function calledName({ expression }: ts.CallExpression): string | null {
	if (ts.isIdentifier(expression)) return expression.text;
	const isGlobal =
		ts.isPropertyAccessExpression(expression) && /^(globalThis|window|self)$/.test(expression.expression.getText());
	return isGlobal ? expression.name.text : null;
}

function isCast(node: ts.Node): boolean {
	if (ts.isTypeAssertionExpression(node)) return true;
	return ts.isAsExpression(node) && node.type.getText() !== 'const';
}

function templateText(node: ts.TemplateExpression): string {
	return [node.head.text, ...node.templateSpans.map((span) => `…${span.literal.text}`)].join('');
}

function isHandedOn(statement: ts.Statement): boolean {
	return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
}

function readScript(file: ts.SourceFile, offset: number, into: Source): void {
	const at = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart()).line + 1 + offset;
	const visit = (node: ts.Node): void => {
		const name = importedName(node);
		if (name !== null) {
			const plain = name.replace(/\?.*$/, '');
			into.imports.push({ text: plain, line: at(node) });
			if (ts.isCallExpression(node)) into.lazy.add(plain);
		} else if (isText(node)) into.texts.push({ text: node.text, line: at(node) });
		else if (ts.isTemplateExpression(node)) into.texts.push({ text: templateText(node), line: at(node) });
		if (ts.isCallExpression(node)) {
			const called = calledName(node);
			if (called !== null) into.calls.push({ text: called, line: at(node) });
		}
		if (isCast(node)) into.casts.push({ text: node.getText(), line: at(node) });
		ts.forEachChild(node, visit);
	};
	visit(file);
	into.isBarrel ||= file.statements.length > 0 && file.statements.every(isHandedOn);
}

/** Reads one file; anything that is neither script nor Svelte has nothing in it. */
export function readSource(path: string, text: string): Source {
	const into: Source = { imports: [], lazy: new Set(), texts: [], calls: [], casts: [], isBarrel: false };
	const scripts = path.endsWith('.svelte')
		? svelteScripts(text)
		: /\.[cm]?[jt]s$/.test(path)
			? [{ text, line: 0 }]
			: [];
	for (const script of scripts) {
		const file = ts.createSourceFile(path, script.text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
		readScript(file, script.line, into);
	}
	return into;
}
