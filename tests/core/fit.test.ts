// Does it fit: sums, verdicts, the most context; what holds for every model and every device.
import { describe, expect, it } from 'vitest';
import { countedTokens, fit, fitPlace, maxContext, neededBytes, type FitOptions } from '#lib/core/fit.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { fact, gemma, gib, llama, named, preset, subject, subjectOf } from '../support/fit-subjects.ts';
import { randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';

const nemotron = subjectOf(fact('nvidia/NVIDIA-Nemotron-3-Nano'));

describe('the sum', () => {
	it('is made of weights, cache and overhead, each with where it is from', () => {
		const answer = fit(llama, { device: named(32), contextTokens: 32_768 });
		expect(answer.terms.map(({ name, bytes }) => [name, bytes])).toEqual([
			['Weights', 16_060_522_496],
			['KV cache', 4 * gib],
			['Runtime overhead', Math.round(16_060_522_496 * 0.06)],
		]);
		expect(answer.need_bytes).toBe(answer.terms.reduce((sum, { bytes }) => sum + (bytes ?? NaN), 0));
		expect(answer.have_bytes).toBe(32 * gib);
		for (const { basis } of answer.terms) expect(basis).toMatch(/^[A-Z0-9].*\.$/);
		expect(answer.terms[1]?.basis).toContain('131,072 bytes per token × 32,768 tokens');
	});

	it('keeps windows at their size, and lets a short context fill them only in part', () => {
		const at = (contextTokens: number) =>
			fit(gemma, { device: named(200), contextTokens }).terms.find(({ name }) => name.includes('windows'))?.bytes;
		expect(at(32_768)).toBe(425_984 * 1024);
		expect(at(512)).toBe(425_984 * 512);
	});

	it('counts towers apart from the language model', () => {
		const terms = fit(gemma, { device: named(200) }).terms;
		expect(terms[1]).toMatchObject({ name: 'Vision tower and projector' });
		expect((terms[0]?.bytes ?? 0) + (terms[1]?.bytes ?? 0)).toBe(gemma.facts?.weights_bytes);
		expect((terms[1]?.bytes ?? 0) / 2).toBeGreaterThan(400e6);
	});

	it('counts a recurrent state once per conversation, whatever the context', () => {
		const states = (options: Partial<FitOptions>) =>
			fit(nemotron, { device: named(200), ...options }).terms.find(({ name }) => name === 'Recurrent state')?.bytes;
		const one = 23 * ((4096 + 2048) * 3 * 2 + 4096 * 128 * 4);
		expect(states({ contextTokens: 100 })).toBe(one);
		expect(states({ contextTokens: 30_000, slots: 3, cacheBits: 8 })).toBe(one * 3);
	});

	it('multiplies the cache by slots and shrinks it with its precision, scales included', () => {
		const cache = (options: Partial<FitOptions>) =>
			fit(subject(), { device: named(32), contextTokens: 8192, ...options }).terms[1]?.bytes;
		expect(cache({})).toBe(gib);
		expect(cache({ slots: 4 })).toBe(4 * gib);
		expect(cache({ cacheBits: 8 })).toBe((gib * 34) / 64);
		expect(cache({ cacheBits: 4 })).toBe((gib * 18) / 64);
		expect(cache({ cacheBits: 8, runtime: 'vllm' })).toBe(gib / 2);
	});

	it('counts no more context than the model has', () => {
		const short = subject({}, 2048);
		expect(countedTokens(131_072, 2048)).toBe(2048);
		const answer = fit(short, { device: named(32), contextTokens: 131_072 });
		expect(answer.terms[1]).toMatchObject({ bytes: 131_072 * 2048 });
		expect(answer.terms[1]?.basis).toContain('the model’s own limit');
		expect(fit(subject({}, null), { device: named(32) }).terms[1]?.bytes).toBe(131_072 * 8192);
	});

	it('counts an encoder’s tokens where the decoder keeps them too', () => {
		const whisper = subjectOf(fact('openai/whisper-large-v3')).facts;
		expect(whisper).toMatchObject({ kv_bytes_per_token: 163_840, kv_state_bytes: 163_840 * 1500 });
		expect(subjectOf(fact('google-t5/t5-base')).facts?.kv_bytes_per_token).toBe(2 * 2 * 768 * 12 * 2);
		expect(subjectOf(fact('google-bert/bert-base-uncased')).facts?.kv_bytes_per_token).toBe(0);
	});
});

describe('runtimes', () => {
	const overhead = (runtime: string | null) => fit(llama, { device: named(64), runtime }).terms.at(-1);

	it('have their own overhead, and one that nobody knows the general rule, which is said', () => {
		expect(overhead('vllm')?.bytes).toBe(1.5 * gib);
		expect(overhead('transformers')?.bytes).toBe(Math.round(16_060_522_496 * 0.2));
		expect(overhead('Ollama')?.bytes).toBe(overhead(null)?.bytes);
		expect(overhead('brand-new')).toMatchObject({ bytes: overhead(null)?.bytes });
		expect(overhead('brand-new')?.basis).toContain('No figures for brand-new');
	});

	it('claim their share of a card, and nothing of other memory', () => {
		const card = preset('rtx-4090-24gb');
		const have = (device: Device, runtime: string | null) => fit(llama, { device, runtime }).have_bytes;
		expect(have(card, null)).toBe(23 * gib);
		expect(have(card, 'vllm')).toBe(Math.floor(24 * gib * 0.92));
		expect(have(card, 'sglang')).toBe(24 * gib - (512 + 3072 + 128 + 512) * 1024 ** 2);
		expect(have(preset('h100-80gb'), 'sglang')).toBeLessThanOrEqual(70 * gib);
		expect(have(named(24), 'vllm')).toBe(24 * gib);
	});

	it('keep the tokens of the batch beside a window', () => {
		const sliding = subject({ kv_bytes_per_token: 0, kv_window_bytes_per_token: 1000, kv_window_tokens: 1000 });
		const kept = (runtime: string, contextTokens = 100_000) =>
			fit(sliding, { device: named(64), contextTokens, runtime }).terms[1]?.bytes;
		expect(kept('llama.cpp')).toBe(1000 * 1536);
		expect(kept('mlx')).toBe(1000 * 1000);
		expect(kept('llama.cpp', 600)).toBe(1000 * 600);
	});
});

describe('the verdict', () => {
	const verdict = (gibibytes: number, part: Partial<FitFacts> = {}) =>
		fit(subject(part), { device: named(gibibytes) }).verdict;

	it('goes from too big over tight to fits', () => {
		// 4 GiB of weights, 1 GiB of cache, 0.5 GiB of overhead that may be 0.75.
		expect(verdict(5.49)).toBe('too_big');
		expect(verdict(5.5)).toBe('tight');
		expect(verdict(6.12)).toBe('fits');
		expect(verdict(6.12, { weights_band: 0.2 })).toBe('tight');
	});

	it('is unknown where a part is, unless the rest is too big already', () => {
		const unread = {
			kv_bytes_per_token: null,
			kv_window_bytes_per_token: null,
			kv_window_tokens: null,
			kv_state_bytes: null,
		};
		const answer = fit(subject(unread), { device: named(16) });
		expect(answer).toMatchObject({ verdict: 'unknown', need_bytes: null, error_band: null, max_context: null });
		expect(answer.terms[1]).toMatchObject({ name: 'KV cache', bytes: null });
		expect(answer.tokens_per_second).toBeNull();
		expect(fit(subject(unread), { device: named(3) })).toMatchObject({
			verdict: 'too_big',
			need_bytes: null,
			max_context: 0,
		});
		expect(fit({ facts: null, context_window: null }, { device: named(16) }).verdict).toBe('unknown');
		const weightless = fit(subject({ weights_bytes: null, active_bytes: null }), { device: named(16) });
		expect(weightless).toMatchObject({ verdict: 'unknown', need_bytes: null, max_context: null });
		expect(weightless.terms.at(-1)).toMatchObject({ name: 'Runtime overhead', bytes: null });
	});

	it('is never a number for what is not known', () => {
		for (const { fit: known, context_window } of randomRecords(500, 4)) {
			const answer = fit({ facts: known, context_window }, { device: named(16) });
			const isWhole = known !== null && known.weights_bytes !== null && known.kv_bytes_per_token !== null;
			expect(answer.need_bytes === null).toBe(!isWhole);
			expect(answer.terms.some(({ bytes }) => bytes === null)).toBe(!isWhole);
			expect(answer.terms.every(({ bytes }) => bytes === null || Number.isFinite(bytes))).toBe(true);
			if (isWhole) expect(answer.terms.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)).toBe(answer.need_bytes);
		}
	});
});

describe('the most context', () => {
	it('is the model’s own where all of it fits, and none where the weights do not', () => {
		expect(fit(subject({}, 4096), { device: named(100) }).max_context).toBe(4096);
		expect(fit(subject(), { device: named(4) }).max_context).toBe(0);
		expect(fit(subject({ kv_bytes_per_token: 0 }, null), { device: named(100) }).max_context).toBeNull();
	});

	it('is exactly the largest that fits, for any model, device and runtime', () => {
		const random = seeded(11);
		let exact = 0;
		for (const { fit: known, context_window } of randomRecords(800, 5)) {
			const runtime = ['llama.cpp', 'vllm', null][Math.floor(random() * 3)] ?? null;
			const options: FitOptions = { device: named(2 + random() * 60), runtime, slots: 1 + Math.floor(random() * 3) };
			const place = fitPlace(options);
			const most = maxContext({ facts: known, context_window }, place);
			if (known === null || most === null || most === 0) continue;
			expect(neededBytes(known, most, place)).toBeLessThanOrEqual(place.have.bytes);
			if (context_window === null || most < context_window) {
				expect(neededBytes(known, most + 1, place)).toBeGreaterThan(place.have.bytes);
				exact += 1;
			} else expect(most).toBe(context_window);
		}
		expect(exact).toBeGreaterThan(50);
	});

	it('needs more for every further token, never less', () => {
		const random = seeded(12);
		for (const { fit: known } of randomRecords(200, 6)) {
			const place = fitPlace({ device: named(16), cacheBits: 8, runtime: random() < 0.5 ? 'llama.cpp' : null });
			if (known === null) continue;
			let before = neededBytes(known, 0, place);
			for (let tokens = 1; tokens < 2 ** 20; tokens = Math.ceil(tokens * (1.2 + random()))) {
				const need = neededBytes(known, tokens, place);
				if (need === null || before === null) break;
				expect(need).toBeGreaterThanOrEqual(before);
				before = need;
			}
		}
	});
});
