// YAML from people: read within limits, checked against a schema, every fault with its line and column.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { nearestNames } from '#lib/core/likeness.ts';
import type { Finding } from '#lib/core/registry/validate.ts';
import type { FileFault } from '#lib/core/registry/view.ts';

/** A fault as one line: `file:line:column path: message`. */
export function faultLine({ file, line, column, path, message }: FileFault): string {
	const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
	return `${place} ${path === '' ? '' : `${path}: `}${message}`;
}

/** What was found, with where in the text it stands. */
export function placed(findings: readonly Finding[], placeOf: PlaceOf): Finding[] {
	return findings.map((finding) => ({ ...finding, ...(placeOf(finding.path) ?? { line: null, column: null }) }));
}

/** Bytes of a file that are read at most. */
export const mostFileBytes = 256 * 1024;
/** More aliases than any file needs; each may stand for a large part (the "billion laughs"). */
const mostAliases = 50;
const mostNodes = 20_000;
const mostFaults = 20;

interface Place {
	line: number;
	column: number;
}

/** Tells where in a text the value of a path stands, or the last part of it that is there; null for a text without any. */
export type PlaceOf = (path: readonly string[]) => Place | null;

/** What a text came to. */
type Read<T> = { value: T; faults: []; placeOf: PlaceOf } | { value: null; faults: FileFault[] };

const keyShapes: readonly RegExp[] = [
	/\bsk-[A-Za-z0-9_-]{8,}/,
	/\bgsk_[A-Za-z0-9]{8,}/,
	/\bhf_[A-Za-z0-9]{8,}/,
	/\bAIza[A-Za-z0-9_-]{10,}/,
	/\bxai-[A-Za-z0-9]{8,}/,
	/\b(ghp|gho|github_pat)_[A-Za-z0-9_]{10,}/,
	/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\./,
	/\bBearer\s+[A-Za-z0-9._~+/=-]{16,}/i,
];
const secretNames = /(key|token|secret|password|authorization)s?$/i;
/** A long run of letters and digits mixed, as keys are and words are not. */
const looksRandom = /^(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_=.-]{24,}$/;

/** A name with a value behind a colon, in either style of YAML. */
const namedValue = /([\w-]+)["']?\s*:\s*["']?([A-Za-z0-9+/_=.-]{24,})/g;

/** Does this value look like a key, or like a value that belongs into the environment? */
function isSecret(name: string, value: string): boolean {
	if (keyShapes.some((shape) => shape.test(value))) return true;
	return secretNames.test(name) && looksRandom.test(value);
}

/** The text with everything blanked that looks like a key, whether it is YAML or not. */
export function withoutSecrets(text: string): string {
	const blanked = keyShapes.reduce((rest, shape) => rest.replace(new RegExp(shape, `g${shape.flags}`), '•••'), text);
	return blanked.replace(namedValue, (line: string, name: string, value: string) =>
		isSecret(name, value) ? line.replace(value, '•••') : line,
	);
}

class Reader {
	readonly #file: string;
	readonly #lines = new LineCounter();
	readonly #document: Document.Parsed;
	readonly faults: FileFault[] = [];

	constructor(file: string, text: string) {
		this.#file = file;
		this.#document = parseDocument(text, {
			schema: 'core',
			version: '1.2',
			customTags: [],
			uniqueKeys: true,
			merge: false,
			lineCounter: this.#lines,
			prettyErrors: false,
			stringKeys: true,
		});
		for (const { message, pos } of [...this.#document.errors, ...this.#document.warnings]) {
			const isMany = message.includes('multiple documents');
			const words = isMany ? 'begins a second document, and only one is read' : message.replace(/\s+/g, ' ');
			this.#add([], words, this.#placeAt(pos[0]));
		}
		if (this.faults.length === 0) this.#walk();
	}

	#placeAt(offset: number): Place {
		const { line, col } = this.#lines.linePos(offset);
		return { line: Math.max(1, line), column: Math.max(1, col) };
	}

	#add(path: readonly PropertyKey[], message: string, place: Place | null): void {
		const where = { line: place?.line ?? null, column: place?.column ?? null };
		this.faults.push({ file: this.#file, ...where, path: path.map(String).join('.'), message });
	}

	/** Aliases, tags, sizes and keys, before anything is built from the document. */
	#walk(): void {
		let nodes = 0;
		let aliases = 0;
		visit(this.#document, {
			Node: (_, node) => {
				nodes += 1;
				if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:'))
					this.#at(node, 'has a tag of its own');
				return nodes > mostNodes ? visit.BREAK : undefined;
			},
			Alias: (_, node) => {
				aliases += 1;
				if (aliases > mostAliases) this.#at(node, `is one of more than ${mostAliases} aliases`);
				return aliases > mostAliases ? visit.BREAK : undefined;
			},
			Pair: (_, pair) => {
				const name = isScalar(pair.key) ? String(pair.key.value) : '';
				if (/^(__proto__|constructor|prototype)$/.test(name) && isScalar(pair.key)) this.#at(pair.key, 'is no name');
				if (isScalar(pair.value) && typeof pair.value.value === 'string' && isSecret(name, pair.value.value)) {
					this.#at(pair.value, `looks like a key in "${name}": name the environment variable that holds it instead`);
				}
			},
			Scalar: (key, node) => {
				const { value } = node;
				if (key === 'value' || key === 'key' || typeof value !== 'string') return;
				if (isSecret('', value)) this.#at(node, 'looks like a key: keys belong into the environment');
			},
		});
		if (nodes > mostNodes) this.#add([], `has more than ${mostNodes} values`, null);
	}

	#at(node: Node, message: string): void {
		this.#add([], message, node.range == null ? null : this.#placeAt(node.range[0]));
	}

	/** The place of what a path leads to, or of the last part of it that is there. `isKey`: of the name itself. */
	placeOf(path: readonly PropertyKey[], isKey: boolean): Place | null {
		let node: unknown = this.#document.contents;
		let range = this.#document.contents?.range ?? null;
		path.forEach((part, at) => {
			if (isMap(node)) {
				const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
				const isLast = at === path.length - 1;
				const hit = isLast && isKey ? pair?.key : pair?.value;
				node = pair?.value;
				const found =
					isScalar(hit) || isMap(hit) || isSeq(hit) ? hit.range : isScalar(pair?.key) ? pair.key.range : null;
				range = found ?? range;
			} else if (isSeq(node)) {
				const item: unknown = node.items[Number(part)];
				node = item;
				if (isScalar(item) || isMap(item) || isSeq(item)) range = item.range ?? range;
			} else node = undefined;
		});
		return range == null ? null : this.#placeAt(range[0]);
	}

	/** The document as plain values; null when it cannot be built. */
	value(): unknown {
		try {
			return this.#document.toJS({ maxAliasCount: mostAliases });
		} catch (error) {
			this.#add([], error instanceof Error ? error.message : 'cannot be read', null);
			return null;
		}
	}

	/** Takes in what a schema says, with the places of what it speaks of. */
	issues(issues: readonly z.core.$ZodIssue[], known: readonly string[]): void {
		for (const issue of issues.flatMap(innermost).slice(0, mostFaults)) {
			if (issue.code === 'unrecognized_keys') {
				for (const key of issue.keys) {
					const [nearest] = nearestNames(
						key,
						known.filter((name) => name !== key),
					);
					const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
					this.#add([...issue.path, key], `is not known here${hint}`, this.placeOf([...issue.path, key], true));
				}
			} else this.#add(issue.path, wording(issue), this.placeOf(issue.path, false));
		}
	}
}

/** Of a choice the alternative that was most nearly met: the one whose faults lie deepest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
	if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ ...inner, path: issue.path }));
	if (issue.code !== 'invalid_union') return [issue];
	const depth = (issues: z.core.$ZodIssue[]) =>
		Math.max(
			...issues.map((one) => one.path.length * 2 + (one.code === 'invalid_type' && one.path.length === 0 ? 0 : 1)),
		);
	const [best] = [...issue.errors].filter(({ length }) => length > 0).sort((a, b) => depth(b) - depth(a));
	if (best === undefined) return [issue];
	return best.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }));
}

function wording(issue: z.core.$ZodIssue): string {
	return issue.message.replace(/^Invalid (input|option): /, '').replace(/^expected/, 'should be') || 'is not right';
}

/** Names of fields anywhere in a schema, to tell somebody who mistyped one what was meant. */
function fieldNames(schema: z.ZodType): string[] {
	const found = new Set<string>();
	const walk = (node: unknown, depth: number): void => {
		if (typeof node !== 'object' || node === null || depth > 12) return;
		if ('shape' in node && typeof node.shape === 'object' && node.shape !== null) {
			for (const [name, inner] of Object.entries(node.shape)) {
				found.add(name);
				walk(inner, depth + 1);
			}
		}
		if ('def' in node && typeof node.def === 'object' && node.def !== null) {
			for (const inner of Object.values(node.def)) {
				if (Array.isArray(inner)) for (const one of inner) walk(one, depth + 1);
				else walk(inner, depth + 1);
			}
		}
	};
	walk(schema, 0);
	return [...found];
}

/** Reads a file's text with a schema. Never throws: what is wrong comes back as faults, the value is null then. */
export function readYaml<T>(file: string, text: string, schema: z.ZodType<T>): Read<T> {
	if (Buffer.byteLength(text) > mostFileBytes) {
		const message = `is larger than ${mostFileBytes / 1024} KiB`;
		return { value: null, faults: [{ file, line: null, column: null, path: '', message }] };
	}
	const reader = new Reader(file, text);
	const raw = reader.faults.length === 0 ? reader.value() : null;
	if (reader.faults.length > 0) return { value: null, faults: reader.faults.slice(0, mostFaults) };
	const parsed = schema.safeParse(raw ?? {});
	if (parsed.success) return { value: parsed.data, faults: [], placeOf: (path) => reader.placeOf(path, false) };
	reader.issues(parsed.error.issues, fieldNames(schema));
	return { value: null, faults: reader.faults };
}
