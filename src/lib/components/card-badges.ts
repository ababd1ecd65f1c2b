// Which badges a card shows: from the list row at once, refined when the model's characteristics are known.
import { formatBits, formatCount, formatMethod, formatParameters } from '#lib/core/format.ts';
import type { ModelCharacteristics, ModelEntry, MultimodalType } from '#lib/core/model.ts';

export type BadgeKind = 'architecture' | 'parameters' | 'context' | 'quantization' | 'modality' | 'kind';

/** One badge: `text` is the value itself, `detail` a quiet addition, `title` the same in a sentence. */
export interface CardBadge {
	kind: BadgeKind;
	/** `loading`: not known yet; `unknown`: nothing says it. */
	state: 'known' | 'loading' | 'unknown';
	text: string;
	detail: string | null;
	title: string;
}

interface Known {
	entry: ModelEntry;
	characteristics: ModelCharacteristics | null;
	/** Will there be more than the list row says? */
	loading: boolean;
}

const senses: Record<MultimodalType, string> = {
	vision: 'vision',
	audio: 'audio',
	'vision-audio': 'vision + audio',
};

function known(kind: BadgeKind, text: string, title: string, detail: string | null = null): CardBadge {
	return { kind, state: 'known', text, detail, title };
}

function awaited(kind: BadgeKind): CardBadge {
	return { kind, state: 'loading', text: '', detail: null, title: '' };
}

function architecture({ entry, characteristics, loading }: Known): CardBadge {
	const read = characteristics?.architecture_family ?? 'Unknown';
	const family = read === 'Unknown' ? entry.architecture_family : read;
	const type = characteristics?.model_type ?? entry.model_type;
	if (family !== 'Unknown') {
		return known('architecture', family, `Architecture family: ${family}${type ? ` (model type ${type})` : ''}`);
	}
	if (loading) return awaited('architecture');
	const title = type ? `Unknown: no family is known for the model type ${type}` : 'Unknown: the config does not say';
	return { kind: 'architecture', state: 'unknown', text: 'Unknown', detail: null, title };
}

function parameters({ entry, characteristics, loading }: Known): CardBadge[] {
	const total = characteristics?.parameters.total ?? entry.parameters_total;
	if (total === null) return loading ? [awaited('parameters')] : [];
	const active = characteristics?.parameters.active ?? null;
	const isGuess = characteristics?.parameters.source === 'name';
	const part = active !== null && active < total ? `, ${formatParameters(active)} of them work on each token` : '';
	const title = `${formatCount(total)} parameters${part}${isGuess ? ', guessed from the name' : ''}`;
	return [known('parameters', `${isGuess ? '≈ ' : ''}${formatParameters(total)}`, title)];
}

function context({ entry, characteristics, loading }: Known): CardBadge[] {
	const tokens = characteristics?.context_window ?? entry.context_window;
	if (tokens === null) return loading ? [awaited('context')] : [];
	return [known('context', `${formatCount(tokens)} ctx`, `Context window: ${formatCount(tokens)} tokens`)];
}

/** Bits of a weight by the name of its number type. */
const widths = new Map([
	['bfloat16', 16],
	['float16', 16],
	['float32', 32],
]);

/** Bits of a weight that is not quantized; null when they are not known. */
function plainWidth(entry: ModelEntry, characteristics: ModelCharacteristics | null): number | null {
	return widths.get(characteristics?.dtype ?? '') ?? (entry.quantization === 'fp16' ? 16 : null);
}

function quantization({ entry, characteristics, loading }: Known): CardBadge[] {
	const bits = characteristics?.quantization_bits ?? entry.quantization_bits;
	const method = characteristics?.quantization_method ?? entry.quantization_method;
	if (method !== null || (bits !== null && bits < 16)) {
		const name = method === null ? null : formatMethod(method);
		const text = bits === null ? (name ?? '') : formatBits(bits);
		const title = `Quantized${bits === null ? '' : ` to ${formatBits(bits)} weights`}${name ? ` with ${name}` : ''}`;
		return [known('quantization', text, title, bits === null ? null : name)];
	}
	const width = plainWidth(entry, characteristics);
	if (width !== null) {
		return [known('quantization', `${width}-bit`, `Not quantized: ${width}-bit weights`)];
	}
	return loading && entry.quantization === 'unknown' ? [awaited('quantization')] : [];
}

function modality({ entry, characteristics }: Known): CardBadge[] {
	const isMultimodal = characteristics?.is_multimodal ?? entry.is_multimodal;
	if (isMultimodal !== true) return [];
	const type = characteristics?.multimodal_type ?? entry.multimodal_type;
	const text = type === null ? 'multimodal' : senses[type];
	return [known('modality', text, `Takes in more than text: ${text}`)];
}

function kind({ entry, characteristics }: Known): CardBadge[] {
	const value = characteristics?.classification ?? entry.classification;
	if (value !== 'encoder') return [];
	return [known('kind', 'encoder', 'Turns text into vectors or labels; it does not write text')];
}

/** The badges of a card in the order they are shown. A fact that stays unknown has no badge, but the family always has. */
export function cardBadges(input: Known): CardBadge[] {
	return [
		architecture(input),
		...parameters(input),
		...context(input),
		...quantization(input),
		...modality(input),
		...kind(input),
	];
}
