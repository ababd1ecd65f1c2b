// Whether a model works with images, video or sound besides (or instead of) text, told by several signals in order.
import { matchArchitecture, matchModelType, nameTokens, type TypeKind } from '#lib/core/architecture.ts';
import { isJsonObject } from '#lib/core/config-text.ts';
import { bitOf } from '#lib/core/key-groups.ts';
import type { JsonObject, JsonValue, ListingFacts } from '#lib/core/listing.ts';
import { remembered, rememberedPair } from '#lib/core/memo.ts';
import type { MultimodalType } from '#lib/core/model.ts';
import { holds, partOf, pathIn, type Scope } from '#lib/core/reading.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';
import { tasks } from '#lib/core/tables/tasks.ts';

/**
 * The answer and the signal behind it. `type` null: text only. `looked` false: there was nothing to look at, so that
 * nothing is known. Models of one other sense count as well (ViT is vision, Whisper audio): "text only" must be true of
 * what is listed under it. Makers of images or sound count by what they make. Video counts as vision.
 */
export interface ModalityFact {
	type: MultimodalType | null;
	looked: boolean;
	file: 'config' | 'listing';
	path: string;
	rule: string;
}

interface Subject {
	/** Root of the configuration, null when there is none. */
	root: Scope | null;
	modelType: string | null;
	architectures: string[];
	listing: ListingFacts | null;
	/** Is the configuration whole, so that absent keys mean that there is nothing? */
	whole: boolean;
}

type Sense = 'vision' | 'audio';
interface Signal {
	path: string;
	rule: string;
}

const partKeys = { vision: keyGroups.vision_part, audio: keyGroups.audio_part };
const partBits = { vision: bitOf('vision_part'), audio: bitOf('audio_part') };
const tokenKeys = { vision: keyGroups.vision_token, audio: keyGroups.audio_token };
const tokenBits = { vision: bitOf('vision_token'), audio: bitOf('audio_token') };
const textBit = bitOf('text_part');
const libraryBit = bitOf('library');
const words: Record<Sense, Set<string>> = {
	vision: new Set(['vl', 'vlm', 'vision', 'visual', 'multimodal', 'llava', 'image', 'video', 'omni', 'vqa', 'ocr']),
	audio: new Set(['audio', 'omni', 'speech', 'asr', 'whisper', 'voice', 'music', 'tts', 'sound']),
};

/** Places where the parts of a model stand: the root, and the thinker of omni models. */
function places(root: Scope): Scope[] {
	const thinker = holds(root, textBit) ? partOf(root, 'thinker_config') : null;
	return thinker === null ? [root] : [root, thinker];
}

function isPart(value: JsonValue | undefined): boolean {
	return isJsonObject(value) || (typeof value === 'string' && value !== '');
}

/** Is the part for a sense there as null? Gemma 4 keeps its sound token in sizes that cannot hear. */
function isTurnedOff({ config }: Scope, sense: Sense): boolean {
	return config[`${sense}_config`] === null;
}

function byStructure(among: Scope[], sense: Sense): Signal | null {
	for (const place of among) {
		if (!holds(place, partBits[sense])) continue;
		const part = partKeys[sense].find((key) => isPart(place.config[key]));
		if (part !== undefined) return { path: pathIn(place, part), rule: `a part for ${sense} is configured` };
	}
	for (const place of among) {
		if (!holds(place, tokenBits[sense]) || isTurnedOff(place, sense)) continue;
		const token = tokenKeys[sense].find((key) => typeof place.config[key] === 'number');
		if (token !== undefined) return { path: pathIn(place, token), rule: `a token stands for ${sense} input` };
	}
	return null;
}

/** The first word for each sense in a name. */
const wordsIn = remembered((name): Record<Sense, string | null> => {
	const tokens = nameTokens(name);
	const first = (sense: Sense) => tokens.find((token) => words[sense].has(token)) ?? null;
	return { vision: first('vision'), audio: first('audio') };
});

type Names = Pick<Subject, 'modelType' | 'architectures'>;

function byWords({ modelType, architectures }: Names, sense: Sense): Signal | null {
	const inType = modelType === null ? null : wordsIn(modelType)[sense];
	if (inType !== null) return { path: 'model_type', rule: `the model type holds the word "${inType}"` };
	for (const name of architectures) {
		const inClass = wordsIn(name)[sense];
		if (inClass !== null) return { path: 'architectures', rule: `a class name holds the word "${inClass}"` };
	}
	return null;
}

const kindSenses: Record<TypeKind, MultimodalType | null> = {
	c: null,
	s: null,
	e: null,
	o: null,
	m: 'vision',
	i: 'vision',
	v: 'vision',
	w: 'vision',
	g: 'vision',
	p: 'audio',
	a: 'audio',
	b: 'audio',
	q: 'vision-audio',
	x: 'vision-audio',
};

/** Multimodal types of which the `ForCausalLM` class is the text half alone (`Gemma3ForCausalLM` takes no images). */
const halved = new Set(
	'gemma3 gemma3n gemma4 gemma4_unified llama4 mllama qwen3_5 qwen3_5_moe qwen4_exp emu3 minimax_m3_vl inkling_mm_model cohere_compass'.split(
		' ',
	),
);

function isTextHalf(type: string, architectures: string[]): boolean {
	return halved.has(type) && architectures[0]?.endsWith('ForCausalLM') === true;
}

/** Table row of the type, or of the class. Types outside the table tell nothing. */
function byTable({ modelType, architectures }: Names): (Signal & { type: MultimodalType | null }) | null {
	const byType = modelType === null ? null : matchModelType(modelType);
	const row = byType ?? (architectures[0] === undefined ? null : matchArchitecture(architectures[0]));
	if (row === null) return null;
	const type = isTextHalf(row.type, architectures) ? null : kindSenses[row.kind];
	const path = byType === null ? 'architectures' : 'model_type';
	return {
		type,
		path,
		rule: `${row.type} is known to work with ${type === null ? 'text' : type.replace('-', ' and ')}`,
	};
}

function joined(vision: Signal | null, audio: Signal | null): (Signal & { type: MultimodalType }) | null {
	if (vision !== null && audio !== null) {
		const path = vision.path === audio.path ? vision.path : `${vision.path}, ${audio.path}`;
		return { type: 'vision-audio', path, rule: `${vision.rule}; ${audio.rule}` };
	}
	if (vision !== null) return { type: 'vision', path: vision.path, rule: vision.rule };
	return audio === null ? null : { type: 'audio', path: audio.path, rule: audio.rule };
}

/** Diffusers and timm components name no model type, but their own keys. */
function byLibrary(config: JsonObject): (Signal & { type: MultimodalType }) | null {
	const name = config['_class_name'];
	if (typeof name === 'string') {
		const sound = nameTokens(name).some((token) => words.audio.has(token));
		return { type: sound ? 'audio' : 'vision', path: '_class_name', rule: 'a part of a diffusion pipeline' };
	}
	const timm = isJsonObject(config['pretrained_cfg']) || typeof config['num_features'] === 'number';
	return timm && typeof config['architecture'] === 'string'
		? { type: 'vision', path: 'architecture', rule: 'a timm image model' }
		: null;
}

const anyMark = partBits.vision | partBits.audio | tokenBits.vision | tokenBits.audio | textBit;

/** What the configuration's own keys say; most text models have none of them and are done after one question. */
function fromKeys(root: Scope): (Signal & { type: MultimodalType }) | null {
	const among = holds(root, anyMark) ? places(root) : [];
	const found = among.length === 0 ? null : joined(byStructure(among, 'vision'), byStructure(among, 'audio'));
	return found ?? (holds(root, libraryBit) ? byLibrary(root.config) : null);
}

interface NameAnswer {
	words: (Signal & { type: MultimodalType }) | null;
	table: (Signal & { type: MultimodalType | null }) | null;
}

/**
 * Words in names, unless the table has this very type and knows better: the text half of a model that sees
 * (`qwen2_vl_text`) has its whole's words in its name, and a word may tell less or more than the type takes in
 * (`phi4_multimodal` hears too, `cosmos3_omni` does not).
 */
function fromNames(names: Names): NameAnswer {
	const table = byTable(names);
	const words = joined(byWords(names, 'vision'), byWords(names, 'audio'));
	const exact = names.modelType !== null && matchModelType(names.modelType)?.exact === true ? table : null;
	if (exact === null || words === null || exact.type === words.type) return { words, table };
	const isTextHalf = names.modelType?.endsWith('_text') === true;
	return { words: exact.type === null && !isTextHalf ? words : null, table };
}

/** What the words in the names and the table of types say; remembered for the usual one class. */
const fromPair = rememberedPair((modelType, architecture) =>
	fromNames({ modelType, architectures: architecture === null ? [] : [architecture] }),
);

function fromTask(listing: ListingFacts | null): ModalityFact | null {
	const task = listing?.pipeline_tag === undefined ? undefined : tasks.get(listing.pipeline_tag);
	if (task === undefined) return null;
	const rule = `task ${listing?.pipeline_tag ?? ''}`;
	return { type: task.modality, looked: true, file: 'listing', path: 'pipeline_tag', rule };
}

type Sensed = Signal & { type: MultimodalType | null };

/** A signal as the answer. (Field by field: spreading into a literal is a slow path of V8, also below.) */
function told({ type, path, rule }: Sensed, file: ModalityFact['file']): ModalityFact {
	return { type, looked: true, file, path, rule };
}

/**
 * Modality of a model: a configured part (vision_config, audio_config) or token id first, then the words vl, vision,
 * multimodal, audio and their like in the model type and the class names, then the table of types, then the Hub's task.
 */
export function readModality(subject: Subject): ModalityFact {
	const { root, whole, listing, modelType, architectures } = subject;
	const file = root === null ? 'listing' : 'config';
	const direct = root === null ? null : fromKeys(root);
	if (direct !== null) return told(direct, file);
	const { words: named, table } =
		architectures.length > 1 ? fromNames(subject) : fromPair(modelType, architectures[0] ?? null);
	if (named !== null) return told(named, file);
	if (table !== null && (table.type !== null || whole)) return told(table, file);
	const task = fromTask(listing);
	if (task !== null) return task;
	if (table !== null) return told(table, file);
	const rule = 'no part, token id, word or type for images or sound';
	return { type: null, looked: whole && root !== null, file, path: '', rule };
}
