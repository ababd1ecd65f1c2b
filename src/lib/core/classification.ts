// What a model is: a writer of text (gen), a giver of vectors or labels (encoder), neither as far as we know, or locked.
import { byArchitecture, byClassName, byType, type Setting, type Signal, type Vote } from '#lib/core/class-names.ts';
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { remembered, rememberedPair } from '#lib/core/memo.ts';
import type { Classification, Confidence } from '#lib/core/model.ts';
import { tasks, vectorTasks, vectorWords } from '#lib/core/tables/tasks.ts';

/**
 * The class, how far the signals agree, and which one decided. `gen`: writes text from a prompt (text, with or without
 * images or sound). `encoder`: gives vectors, labels or scores (also for images and sound: ViT, CLIP, a WavLM).
 * `unknown`: does something else (transcripts, voices, pictures, boxes), which the rule names, or nothing is known.
 * `auth-protected`: nothing is known because the repository is gated.
 */
export interface ClassFact {
	classification: Classification;
	confidence: Confidence;
	file: Signal['file'];
	path: string;
	rule: string;
	/** What else the model was said to be, and where: the signs that were not followed. */
	against: readonly ClassClaim[];
}

/** One place that says what a model is. */
export interface ClassClaim {
	classification: Classification;
	file: Signal['file'];
	path: string;
}

interface Subject {
	config: JsonObject | null;
	/** Model type and classes, from the configuration or the listing: `named` tells which. */
	modelType: string | null;
	architectures: string[];
	named: 'config' | 'listing';
	listing: ListingFacts | null;
	id: string;
	configGated: boolean;
}

/** Does the repository's own code offer the model for text generation under this class? */
function offersGeneration(config: JsonObject): boolean {
	const map = config['auto_map'];
	return isJsonObject(map) && writerClasses.some((key) => map[key] !== undefined);
}

const writerClasses = [
	'AutoModelForCausalLM',
	'AutoModelForSeq2SeqLM',
	'AutoModelForImageTextToText',
	'AutoModelForVision2Seq',
];

interface NameSignals {
	type: Signal | null;
	architecture: Signal | null;
	/** The answer when nothing but the names speaks; null when they say nothing. */
	alone: ClassFact | null;
}

function signalsOf(type: Signal | null, architecture: Signal | null): NameSignals {
	const first = architecture ?? type;
	const all = [architecture, type].filter((signal) => signal !== null);
	return { type, architecture, alone: first === null ? null : answer(first, all) };
}

/** What type and class say in a setting. Every setting has a memory of its own. */
function inSetting(setting: Setting) {
	return rememberedPair((modelType, architecture) => {
		const names = { modelType, architecture, ...setting };
		const type = byType(names);
		return signalsOf(type, byArchitecture(names) ?? (type === null ? byClassName(names) : null));
	});
}

function settingsOf(named: Subject['named']) {
	return {
		plain: inSetting({ named, decoder: false, writer: false }),
		decoder: inSetting({ named, decoder: true, writer: false }),
		writer: inSetting({ named, decoder: false, writer: true }),
		both: inSetting({ named, decoder: true, writer: true }),
	};
}

const settings = { config: settingsOf('config'), listing: settingsOf('listing') };

/** Encoder types write text only when the configuration calls them decoders; unknown classes when their code offers it. */
function useOf(config: JsonObject | null): keyof typeof settings.config {
	if (config === null) return 'plain';
	if (config['is_decoder'] === true) return offersGeneration(config) ? 'both' : 'decoder';
	return offersGeneration(config) ? 'writer' : 'plain';
}

function byNames({ modelType, architectures, config, named }: Subject): NameSignals {
	return settings[named][useOf(config)](modelType, architectures[0] ?? null);
}

const byTag = remembered((tag): Signal | null => {
	const task = tasks.get(tag);
	return task === undefined ? null : { vote: task.kind, file: 'listing', path: 'pipeline_tag', rule: `task ${tag}` };
});

function byTask(listing: ListingFacts | null): Signal | null {
	return listing?.pipeline_tag === undefined ? null : byTag(listing.pipeline_tag);
}

function byTags(listing: ListingFacts | null): Signal | null {
	if (listing === null) return null;
	const tags = (listing.tags ?? []).slice(0, 500);
	const signal = (vote: Vote, rule: string): Signal => ({ vote, file: 'listing', path: 'tags', rule });
	if (listing.library_name === 'sentence-transformers' || tags.includes('sentence-transformers')) {
		return signal('encoder', 'made for sentence-transformers');
	}
	if (listing.library_name === 'diffusers' || tags.includes('diffusers')) return signal('none', 'a diffusion pipeline');
	if (tags.includes('conversational')) return signal('gen', 'tag conversational');
	const adapter = listing.config?.['peft'];
	const task = isJsonObject(adapter) ? adapter['task_type'] : undefined;
	if (typeof task !== 'string') return null;
	return signal(/^(?:CAUSAL_LM|SEQ_2_SEQ_LM)$/i.test(task) ? 'gen' : 'encoder', `an adapter for ${task.slice(0, 30)}`);
}

const vectorWord = new RegExp(`(?:^|[-_./\\s])(${[...vectorWords].join('|')})(?![^-_.\\s])`, 'i');

function byName(id: string): Signal | null {
	const name = id.slice(0, 200);
	const signal = (rule: string): Signal => ({ vote: 'encoder', file: 'name', path: 'id', rule });
	if (name.startsWith('sentence-transformers/')) return signal('guess from the owner sentence-transformers');
	const word = vectorWord.exec(name.slice(name.indexOf('/') + 1))?.[1]?.toLowerCase();
	return word === undefined ? null : signal(`guess from "${word}" in the repository's name`);
}

function byLibrary(config: JsonObject | null): Signal | null {
	if (config === null) return null;
	if (typeof config['_class_name'] === 'string') {
		return { vote: 'none', file: 'config', path: '_class_name', rule: 'a part of a diffusion pipeline' };
	}
	if (typeof config['architecture'] === 'string' && isJsonObject(config['pretrained_cfg'])) {
		return { vote: 'encoder', file: 'config', path: 'architecture', rule: 'a timm image model' };
	}
	return null;
}

/** Signs that a writer's class is used for vectors: the task, the library, and last the name. */
function vectorSign(signals: {
	task: Signal | null;
	tags: Signal | null;
	name: Signal | null;
	tag: string;
}): Signal | null {
	const { task, tags, name, tag } = signals;
	if (task?.vote === 'encoder' && vectorTasks.has(tag)) return task;
	if (tags?.vote === 'encoder' && tags.rule.includes('sentence-transformers')) return tags;
	return task?.vote === 'gen' ? null : name;
}

const classes: Record<Vote, Classification> = { gen: 'gen', encoder: 'encoder', none: 'unknown' };
const nothing: readonly ClassClaim[] = [];

/**
 * The signs that say something else. A head overrules the type (`LlamaForSequenceClassification` contradicts nothing),
 * a class without a head and a name say too little to contradict.
 */
function opposing(chosen: Signal, all: Signal[]): readonly ClassClaim[] {
	const overruled = chosen.path === 'architectures' && chosen.weak !== true ? 'model_type' : '';
	let against: ClassClaim[] | null = null;
	for (const { vote, file, weak, path } of all) {
		if (vote === chosen.vote || file === 'name' || weak === true || path === overruled) continue;
		against ??= [];
		against.push({ classification: classes[vote], file, path });
	}
	return against ?? nothing;
}

/** How far the signals agree. */
function levelOf(chosen: Signal, all: Signal[], against: number): Confidence {
	if (chosen.file === 'name') return 'low';
	let agreeing = 0;
	for (const signal of all) {
		if (signal !== chosen && signal.file !== 'name' && signal.vote === chosen.vote) agreeing += 1;
	}
	if (against === 0) return agreeing > 0 ? 'high' : 'medium';
	return agreeing >= against ? 'medium' : 'low';
}

function answer(chosen: Signal, all: Signal[]): ClassFact {
	const { file, path, rule } = chosen;
	const against = opposing(chosen, all);
	if (chosen.vote === 'none') return { classification: 'unknown', confidence: 'low', file, path, rule, against };
	const onlyHub = all.every(
		(signal) => signal.path === 'pipeline_tag' || signal.path === 'tags' || signal.file === 'name',
	);
	const confidence = onlyHub ? 'low' : levelOf(chosen, all, against.length);
	return { classification: chosen.vote, confidence, file, path, rule, against };
}

function locked(subject: Subject): ClassFact {
	const gated = subject.configGated;
	const rule = gated ? 'the repository is gated and its list fields say nothing' : 'nothing says what it is';
	const classification = gated ? 'auth-protected' : 'unknown';
	const file = subject.config === null || subject.named === 'listing' ? 'listing' : 'config';
	return { classification, confidence: 'low', file, path: '', rule, against: nothing };
}

/**
 * Class of a model. The architecture class decides first, then the model type, then task and tags; a class without a
 * head means vectors, unless the type and the Hub's task both say that it writes. A writer's class whose task, library
 * or (last) name says vectors is an encoder: Qwen3-Embedding ships `Qwen3ForCausalLM`. Confidence is `high` where two signals agree and
 * none contradicts, `medium` for one signal or an outvoted contradiction, `low` otherwise and for list fields alone.
 */
export function classify(subject: Subject): ClassFact {
	const library = byLibrary(subject.config);
	const named = library === null ? byNames(subject) : signalsOf(library, null);
	const task = byTask(subject.listing);
	const tags = byTags(subject.listing);
	const name = byName(subject.id);
	if (named.alone !== null && task === null && tags === null && name === null) return named.alone;
	const { type, architecture } = named;
	const all = [architecture, type, task, tags, name].filter((signal) => signal !== null);
	const first = firstOf(named, task) ?? task ?? tags ?? name;
	if (first === null) return locked(subject);
	if (first.vote === 'gen') {
		const sign = vectorSign({ task, tags, name, tag: subject.listing?.pipeline_tag ?? '' });
		if (sign !== null) return answer(sign, all);
	}
	return answer(first, all);
}

/** The name that decides: the class, unless it has no head and both type and task say that the model writes. */
function firstOf({ type, architecture }: NameSignals, task: Signal | null): Signal | null {
	const headless = architecture?.weak === true && type?.vote === 'gen' && task?.vote === 'gen';
	return (headless ? type : architecture) ?? type;
}
