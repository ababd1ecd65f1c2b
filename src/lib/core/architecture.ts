// Which family and kind of model a model type or an architecture class names, from one table with word-edge matching.
import { remembered, rememberedPair } from '#lib/core/memo.ts';
import { modelTypeLines } from '#lib/core/tables/model-types.ts';

/** Kind letters of the table in `tables/model-types.ts`, where each is explained. */
export type TypeKind = 'c' | 's' | 'm' | 'p' | 'q' | 'e' | 'i' | 'v' | 'a' | 'x' | 'w' | 'b' | 'g' | 'o';

/** One model type of the table. */
export interface ModelTypeRow {
	type: string;
	family: string;
	kind: TypeKind;
}

/** A table row and how it was found: `exact` by its own name, otherwise by the part of the name that matched. */
export interface TypeMatch extends ModelTypeRow {
	exact: boolean;
}

/** The family of models whose type and class no row matches. */
export const unknownFamily = 'Unknown';

/** Table names of up to three characters that are still safe to find at the start of a longer name. */
const shortNames = new Set(['yi', 'phi', 'glm', 'opt', 'mpt', 't5', 'mt5', 'sam', 'vit', 'dpr', 'esm', 'blt']);
/** Longer names that are ordinary words or wrappers: they only match exactly. */
const wordsOnly = new Set(['eagle', 'medusa', 'speculators', 'encoderdecoder', 'dream', 'radio']);
const maxTokens = 12;
const maxNameLength = 120;

function plain(name: string): string {
	return name.toLowerCase().replace(/[^a-z0-9π]/g, '');
}

function isKind(letter: string | undefined): letter is TypeKind {
	return letter !== undefined && letter.length === 1 && 'csmpqeivaxwbgo'.includes(letter);
}

function readRows(): Map<string, ModelTypeRow> {
	const rows = new Map<string, ModelTypeRow>();
	for (const line of modelTypeLines.trim().split('\n')) {
		const [family = '', types = ''] = line.split('|');
		for (const item of types.split(' ')) {
			const [type = '', kind] = item.split(':');
			if (isKind(kind)) rows.set(plain(type), { type, family, kind });
		}
	}
	return rows;
}

const rows = readRows();

/** All rows of the table, one per model type. */
export function modelTypes(): ModelTypeRow[] {
	return [...new Set(rows.values())];
}

/** The families a model can be of, `Unknown` included. */
export function familyNames(): string[] {
	return [...new Set([...[...rows.values()].map(({ family }) => family), unknownFamily])];
}

/** The words of a name: cut at separators, between letters and digits and before capitals (`Qwen2VL` → qwen, 2, vl). */
export function nameTokens(name: string): string[] {
	const found = name.slice(0, maxNameLength).match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
	return found.map((token) => token.toLowerCase());
}

function mayMatchPart(key: string, start: number): boolean {
	return key.length >= 4 ? !wordsOnly.has(key) : start === 0 && shortNames.has(key);
}

/** The row whose name is the longest run of whole words in the name; runs at the start win over runs further in. */
function partialMatch(name: string): ModelTypeRow | null {
	const tokens = nameTokens(name).slice(0, maxTokens);
	for (let start = 0; start < tokens.length; start += 1) {
		for (let end = tokens.length; end > start; end -= 1) {
			const key = tokens.slice(start, end).join('');
			const row = mayMatchPart(key, start) ? rows.get(key) : undefined;
			if (row !== undefined) return row;
		}
	}
	return null;
}

const typeMatch = remembered((type: string): TypeMatch | null => {
	const exact = type.length <= maxNameLength ? rows.get(plain(type)) : undefined;
	const row = exact ?? partialMatch(type);
	return row === null ? null : { ...row, exact: exact !== undefined };
});

/** Table row for a model type (or a GGUF architecture name): exact first, then by whole words. Null when unknown. */
export function matchModelType(type: string): TypeMatch | null {
	return typeMatch(type.length > maxNameLength ? type.slice(0, maxNameLength + 1) : type);
}

const taskSuffix =
	/(?:For[A-Z][A-Za-z0-9]*|(?:With)?LMHead(?:Model)?|ModelLM|TextModel|EncoderModel|Model|Backbone|Encoder|Decoder)$/;

/** The class name without the task it ends in: `LlamaForCausalLM` → `Llama`, `GPT2LMHeadModel` → `GPT2`. */
export function classStem(architecture: string): string {
	return architecture.slice(0, maxNameLength).replace(taskSuffix, '');
}

const classMatch = remembered((architecture: string): TypeMatch | null => {
	const whole = rows.get(plain(architecture)) ?? rows.get(plain(architecture.replace(/Model$/, '')));
	const stem = classStem(architecture);
	const part = stem === '' ? null : matchModelType(stem);
	return whole === undefined ? part : { ...whole, exact: true };
});

/** Table row for an architecture class: by its name, without `Model`, or without its task. Null when unknown. */
export function matchArchitecture(architecture: string): TypeMatch | null {
	return architecture.length > maxNameLength ? null : classMatch(architecture);
}

/** The family of a model and the rule that found it. */
export interface FamilyFact {
	family: string;
	/** Which of the two names decided: null when neither did and the family is `Unknown`. */
	by: 'model_type' | 'architectures' | null;
	rule: string;
	/** Another family, which the class is of; null when it is of the same one, or of none. */
	rival: string | null;
}

const noFamily: FamilyFact = {
	family: unknownFamily,
	by: null,
	rule: 'no row of the family table matches',
	rival: null,
};

/** Family by model type, then by the first architecture class, else `Unknown`. */
export const familyOf = rememberedPair((modelType, architecture): FamilyFact => {
	const byType = modelType === null ? null : matchModelType(modelType);
	const byClass = architecture === null ? null : matchArchitecture(architecture);
	if (byType !== null) {
		const rule = byType.exact ? 'family table' : `family table, matched by the part ${byType.type}`;
		const ofClass = byClass?.family ?? byType.family;
		return { family: byType.family, by: 'model_type', rule, rival: ofClass === byType.family ? null : ofClass };
	}
	if (byClass !== null) {
		const rule = `family table, class name as ${byClass.type}`;
		return { family: byClass.family, by: 'architectures', rule, rival: null };
	}
	return noFamily;
});
