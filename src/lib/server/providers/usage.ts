// Tokens as providers state them, in our disjoint counts: what is inside another number is taken out of it.
import type { Usage } from '#lib/core/registry/call.ts';
import type { UsageShape } from '#lib/core/registry/provider-table.ts';
import { noUsage } from '#lib/core/registry/usage.ts';
import { isWire, numberAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';

/** A count as somebody stated it: a whole number from zero on; null when it is missing or no such number. */
function countAt(wire: Wire, name: string): number | null {
	const value = numberAt(wire, name);
	return value === null || value < 0 ? null : Math.round(value);
}

const none: Usage = { ...noUsage, estimated: false };

interface OpenAiCounts {
	cacheRead: number;
	cacheWrite: number;
	reasoning: number;
	/** Is the reasoning beside `completion_tokens` and not inside? */
	isReasoningBeside: boolean;
}

/** Cached and reasoning tokens are inside the two totals: subtract. */
function fromOpenAi(usage: Wire, counts: OpenAiCounts): Usage | null {
	const prompt = countAt(usage, 'prompt_tokens') ?? countAt(usage, 'input_tokens');
	const completion = countAt(usage, 'completion_tokens') ?? countAt(usage, 'output_tokens') ?? 0;
	if (prompt === null) return null;
	const { cacheRead, cacheWrite, reasoning, isReasoningBeside } = counts;
	const audioIn = countAt(wireAt(usage, 'prompt_tokens_details'), 'audio_tokens') ?? 0;
	const audioOut = countAt(wireAt(usage, 'completion_tokens_details'), 'audio_tokens') ?? 0;
	const beside = isReasoningBeside ? 0 : reasoning;
	return {
		...none,
		input_uncached: Math.max(0, prompt - cacheRead - cacheWrite - audioIn),
		cache_read: cacheRead,
		cache_write_5m: cacheWrite,
		output_text: Math.max(0, completion - beside - audioOut),
		output_reasoning: reasoning,
		audio_in: audioIn,
		audio_out: audioOut,
		stated_cost: numberAt(usage, 'cost'),
	};
}

function openAiCounts(usage: Wire): OpenAiCounts {
	const input = wireAt(usage, 'prompt_tokens_details');
	const output = wireAt(usage, 'completion_tokens_details');
	return {
		cacheRead: countAt(input, 'cached_tokens') ?? 0,
		cacheWrite: countAt(input, 'cache_write_tokens') ?? 0,
		reasoning: countAt(output, 'reasoning_tokens') ?? 0,
		isReasoningBeside: false,
	};
}

/** Cache reads and writes stand beside the input already: nothing to subtract. */
function fromAnthropic(usage: Wire): Usage | null {
	const input = countAt(usage, 'input_tokens');
	if (input === null) return null;
	const created = wireAt(usage, 'cache_creation');
	const hour = countAt(created, 'ephemeral_1h_input_tokens') ?? 0;
	const written = countAt(usage, 'cache_creation_input_tokens') ?? 0;
	return {
		...none,
		input_uncached: input,
		cache_read: countAt(usage, 'cache_read_input_tokens') ?? 0,
		cache_write_5m: countAt(created, 'ephemeral_5m_input_tokens') ?? Math.max(0, written - hour),
		cache_write_1h: hour,
		output_text: countAt(usage, 'output_tokens') ?? 0,
	};
}

const readers: Readonly<Record<UsageShape, (usage: Wire) => Usage | null>> = {
	openai: (usage) => fromOpenAi(usage, openAiCounts(usage)),
	// prompt_cache_hit_tokens + prompt_cache_miss_tokens = prompt_tokens
	deepseek: (usage) => {
		const counts = openAiCounts(usage);
		return fromOpenAi(usage, { ...counts, cacheRead: countAt(usage, 'prompt_cache_hit_tokens') ?? counts.cacheRead });
	},
	// Thoughts are billed as output and stand beside it; the total betrays them where no field names them.
	gemini: (usage) => {
		const counts = openAiCounts(usage);
		const parts = (countAt(usage, 'prompt_tokens') ?? 0) + (countAt(usage, 'completion_tokens') ?? 0);
		const beside = Math.max(0, (countAt(usage, 'total_tokens') ?? parts) - parts);
		if (beside === 0) return fromOpenAi(usage, counts);
		return fromOpenAi(usage, { ...counts, reasoning: beside, isReasoningBeside: true });
	},
	anthropic: fromAnthropic,
};

/** The tokens of a call in our counts; null where the provider stated none (or nothing that can be read). */
export function readUsage(usage: unknown, shape: UsageShape): Usage | null {
	return isWire(usage) ? readers[shape](usage) : null;
}

/** Our counts as OpenAI writes them, for clients that read nothing else. */
export function writeUsage(usage: Usage): Wire {
	const cacheWrite = usage.cache_write_5m + usage.cache_write_1h;
	const prompt = usage.input_uncached + usage.cache_read + cacheWrite + usage.audio_in;
	const completion = usage.output_text + usage.output_reasoning + usage.audio_out;
	return {
		prompt_tokens: prompt,
		completion_tokens: completion,
		total_tokens: prompt + completion,
		prompt_tokens_details: {
			cached_tokens: usage.cache_read,
			...(cacheWrite > 0 ? { cache_write_tokens: cacheWrite } : {}),
			audio_tokens: usage.audio_in,
		},
		completion_tokens_details: { reasoning_tokens: usage.output_reasoning, audio_tokens: usage.audio_out },
	};
}
