// Parameter counts of encoders (BERT and its relatives) and encoder-decoders (T5, BART, Whisper).
import { type Config, type Dimensions, figure, figureOr, flag, list } from '#lib/core/shape.ts';
import { denseParts, isTied, labels, type ParameterRow } from '#lib/core/decoder.ts';
import { encoderLayer, whisperEncoder } from '#lib/core/parameters-vision.ts';

/** What a model does with its encoder, by the end of its class name. */
type Head = 'base' | 'masked' | 'sequence' | 'token' | 'question' | 'pretraining' | 'other';

const headEndings: readonly (readonly [ending: RegExp, head: Head])[] = [
	[/ForMaskedLM$|LMHeadModel$/, 'masked'],
	[/ForSequenceClassification$/, 'sequence'],
	[/ForTokenClassification$/, 'token'],
	[/ForQuestionAnswering$/, 'question'],
	[/ForPreTraining$/, 'pretraining'],
	[/Model$/, 'base'],
];

/** The head of the checkpoint's class; a config that names none is its base model. */
function headOf(root: Config): Head {
	const name = list(root, 'architectures')?.[0];
	if (typeof name !== 'string') return 'base';
	return headEndings.find(([ending]) => ending.test(name))?.[1] ?? 'other';
}

/** Parameters of each head; `other` is a head nobody here knows. */
interface Heads {
	readonly pooler: number;
	readonly masked: number;
	readonly sequence: number;
	readonly pretraining: number;
}

/** What comes on top of the body for the head of this checkpoint. NaN for a head that is not known. */
function headSize(root: Config, hidden: number, heads: Heads): number {
	switch (headOf(root)) {
		case 'base':
			return heads.pooler;
		case 'masked':
			return heads.masked;
		case 'sequence':
			return heads.sequence;
		case 'pretraining':
			return heads.pretraining;
		case 'token':
			return (hidden + 1) * labels(root);
		case 'question':
			return 2 * (hidden + 1);
		case 'other':
			return NaN;
	}
}

interface EncoderOptions {
	/** Embeddings and everything that stands once before and around the layers. */
	readonly embeddings: (d: Dimensions) => { embed: number; rest: number };
	readonly layer?: (d: Dimensions) => number;
	readonly heads: (d: Dimensions, root: Config) => Heads;
}

function encoder(rule: string, o: EncoderOptions): ParameterRow {
	return {
		rule,
		count(d, root) {
			const { embed, rest } = o.embeddings(d);
			const layers = d.layers * (o.layer?.(d) ?? encoderLayer(d.hidden, d.inner));
			const heads = headSize(root, d.hidden, o.heads(d, root));
			return denseParts(embed, heads, layers + rest);
		},
	};
}

const square = (hidden: number): number => hidden ** 2 + hidden;

/** Words, positions and segments with one norm over their sum. */
function bertEmbeddings(
	d: Dimensions,
	segments = figureOr(d.config, 'type_vocab_size', 2),
): { embed: number; rest: number } {
	const positions = figure(d.config, 'max_position_embeddings');
	return { embed: d.vocab * d.hidden, rest: (positions + segments) * d.hidden + 2 * d.hidden };
}

/** A transform, its norm and one bias per word; the decoder is the embedding again unless untied. */
function maskedHead(d: Dimensions, root: Config): number {
	return square(d.hidden) + 2 * d.hidden + d.vocab + (isTied(d, root, true) ? 0 : d.vocab * d.hidden);
}

const bert = encoder('BERT encoder', {
	embeddings: bertEmbeddings,
	heads: (d, root) => ({
		pooler: square(d.hidden),
		masked: maskedHead(d, root),
		sequence: square(d.hidden) + (d.hidden + 1) * labels(root),
		pretraining: square(d.hidden) + maskedHead(d, root) + 2 * (d.hidden + 1),
	}),
});

const roberta = encoder('RoBERTa encoder', {
	embeddings: (d) => bertEmbeddings(d),
	heads: (d, root) => ({
		pooler: square(d.hidden),
		masked: maskedHead(d, root),
		sequence: square(d.hidden) + (d.hidden + 1) * labels(root),
		pretraining: NaN,
	}),
});

const distilbert = encoder('DistilBERT encoder: no segments, no pooler', {
	embeddings: (d) => bertEmbeddings(d, 0),
	heads: (d, root) => ({
		pooler: 0,
		masked: maskedHead(d, root),
		sequence: square(d.hidden) + (d.hidden + 1) * labels(root),
		pretraining: NaN,
	}),
});

/** ModernBERT: gated layers without biases; the first has no norm of its own. */
const modernbert: ParameterRow = encoder('ModernBERT encoder: gated layers without biases', {
	embeddings: (d) => ({ embed: d.vocab * d.hidden, rest: d.hidden }),
	layer: (d) => 4 * d.hidden ** 2 + 3 * d.hidden * d.inner + 2 * d.hidden,
	heads: (d, root) => ({
		pooler: 0,
		masked: d.hidden ** 2 + d.hidden + d.vocab + (isTied(d, root, true) ? 0 : d.vocab * d.hidden),
		sequence: d.hidden ** 2 + d.hidden + (d.hidden + 1) * labels(root),
		pretraining: NaN,
	}),
});

/** MPNet: relative positions shared by all layers. */
const mpnet = encoder('MPNet encoder: relative positions shared by all layers', {
	embeddings: (d) => {
		const { embed, rest } = bertEmbeddings(d, 0);
		return { embed, rest: rest + figureOr(d.config, 'relative_attention_num_buckets', 32) * d.heads };
	},
	heads: (d, root) => ({
		pooler: square(d.hidden),
		masked: maskedHead(d, root),
		sequence: square(d.hidden) + (d.hidden + 1) * labels(root),
		pretraining: NaN,
	}),
});

/** ALBERT: narrow embeddings and one group of layers used again and again. */
const albert: ParameterRow = {
	rule: 'ALBERT encoder: narrow embeddings, one layer used again and again',
	count(d, root) {
		const { config: c, hidden } = d;
		const width = figure(c, 'embedding_size');
		const positions = figure(c, 'max_position_embeddings') + figureOr(c, 'type_vocab_size', 2);
		const groups = figureOr(c, 'num_hidden_groups', 1) * figureOr(c, 'inner_group_num', 1);
		const body = positions * width + 2 * width + width * hidden + hidden + groups * encoderLayer(hidden, d.inner);
		const masked = hidden * width + width + 2 * width + d.vocab;
		const pooler = square(hidden);
		const heads: Heads = { pooler, masked, sequence: pooler + (hidden + 1) * labels(root), pretraining: NaN };
		return denseParts(d.vocab * width, headSize(root, hidden, heads), body);
	},
};

/** ELECTRA: embeddings of their own width; the discriminator has a small head. */
const electra: ParameterRow = {
	rule: 'ELECTRA encoder',
	count(d, root) {
		const { config: c, hidden } = d;
		const width = figureOr(c, 'embedding_size', hidden);
		const positions = figure(c, 'max_position_embeddings') + figureOr(c, 'type_vocab_size', 2);
		const project = width === hidden ? 0 : width * hidden + hidden;
		const body = positions * width + 2 * width + project + d.layers * encoderLayer(hidden, d.inner);
		const heads: Heads = {
			pooler: 0,
			masked: hidden * width + width + 2 * width + d.vocab,
			sequence: square(hidden) + (hidden + 1) * labels(root),
			pretraining: square(hidden) + hidden + 1,
		};
		return denseParts(d.vocab * width, headSize(root, hidden, heads), body);
	},
};

/** DeBERTa v2 and v3: positions relative, in a table with a norm of its own; a convolution in the largest models. */
const debertaV2: ParameterRow = {
	rule: 'DeBERTa v2 encoder: relative positions in one table',
	count(d, root) {
		const { config: c, hidden } = d;
		const width = figureOr(c, 'embedding_size', hidden);
		const buckets = figureOr(c, 'position_buckets', -1);
		const span = buckets > 0 ? buckets : figureOr(c, 'max_relative_positions', figure(c, 'max_position_embeddings'));
		const absolute = flag(c, 'position_biased_input', true) ? figure(c, 'max_position_embeddings') * width : 0;
		const table = flag(c, 'relative_attention', false) ? 2 * span * hidden : 0;
		const tableNorm = table > 0 && String(c['norm_rel_ebd'] ?? 'none').includes('layer_norm') ? 2 * hidden : 0;
		const kernel = figureOr(c, 'conv_kernel_size', 0);
		const convolution = kernel > 0 ? kernel * hidden ** 2 + hidden + 2 * hidden : 0;
		const own = flag(c, 'share_att_key', false) ? 0 : positionProjections(c) * square(hidden);
		const segments = figureOr(c, 'type_vocab_size', 0) * width + (width === hidden ? 0 : width * hidden);
		const body = absolute + segments + 2 * hidden + table + tableNorm + convolution;
		const layers = d.layers * (encoderLayer(hidden, d.inner) + (table > 0 ? own : 0));
		const heads: Heads = {
			pooler: 0,
			masked: square(hidden) + 2 * hidden + d.vocab,
			sequence: square(hidden) + (hidden + 1) * labels(root),
			pretraining: NaN,
		};
		return denseParts(d.vocab * width, headSize(root, hidden, heads), body + layers);
	},
};

/** Each direction between content and position that is on has a projection in every layer. */
function positionProjections(c: Config): number {
	const kinds = c['pos_att_type'];
	const names = Array.isArray(kinds) ? kinds.map(String) : String(kinds ?? '').split('|');
	return (names.includes('c2p') ? 1 : 0) + (names.includes('p2c') ? 1 : 0);
}

/** T5 and its relatives; `everywhere`: relative positions in every layer (umT5) instead of the first only. */
function t5(rule: string, options: { gated: boolean; tied: boolean; everywhere: boolean }): ParameterRow {
	return {
		rule,
		count(d, root) {
			const { config: c, hidden } = d;
			const width = d.heads * figure(c, 'd_kv');
			const kind = c['feed_forward_proj'];
			const hasGate = typeof kind === 'string' ? kind.startsWith('gated') : options.gated;
			const block = (hasGate ? 3 : 2) * hidden * d.inner;
			const buckets = figureOr(c, 'relative_attention_num_buckets', 32) * d.heads;
			const decoders = figureOr(c, 'num_decoder_layers', d.layers);
			const positions = options.everywhere ? buckets * (d.layers + decoders) : 2 * buckets;
			const encoders = d.layers * (4 * hidden * width + block + 2 * hidden);
			const stack = encoders + decoders * (8 * hidden * width + block + 3 * hidden) + positions + 2 * hidden;
			const embed = d.vocab * hidden;
			const isEncoder = list(root, 'architectures')?.[0] === 'T5EncoderModel';
			if (isEncoder) return denseParts(embed, 0, encoders + buckets + hidden);
			return denseParts(embed, isTied(d, root, options.tied) ? 0 : embed, stack);
		},
	};
}

interface BartOptions {
	/** Rows of each of the two position tables beyond the stated number; null when positions are computed. */
	readonly extraPositions: number | null;
	/** A norm over the embeddings of each side. */
	readonly embeddingNorm: boolean;
	/** A norm after each stack. */
	readonly finalNorm: boolean;
}

/** BART and its relatives: one table of words for both sides and the head. */
function bart(rule: string, o: BartOptions): ParameterRow {
	return {
		rule,
		count(d) {
			const { config: c, hidden } = d;
			const positions = o.extraPositions === null ? 0 : figure(c, 'max_position_embeddings') + o.extraPositions;
			const norms = (o.embeddingNorm ? 4 : 0) + (o.finalNorm ? 4 : 0);
			const encoders = figure(c, 'encoder_layers') * encoderLayer(hidden, figure(c, 'encoder_ffn_dim'));
			const cross = 4 * hidden ** 2 + 4 * hidden + 2 * hidden;
			const decoders = figure(c, 'decoder_layers') * (encoderLayer(hidden, figure(c, 'decoder_ffn_dim')) + cross);
			return denseParts(d.vocab * hidden, 0, 2 * positions * hidden + norms * hidden + encoders + decoders);
		},
	};
}

/** Whisper: convolutions over mel bands, then a BART-like pair whose key projections have no bias. */
const whisper: ParameterRow = {
	rule: 'Whisper: audio encoder and text decoder, tied embeddings',
	count(d) {
		const { config: c, hidden } = d;
		const inner = figure(c, 'decoder_ffn_dim');
		const layer = 8 * hidden ** 2 + 6 * hidden + 2 * hidden * inner + inner + hidden + 6 * hidden;
		const positions = figureOr(c, 'max_target_positions', 448) * hidden;
		const decoder = positions + figure(c, 'decoder_layers') * layer + 2 * hidden;
		return denseParts(d.vocab * hidden, 0, whisperEncoder(c) + decoder);
	},
};

/** The text half of CLIP and SigLIP; SigLIP's ends in a projection. */
const textTower = (rule: string, projects: boolean): ParameterRow => ({
	rule,
	count(d) {
		const { config: c, hidden } = d;
		const positions = figure(c, 'max_position_embeddings') * hidden;
		const head = projects ? square(hidden) : 0;
		return denseParts(d.vocab * hidden, 0, positions + d.layers * encoderLayer(hidden, d.inner) + 2 * hidden + head);
	},
});

/** Model type → how an encoder or encoder-decoder is counted. Sources: the published module of each type. */
export const encoderRows: Readonly<Record<string, ParameterRow>> = {
	albert,
	bart: bart('BART: learned positions, norms over the embeddings', {
		extraPositions: 2,
		embeddingNorm: true,
		finalNorm: false,
	}),
	bert,
	camembert: roberta,
	clip_text_model: textTower('CLIP text encoder', false),
	'deberta-v2': debertaV2,
	distilbert,
	electra,
	m2m_100: bart('M2M-100: computed positions', { extraPositions: null, embeddingNorm: false, finalNorm: true }),
	marian: bart('Marian: fixed positions kept as a table', {
		extraPositions: 0,
		embeddingNorm: false,
		finalNorm: false,
	}),
	mbart: bart('mBART: learned positions, norms over the embeddings and after each stack', {
		extraPositions: 2,
		embeddingNorm: true,
		finalNorm: true,
	}),
	// The norm that BERT has over its embeddings stands after the last layer here: the same count.
	'megatron-bert': bert,
	modernbert,
	mpnet,
	mt5: t5('mT5: gated, untied embeddings', { gated: true, tied: false, everywhere: false }),
	pegasus: bart('Pegasus: fixed positions kept as a table', {
		extraPositions: 0,
		embeddingNorm: false,
		finalNorm: true,
	}),
	roberta,
	siglip_text_model: textTower('SigLIP text encoder', true),
	t5: t5('T5: relative positions, tied embeddings unless the config says otherwise', {
		gated: false,
		tied: true,
		everywhere: false,
	}),
	umt5: t5('umT5: relative positions in every layer', { gated: true, tied: false, everywhere: true }),
	whisper,
	'xlm-roberta': roberta,
	'xlm-roberta-xl': roberta,
};
