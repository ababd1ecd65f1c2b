// A tiny model that llama.cpp itself loads: words are directions, blocks do nothing, so that every answer can be worked out.
import { writeGguf, type GgufTensor, type GgufWritten } from './gguf-writer.ts';

const width = 32;
const space = '\u2581';
/** Words with a direction of their own, and those that lean to one of them. */
const kin: Readonly<Record<string, string>> = {
	...{ cat: 'animal', dog: 'animal', bread: 'food', soup: 'food', river: 'place', hill: 'place' },
};
const meanings = ['animal', 'food', 'place', 'A', 'B', 'C', 'D'];
const words = [...meanings, ...Object.keys(kin), 'Answer', 'text'];

/** Every beginning of a word is a token, so that the splitter can build words letter by letter. */
function pieces(): string[] {
	const found = new Set<string>([space]);
	for (const word of words) {
		for (const start of ['', space]) {
			for (let end = 1; end <= word.length; end += 1) found.add(start + word.slice(0, end));
		}
		for (const letter of word) found.add(letter);
	}
	return [...found].filter((piece) => piece !== '');
}

const marks = ['<unk>', '<s>', '</s>'];
const bytes = Array.from({ length: 256 }, (_, at) => `<0x${at.toString(16).toUpperCase().padStart(2, '0')}>`);
export const ggufTokens = [...marks, ...bytes, ...pieces()];
const firstPiece = marks.length + bytes.length;

/** A little of everything in place 0, so that no token is without length; words of a kind share a place. */
function directionOf(token: string): Float32Array {
	const row = new Float32Array(width);
	row[0] = 0.1;
	const word = token.replace(space, '');
	const at = meanings.indexOf(kin[word] ?? word);
	if (at >= 0) row[at + 1] = 1;
	return row;
}

/** How much each token is liked after a text of a direction: letters after everything, the others hardly. */
function likingOf(token: string): Float32Array {
	const row = new Float32Array(width);
	const at = ['A', 'B', 'C', 'D'].indexOf(token.replace(space, ''));
	row[0] = at >= 0 ? 1 + at * 0.4 : -0.5;
	return row;
}

function table(rowOf: (token: string) => Float32Array): Float32Array {
	const all = new Float32Array(ggufTokens.length * width);
	for (const [at, token] of ggufTokens.entries()) all.set(rowOf(token), at * width);
	return all;
}

const ones = (count: number) => new Float32Array(count).fill(1);

/** A template that shows which turns there were; the space before an answer is the last token of a question. */
const usualTemplate =
	"{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

interface GgufOptions {
	/** Pools its vectors by their mean, as a model of vectors does. */
	pools?: boolean;
	/** Null for a file without one. */
	template?: string | null;
	/** Tokens it was made for. */
	context?: number;
	more?: Record<string, GgufWritten>;
}

/** The bytes of the model. */
export function tinyGguf(options: GgufOptions = {}): Uint8Array {
	return writeGguf(parts(options));
}

function parts({ pools = false, template = usualTemplate, context = 512, more = {} }: GgufOptions) {
	const vocabulary = ggufTokens.length;
	const float = (value: number): GgufWritten => ({ type: 'f32', value });
	const keys: Record<string, GgufWritten> = {
		'general.architecture': 'llama',
		'general.name': 'Tiny',
		'llama.context_length': context,
		'llama.embedding_length': width,
		'llama.block_count': 1,
		'llama.feed_forward_length': width,
		'llama.attention.head_count': 1,
		'llama.attention.head_count_kv': 1,
		'llama.attention.layer_norm_rms_epsilon': float(1e-6),
		'llama.rope.dimension_count': width,
		'llama.vocab_size': vocabulary,
		...(pools ? { 'llama.pooling_type': 1 } : {}),
		'tokenizer.ggml.model': 'llama',
		'tokenizer.ggml.tokens': ggufTokens,
		'tokenizer.ggml.scores': {
			type: 'list',
			of: 'f32',
			items: ggufTokens.map((token, at) => (at < firstPiece ? 0 : -100 + token.length)),
		},
		'tokenizer.ggml.token_type': ggufTokens.map((_, at) => (at === 0 ? 2 : at < 3 ? 3 : at < firstPiece ? 6 : 1)),
		'tokenizer.ggml.bos_token_id': 1,
		'tokenizer.ggml.eos_token_id': 2,
		'tokenizer.ggml.unknown_token_id': 0,
		'tokenizer.ggml.add_bos_token': true,
		...(template === null ? {} : { 'tokenizer.chat_template': template }),
		...more,
	};
	const tensors: GgufTensor[] = [
		{ name: 'token_embd.weight', dims: [width, vocabulary], data: table(directionOf) },
		{ name: 'output_norm.weight', dims: [width], data: ones(width) },
		{ name: 'output.weight', dims: [width, vocabulary], data: table(likingOf) },
		{ name: 'blk.0.attn_norm.weight', dims: [width], data: ones(width) },
		{ name: 'blk.0.ffn_norm.weight', dims: [width], data: ones(width) },
		...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map((name) => ({
			name: `blk.0.${name}.weight`,
			dims: [width, width],
		})),
	];
	return { keys, tensors };
}

/** Logarithms of the probabilities of the tokens after one that is only known by its direction's first place. */
export function ggufNext(last: string): Map<string, number> {
	const state = directionOf(last);
	const scale = Math.sqrt(state.reduce((sum, value) => sum + value * value, 0) / width + 1e-6);
	const first = (state[0] ?? 0) / scale;
	const logits = ggufTokens.map((token) => first * (likingOf(token)[0] ?? 0));
	const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
	return new Map(ggufTokens.map((token, at) => [token, (logits[at] ?? 0) - total]));
}

/** The identity, times a number. */
function straight(scale: number): Float32Array {
	return Float32Array.from({ length: width * width }, (_, at) => (at % (width + 1) === 0 ? scale : 0));
}

/** How much the sum over meanings counts for "yes"; "no" stays at zero. */
function classes(): Float32Array {
	const both = new Float32Array(2 * width);
	for (let at = 1; at <= meanings.length; at += 1) both[at] = 1;
	return both;
}

/**
 * The bytes of a model that ranks: it looks at all tokens alike and squares what it saw, so that two words of one meaning
 * count more than two of different ones.
 */
export function rankingGguf(context = 256): Uint8Array {
	const ranking = { 'qwen3.pooling_type': 4, 'qwen3.classifier.output_labels': ['yes', 'no'] };
	const { keys, tensors } = parts({ context, more: ranking });
	const renamed = Object.entries(keys).map(([key, value]) => [key.replace(/^llama\./, 'qwen3.'), value]);
	const given: Readonly<Record<string, Float32Array>> = {
		...{ 'blk.0.attn_v.weight': straight(1), 'blk.0.attn_output.weight': straight(1) },
		...{
			'blk.0.ffn_gate.weight': straight(1),
			'blk.0.ffn_up.weight': straight(1),
			'blk.0.ffn_down.weight': straight(1),
		},
	};
	return writeGguf({
		keys: { ...Object.fromEntries(renamed), 'general.architecture': 'qwen3', 'qwen3.attention.key_length': width },
		tensors: [
			...tensors.map((tensor) => ({ ...tensor, ...(given[tensor.name] ? { data: given[tensor.name] } : {}) })),
			{ name: 'blk.0.attn_q_norm.weight', dims: [width], data: ones(width) },
			{ name: 'blk.0.attn_k_norm.weight', dims: [width], data: ones(width) },
			{ name: 'cls.output.weight', dims: [width, 2], data: classes() },
		],
	});
}
