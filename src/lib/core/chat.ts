// Which models may be offered to chat with, and how sure that is; encoders and locked models never are.
import { prefilterPrefix } from '#lib/core/discovery.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { vectorWords } from '#lib/core/tables/tasks.ts';

/**
 * `sure`: the signals agree that it writes text. `low`: they say so weakly. `guess`: nothing says what it is, but its name
 * sounds like a chat model; the last resort, always marked as one.
 */
export type ChatCertainty = 'sure' | 'low' | 'guess';

/** Words in names of models that were tuned to converse. `it` is not one: it is Italian as often. */
const chatWords = new Set(['instruct', 'instruction', 'chat', 'chatml', 'assistant', 'conversational', 'dialogue']);

function wordsOf(id: string): string[] {
	return id.toLowerCase().split(/[^a-z0-9]+/);
}

/** Does the name sound like a chat model, with nothing that speaks against it? */
function soundsLikeChat({ id, pipeline_tag, fetchStatus }: ModelEntry): boolean {
	if (fetchStatus === '404' || (pipeline_tag !== undefined && pipeline_tag !== 'text-generation')) return false;
	const words = wordsOf(id);
	return words.some((word) => chatWords.has(word)) && !words.some((word) => vectorWords.has(word));
}

/** How sure it is that one can chat with this model; null: it is not to be offered at all. */
export function chatCertainty(entry: ModelEntry): ChatCertainty | null {
	if (entry.excluded_by?.startsWith(prefilterPrefix)) return null;
	if (entry.classification === 'gen') return entry.confidence === 'low' ? 'low' : 'sure';
	return entry.classification === 'unknown' && soundsLikeChat(entry) ? 'guess' : null;
}
