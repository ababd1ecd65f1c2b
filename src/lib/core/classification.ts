// What a model is: a writer of text (gen), a giver of vectors or labels (encoder), neither as far as we know, or locked.
import { matchArchitecture, matchModelType, type TypeKind, type TypeMatch } from '#lib/core/architecture.ts';
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { rememberedPair } from '#lib/core/memo.ts';
import type { Classification, Confidence } from '#lib/core/model.ts';
import { allowedTypes, deniedTypes, tasks, vectorTasks, vectorWords } from '#lib/core/tables/tasks.ts';

/**
 * The class, how far the signals agree, and which one decided. `gen`: writes text from a prompt (text, with or without
 * images or sound). `encoder`: gives vectors, labels or scores (also for images and sound: ViT, CLIP, a WavLM).
 * `unknown`: does something else (transcripts, voices, pictures, boxes), which the rule names, or nothing is known.
 * `auth-protected`: nothing is known because the repository is gated.
 */
export interface ClassFact {
	classification: Classification;
	confidence: Confidence;
	file: 'config' | 'listing' | 'name';
	path: string;
	rule: string;
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

type Vote = 'gen' | 'encoder' | 'none';
interface Signal {
	vote: Vote;
	file: ClassFact['file'];
	path: string;
	rule: string;
	/** A class without a head: the type and the task may know better. */
	weak?: boolean;
}

const kindVotes: Record<TypeKind, Vote> = {
	c: 'gen',
	s: 'gen',
	m: 'gen',
	p: 'gen',
	q: 'gen',
	e: 'encoder',
	i: 'encoder',
	v: 'encoder',
	a: 'encoder',
	x: 'encoder',
	w: 'none',
	b: 'none',
	g: 'none',
	o: 'none',
};

/** What the type does, in words, for kinds that are neither writers nor encoders. */
const kindWords: Partial<Record<TypeKind, string>> = {
	w: 'an image model that neither writes text nor gives vectors',
	b: 'a speech or sound model that does not write text from a prompt',
	g: 'a maker of images',
	o: 'neither a language model nor an encoder',
};

const encoderHead =
	/For(?:MaskedLM|PreTraining|NextSentencePrediction|MultipleChoice|Retrieval|Embedding|Reward|SequenceScoring|XVector)|For[A-Za-z]*Classification|ForQuestionAnswering|ImageTextRetrieval|MaskedImageModeling|RewardModel|Reranker/;
const writerHead =
	/(?:ForCausalLM|LMHeadModel|WithLMHead|ForConditionalGeneration|ForSeq2SeqLM|ForVision2Seq|ForImageTextToText|ForBlockDiffusion|Text2Text|ForGeneration|(?<!Nano)ChatModel|EncoderDecoderModel|ModelLM|DiffusionLM)$/;
const otherHead =
	/For(?:CTC|RNNT|TDT|SpeechToText|TextToSpeech|SpeechToSpeech|TextToText|ObjectDetection|[A-Za-z]*Segmentation|DepthEstimation|[A-Za-z]*TextRecognition|Keypoint[A-Za-z]*|PoseEstimation|TableRecognition|ImageMatting|NormalEstimation|PointmapEstimation|ImageSuperResolution|Regression|Prediction|CausalImageModeling|ActionPrediction|AudioTokenization)$|HifiGan$/;
const bare = /(?:Model|Backbone|Encoder|Transformer)$/;

/** Encoder types whose language-model class writes text only when the configuration calls it a decoder. */
function isDecoder(config: JsonObject | null): boolean {
	return config?.['is_decoder'] === true;
}

function writerVote(kind: TypeKind | null, decoder: boolean): Vote {
	if (kind === 'e' || kind === 'i') return decoder ? 'gen' : 'encoder';
	if (kind === 'b' || kind === 'w' || kind === 'g' || kind === 'o') return 'none';
	return 'gen';
}

/** A class without a head on a writer's type gives hidden states: an embedding model. Encoder-decoders keep their type. */
function bareVote(architecture: string, kind: TypeKind | null): { vote: Vote; weak: boolean } {
	if (kind === null) return { vote: 'encoder', weak: true };
	if (/Encoder(?:Model)?$/.test(architecture)) return { vote: 'encoder', weak: true };
	if (kind === 's') return { vote: 'gen', weak: true };
	if (kind === 'w' || kind === 'b' || kind === 'g' || kind === 'o') return { vote: 'none', weak: true };
	return { vote: 'encoder', weak: kindVotes[kind] !== 'encoder' };
}

/** Does the repository's own code offer the model for text generation under this class? */
function offersGeneration(config: JsonObject | null): boolean {
	const map = config?.['auto_map'];
	if (!isJsonObject(map)) return false;
	return [
		'AutoModelForCausalLM',
		'AutoModelForSeq2SeqLM',
		'AutoModelForImageTextToText',
		'AutoModelForVision2Seq',
	].some((key) => map[key] !== undefined);
}

/** What a class name with a head says; null when it has none. */
function headVote(name: string, kind: TypeKind | null, decoder: boolean): { vote: Vote; rule: string } | null {
	const other = kindWords[kind ?? 'o'] ?? 'a head for something else than text';
	if (name === 'BertGenerationDecoder') return { vote: decoder ? 'gen' : 'encoder', rule: 'a decoder half' };
	const answers = (kind === 'm' || kind === 'q') && name.endsWith('ForQuestionAnswering');
	if (encoderHead.test(name) && !answers) {
		return kind === 'o'
			? { vote: 'none', rule: other }
			: { vote: 'encoder', rule: 'a head for labels, masks or scores' };
	}
	if (otherHead.test(name)) return { vote: 'none', rule: other };
	if (!writerHead.test(name) && !answers) return null;
	const vote = writerVote(kind, decoder);
	if (vote === 'encoder') return { vote, rule: 'an encoder type that is not set up as a decoder' };
	return { vote, rule: vote === 'gen' ? 'a head that writes text' : other };
}

function rowOf(modelType: string | null, name: string): TypeMatch | null {
	return (modelType === null ? null : matchModelType(modelType)) ?? matchArchitecture(name);
}

/** Where the names stand, and what the configuration says beside them: is it a decoder, does its code write text? */
interface Setting {
	named: Subject['named'];
	decoder: boolean;
	writer: boolean;
}

interface Names extends Setting {
	modelType: string | null;
	architecture: string | null;
}

function byArchitecture({ architecture, modelType, named, decoder, writer }: Names): Signal | null {
	const name = architecture?.slice(0, 120);
	if (name === undefined) return null;
	const kind = rowOf(modelType, name)?.kind ?? null;
	const place = { file: named, path: 'architectures' } as const;
	const head = headVote(name, kind, decoder);
	if (head !== null) return { vote: head.vote, rule: `class ${name}: ${head.rule}`, ...place };
	if (!bare.test(name)) return null;
	if (kind !== 'e' && writer) {
		return { vote: 'gen', rule: `class ${name}: its own code offers text generation`, weak: true, ...place };
	}
	return { ...bareVote(name, kind), rule: `class ${name}: a class without a head for text`, ...place };
}

function byType({ modelType, named, decoder }: Names): Signal | null {
	if (modelType === null) return null;
	const plain = modelType.toLowerCase();
	const row = matchModelType(modelType);
	const signal = (vote: Vote, rule: string): Signal => ({ vote, file: named, path: 'model_type', rule });
	if (decoder && row?.kind === 'e') return signal('gen', `${row.type} set up as a decoder`);
	if (deniedTypes.has(plain)) return signal('encoder', `${plain} is a type of text encoders`);
	if (allowedTypes.has(plain)) return signal('gen', `${plain} is a type of text writers`);
	if (row === null) return null;
	const what = kindWords[row.kind] ?? (kindVotes[row.kind] === 'gen' ? 'a writer of text' : 'an encoder');
	return signal(kindVotes[row.kind], `${row.type} is ${what}`);
}

/** A class without any known ending, by the row its name belongs to (`MiniCPMV`). */
function byClassName({ architecture, named }: Names): Signal | null {
	const row = architecture === null ? null : matchArchitecture(architecture);
	if (row === null) return null;
	const what = kindWords[row.kind] ?? (kindVotes[row.kind] === 'gen' ? 'a writer of text' : 'an encoder');
	return { vote: kindVotes[row.kind], file: named, path: 'architectures', rule: `${row.type} is ${what}` };
}

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

function byNames({ modelType, architectures, config, named }: Subject): NameSignals {
	const { plain, decoder, writer, both } = settings[named];
	const ask = isDecoder(config)
		? offersGeneration(config)
			? both
			: decoder
		: offersGeneration(config)
			? writer
			: plain;
	return ask(modelType, architectures[0] ?? null);
}

function byTask(listing: ListingFacts | null): Signal | null {
	const tag = listing?.pipeline_tag;
	const task = tag === undefined ? undefined : tasks.get(tag);
	if (tag === undefined || task === undefined) return null;
	return { vote: task.kind, file: 'listing', path: 'pipeline_tag', rule: `task ${tag}` };
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

/** How far the signals agree. A head overrules the type: `LlamaForSequenceClassification` contradicts nothing. */
function levelOf(chosen: Signal, all: Signal[]): Confidence {
	if (chosen.file === 'name') return 'low';
	const overruled = chosen.path === 'architectures' && chosen.weak !== true ? 'model_type' : '';
	const others = all.filter((signal) => signal !== chosen && signal.file !== 'name');
	const agreeing = others.filter((signal) => signal.vote === chosen.vote).length;
	const against = others.filter(
		({ vote, weak, path }) => vote !== chosen.vote && weak !== true && path !== overruled,
	).length;
	if (against === 0) return agreeing > 0 ? 'high' : 'medium';
	return agreeing >= against ? 'medium' : 'low';
}

function answer(chosen: Signal, all: Signal[]): ClassFact {
	const { file, path, rule } = chosen;
	if (chosen.vote === 'none') return { classification: 'unknown', confidence: 'low', file, path, rule };
	const onlyHub = all.every(
		(signal) => signal.path === 'pipeline_tag' || signal.path === 'tags' || signal.file === 'name',
	);
	return { classification: chosen.vote, confidence: onlyHub ? 'low' : levelOf(chosen, all), file, path, rule };
}

function locked(subject: Subject): ClassFact {
	const gated = subject.configGated;
	const rule = gated ? 'the repository is gated and its list fields say nothing' : 'nothing says what it is';
	const classification = gated ? 'auth-protected' : 'unknown';
	return { classification, confidence: 'low', file: 'listing', path: '', rule };
}

/**
 * Class of a model. The architecture class decides first, then the model type, then task and tags; a class without a
 * head means vectors, unless the type and the Hub's task both say that it writes. A writer's class whose task, library
 * or (last) name says vectors is an encoder: Qwen3-Embedding ships `Qwen3ForCausalLM`. Confidence is `high` where two signals agree and
 * none contradicts, `medium` for one signal or an outvoted contradiction, `low` otherwise and for list fields alone.
 */
export function classify(subject: Subject): ClassFact {
	const library = byLibrary(subject.config);
	const { type, architecture, alone } = library === null ? byNames(subject) : signalsOf(library, null);
	const task = byTask(subject.listing);
	const tags = byTags(subject.listing);
	const name = byName(subject.id);
	if (alone !== null && task === null && tags === null && name === null) return alone;
	const all = [architecture, type, task, tags, name].filter((signal) => signal !== null);
	const headless = architecture?.weak === true && type?.vote === 'gen' && task?.vote === 'gen';
	const first = (headless ? type : architecture) ?? type ?? task ?? tags ?? name;
	if (first === null) return locked(subject);
	if (first.vote === 'gen') {
		const sign = vectorSign({ task, tags, name, tag: subject.listing?.pipeline_tag ?? '' });
		if (sign !== null) return answer(sign, all);
	}
	return answer(first, all);
}
