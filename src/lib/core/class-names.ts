// What the names of a model say about what it does: the head an architecture class ends in, and the row of its type.
import { matchArchitecture, matchModelType, type TypeKind, type TypeMatch } from '#lib/core/architecture.ts';
import { allowedTypes, deniedTypes } from '#lib/core/tables/tasks.ts';

/** Writes text, gives vectors or labels, or does neither. */
export type Vote = 'gen' | 'encoder' | 'none';

/** One sign of what a model is, with the place it stands in. */
export interface Signal {
	vote: Vote;
	file: 'config' | 'listing' | 'name';
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
export interface Setting {
	named: 'config' | 'listing';
	decoder: boolean;
	writer: boolean;
}

/** The names of a model in their setting. */
export interface Names extends Setting {
	modelType: string | null;
	architecture: string | null;
}

/** What the architecture class says by its ending; null when it has none that is known. */
export function byArchitecture({ architecture, modelType, named, decoder, writer }: Names): Signal | null {
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

/** What the model type says; null for a type of no table. */
export function byType({ modelType, named, decoder }: Names): Signal | null {
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

/** A class without any known ending, by the row its name belongs to (`MiniCPMV`); null without one. */
export function byClassName({ architecture, named }: Names): Signal | null {
	const row = architecture === null ? null : matchArchitecture(architecture);
	if (row === null) return null;
	const what = kindWords[row.kind] ?? (kindVotes[row.kind] === 'gen' ? 'a writer of text' : 'an encoder');
	return { vote: kindVotes[row.kind], file: named, path: 'architectures', rule: `${row.type} is ${what}` };
}
