// Which answers say the same: comparators, clusters and the vote, without asking anybody.
import { isJsonObject } from '#lib/core/registry/json-shape.ts';
import type { FieldComparator } from '#lib/core/registry/strategy.ts';

/** One usable answer. `weight` counts in the vote, `order` is its candidate's place in the file, `cost` in nano-dollars. */
export interface Ballot {
	text: string;
	weight: number;
	order: number;
	/** Null: unknown. */
	cost: number | null;
}

/** Answers that count as equal, as numbers of ballots; `best` is the one that is served. */
export interface Cluster {
	members: number[];
	weight: number;
	best: number;
}

/** The text with one kind of line ending and composed characters. */
export function exactForm(text: string): string {
	return text.normalize('NFC').replace(/\r\n?/g, '\n');
}

const fence = /^\s*```[\w-]*\n([^]*?)\n?```\s*$/;

/** The number that a text is and nothing else; `1,000.0` is 1000. Null for everything that is no plain number. */
function plainNumber(text: string): number | null {
	const bare = text.replace(/(?<=\d),(?=\d{3}(\D|$))/g, '');
	if (!/^[+-]?\d+(\.\d+)?$/.test(bare)) return null;
	const value = Number(bare);
	return Number.isSafeInteger(Math.trunc(value)) ? value : null;
}

/** What is left of a short answer when how it is written does not count: case, Markdown, quotes, final punctuation, spaces. */
export function normalizedForm(text: string): string {
	const bare = (fence.exec(text)?.[1] ?? text)
		.normalize('NFKC')
		.toLowerCase()
		.replace(/(\*\*|__|`)(.+?)\1/g, '$2')
		.replace(/(^|\s)[*_](\S(?:.*?\S)?)[*_](?=\s|[.,!?]|$)/g, '$1$2')
		.replace(/\s+/g, ' ')
		.trim()
		.replace(/[.!?。！？]+$/u, '')
		.replace(/^["'“”‘’«»]+|["'“”‘’«»]+$/gu, '')
		.replace(/[.!?。！？]+$/u, '')
		.trim();
	const value = plainNumber(bare);
	return value === null ? bare : String(value);
}

/** The JSON of an answer, alone or in one fence; undefined when it is none. */
export function jsonOf(text: string): unknown {
	try {
		return JSON.parse(fence.exec(text)?.[1] ?? text);
	} catch {
		return undefined;
	}
}

/** One text per value: the same for objects with fields in another order. */
export function canonical(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
	if (!isJsonObject(value))
		return typeof value === 'string' ? JSON.stringify(exactForm(value)) : JSON.stringify(value ?? null);
	const fields = Object.keys(value).sort();
	return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

function setForm(value: unknown): string {
	return Array.isArray(value) ? [...new Set(value.map(canonical))].sort().join(',') : canonical(value);
}

function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const upper = sorted[middle] ?? 0;
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Clusters by a form: ballots whose forms are equal. A null form is an answer that cannot be compared. */
export function clustersByForm(ballots: readonly Ballot[], forms: readonly (string | null)[]): Cluster[] {
	const groups = new Map<string, number[]>();
	forms.forEach((form, at) => {
		if (form !== null) groups.set(form, [...(groups.get(form) ?? []), at]);
	});
	return [...groups.values()].map((members) => clusterOf(ballots, members));
}

function clusterOf(ballots: readonly Ballot[], members: number[]): Cluster {
	const order = (at: number) => ballots[at]?.order ?? Infinity;
	const best = [...members].sort((a, b) => order(a) - order(b))[0] ?? 0;
	return { members, weight: members.reduce((sum, at) => sum + (ballots[at]?.weight ?? 0), 0), best };
}

function fieldForms(values: readonly unknown[], rule: FieldComparator): (string | null)[] {
	if (typeof rule === 'object') {
		const numbers = values.filter((value): value is number => typeof value === 'number');
		const middle = median(numbers);
		const band = 'numeric' in rule ? Math.abs(middle) * rule.numeric : rule.absolute;
		return values.map((value) => {
			if (typeof value !== 'number') return value === undefined ? null : canonical(value);
			return Math.abs(value - middle) <= band + 1e-12 ? 'near the median' : canonical(value);
		});
	}
	return values.map((value) => {
		if (value === undefined) return null;
		if (rule === 'set') return setForm(value);
		return rule === 'normalized' && typeof value === 'string' ? normalizedForm(value) : canonical(value);
	});
}

/** What a vote per field found: the clusters of answers by how many winning fields they share, and the agreement per field. */
export interface JsonVote {
	clusters: Cluster[];
	/** Share of the given weight that agrees, per field. */
	perField: Record<string, number>;
	/** An object of the winning values; it may be one that nobody said. */
	composed: Record<string, unknown>;
}

/** Fields that are compared: the named ones, else every field that any answer has. */
function fieldNames(
	objects: readonly (Readonly<Record<string, unknown>> | null)[],
	rules: Readonly<Record<string, FieldComparator>>,
): string[] {
	const named = Object.keys(rules);
	if (named.length > 0) return named;
	return [...new Set(objects.flatMap((object) => (object === null ? [] : Object.keys(object))))].sort();
}

/**
 * Votes per field. An answer belongs to the winning cluster when it agrees with every winning field; otherwise it stands
 * with those that agree with the same fields as it does. Shares are of `weight`, the weight of all started lanes.
 */
export function voteByField(
	ballots: readonly Ballot[],
	rules: Readonly<Record<string, FieldComparator>>,
	weight: number,
): JsonVote {
	const parsed = ballots.map(({ text }) => jsonOf(text));
	const objects = parsed.map((value) => (isJsonObject(value) ? value : null));
	if (objects.every((object) => object === null)) {
		const forms = parsed.map((value) => (value === undefined ? null : canonical(value)));
		return { clusters: clustersByForm(ballots, forms), perField: {}, composed: {} };
	}
	const perField: Record<string, number> = {};
	const composed: Record<string, unknown> = Object.create(null);
	const marks: string[] = ballots.map(() => '');
	for (const name of fieldNames(objects, rules)) {
		const values = objects.map((object) => (object !== null && Object.hasOwn(object, name) ? object[name] : undefined));
		const clusters = clustersByForm(ballots, fieldForms(values, rules[name] ?? 'exact'));
		const won = heaviest(clusters)[0];
		perField[name] = (won?.weight ?? 0) / weight;
		if (won !== undefined) composed[name] = values[won.best];
		values.forEach((value, at) => {
			const isWon = won?.members.includes(at) === true;
			marks[at] = `${marks[at] ?? ''}${isWon ? '+' : `(${canonical(value)})`}`;
		});
	}
	const forms = objects.map((object, at) => (object === null ? null : (marks[at] ?? null)));
	return { clusters: clustersByForm(ballots, forms), perField, composed };
}

/** Words that turn a sentence around, and numbers with their units: never a matter of similarity. */
const critical =
	/\b(?:not|no|never|none|without|cannot|nicht|kein\w*|nie|ohne)\b|n[’']t\b|[+-]?\d[\d.,:/-]*\s?(?:%|°[cf]?|[a-zµ]{1,4}\b)?/giu;

/** The numbers, dates, units and negations of a text, sorted; texts with different ones never count as equal. */
export function criticalTokens(text: string): string {
	const found = text.normalize('NFKC').toLowerCase().match(critical) ?? [];
	return found
		.map((token) => (/n[’']t$/.test(token) ? 'not' : token.replace(/[\s,.]+$/, '').replace(/\s/g, '')))
		.sort()
		.join(' ');
}

/** Similarity of two vectors of length one. */
export function cosine(a: Float32Array, b: Float32Array): number {
	let sum = 0;
	for (let at = 0; at < Math.min(a.length, b.length); at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
	return sum;
}

/**
 * Clusters by similarity, complete link: two clusters are joined while every pair in them is at least as similar as the
 * threshold (a chain of near neighbours is no agreement). The member most like the others stands for its cluster.
 */
export function clustersBySimilarity(
	ballots: readonly Ballot[],
	vectors: readonly Float32Array[],
	threshold: number,
): Cluster[] {
	const tokens = ballots.map(({ text }) => criticalTokens(text));
	const like = (a: number, b: number) => {
		const [one, other] = [vectors[a], vectors[b]];
		return one === undefined || other === undefined || tokens[a] !== tokens[b] ? -Infinity : cosine(one, other);
	};
	const groups = ballots.map((_, at) => [at]);
	for (;;) {
		let closest: { link: number; a: number; b: number } | null = null;
		for (let a = 0; a < groups.length; a += 1) {
			for (let b = a + 1; b < groups.length; b += 1) {
				const pairs = (groups[a] ?? []).flatMap((left) => (groups[b] ?? []).map((right) => like(left, right)));
				const link = Math.min(...pairs);
				if (link >= threshold && link > (closest?.link ?? -Infinity)) closest = { link, a, b };
			}
		}
		if (closest === null) break;
		groups[closest.a]?.push(...(groups.splice(closest.b, 1)[0] ?? []));
	}
	return groups.map((members) => {
		const cluster = clusterOf(ballots, members);
		const fame = (at: number) => members.reduce((sum, other) => sum + (other === at ? 0 : like(at, other)), 0);
		const medoid = [...members].sort((a, b) => fame(b) - fame(a) || a - b)[0];
		return { ...cluster, best: members.length > 2 ? (medoid ?? cluster.best) : cluster.best };
	});
}

/** Clusters, the heaviest first; equal ones in the declared order of their best members. */
export function heaviest(clusters: readonly Cluster[]): Cluster[] {
	return [...clusters].sort((a, b) => b.weight - a.weight || a.best - b.best);
}

/** More than half of the lanes that were started, whatever became of them. */
export function usualQuorum(started: number): number {
	return Math.floor(started / 2) + 1;
}

/** Can any votes that are still out change who wins? `open` is their weight. */
export function isDecided(clusters: readonly Cluster[], quorum: number, open: number): boolean {
	const [first, second] = heaviest(clusters);
	if (first === undefined || first.weight < quorum) return false;
	return (second?.weight ?? 0) + open < first.weight;
}
