// Tokens of every usage shape in disjoint counts, and back in OpenAI's words.
import { describe, expect, it } from 'vitest';
import type { Usage } from '#lib/core/registry/call.ts';
import type { UsageShape } from '#lib/core/registry/provider-table.ts';
import { readUsage, writeUsage } from '#lib/server/providers/usage.ts';

const details = { cached_tokens: 60, audio_tokens: 5 };

describe('usage', () => {
	it.each<[UsageShape, Record<string, unknown>, Partial<Usage>]>([
		['openai', { prompt_tokens: 100, completion_tokens: 9 }, { input_uncached: 100, output_text: 9 }],
		[
			'openai',
			{
				prompt_tokens: 100,
				completion_tokens: 50,
				prompt_tokens_details: details,
				completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 4 },
			},
			{ input_uncached: 35, cache_read: 60, audio_in: 5, output_text: 16, output_reasoning: 30, audio_out: 4 },
		],
		[
			'openai', // OpenRouter: what was written to the cache is in the prompt too, and the price is stated
			{
				prompt_tokens: 100,
				completion_tokens: 1,
				prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 30 },
				cost: 0.0123,
			},
			{ input_uncached: 50, cache_read: 20, cache_write_5m: 30, output_text: 1, stated_cost: 0.0123 },
		],
		[
			'deepseek',
			{ prompt_tokens: 100, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36, completion_tokens: 2 },
			{ input_uncached: 36, cache_read: 64, output_text: 2 },
		],
		[
			'gemini',
			{ prompt_tokens: 10, completion_tokens: 5, total_tokens: 40 },
			{ input_uncached: 10, output_text: 5, output_reasoning: 25 },
		],
		['gemini', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, { input_uncached: 10, output_text: 5 }],
		[
			'anthropic',
			{ input_tokens: 10, cache_read_input_tokens: 20, cache_creation_input_tokens: 7, output_tokens: 3 },
			{ input_uncached: 10, cache_read: 20, cache_write_5m: 7, cache_write_1h: 0, output_text: 3 },
		],
	])('of %s: %j', (shape, stated, counts) => {
		const usage = readUsage(stated, shape);
		expect(usage).toMatchObject({ estimated: false, requests: 1, ...counts });
	});

	it.each([null, undefined, 'x', {}, { prompt_tokens: 'many' }, { prompt_tokens: -1 }])(
		'that is none: %j',
		(stated) => {
			expect(readUsage(stated, 'openai')).toBeNull();
		},
	);

	it('of nonsense never goes below zero', () => {
		const stated = { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 50 } };
		expect(readUsage(stated, 'openai')).toMatchObject({ input_uncached: 0, cache_read: 50 });
	});

	it('adds up again in OpenAI’s words', () => {
		const stated = { input_tokens: 10, cache_read_input_tokens: 20, cache_creation_input_tokens: 7, output_tokens: 3 };
		const usage = readUsage(stated, 'anthropic');
		expect(usage && writeUsage(usage)).toMatchObject({
			prompt_tokens: 37,
			completion_tokens: 3,
			total_tokens: 40,
			prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 7 },
		});
	});
});
