// Does it fit: sums, verdicts, the most context, speed; what holds for every model and every device.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import {
	countedTokens,
	fit,
	fitPlace,
	fitRow,
	maxContext,
	neededBytes,
	type FitOptions,
	type FitSubject,
} from '#lib/core/fit.ts';
import { borrowFit, fitOfFiles } from '#lib/core/fit-facts.ts';
import { mergeFit } from '#lib/core/fit-merge.ts';
import { parseMemory } from '#lib/core/amount.ts';
import { namedMemory, usableMemory, type Device } from '#lib/core/hardware.ts';
import { presets } from '#lib/core/presets.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { modelFacts } from '../support/model-facts.ts';
import { isJson, readRows } from '../support/reference.ts';
import { randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';

const gib = 1024 ** 3;
const named = (gibibytes: number) => namedMemory(gibibytes * gib);

function preset(id: string): Device {
	const found = presets.find((device) => device.id === id);
	if (found === undefined) throw new Error(`no preset ${id}`);
	return found;
}

function subjectOf(config: Record<string, unknown>): FitSubject {
	const text = JSON.stringify({ torch_dtype: 'bfloat16', ...config });
	const read = normalize({ id: 'org/model', source: 'hub', revision: null, fetchedAt: '', config: text });
	return { facts: read.fit, context_window: read.context_window };
}

function fact(start: string): Record<string, unknown> {
	return modelFacts.find(({ id }) => id.startsWith(start))?.config ?? {};
}

const llama = subjectOf({ ...fact('meta-llama/Llama-3.1-8B'), max_position_embeddings: 131_072 });
const gemma = subjectOf({ ...fact('google/gemma-3-27b-it'), torch_dtype: 'bfloat16' });
const nemotron = subjectOf(fact('nvidia/NVIDIA-Nemotron-3-Nano'));

const facts = (part: Partial<FitFacts> = {}): FitFacts => ({
	weights_bytes: 4 * gib,
	weights_band: 0,
	vision_bytes: 0,
	active_bytes: 4 * gib,
	kv_bytes_per_token: 131_072,
	kv_window_bytes_per_token: 0,
	kv_window_tokens: 0,
	kv_state_bytes: 0,
	...part,
});

const subject = (part: Partial<FitFacts> = {}, context_window: number | null = 131_072): FitSubject => ({
	facts: facts(part),
	context_window,
});

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

describe('speed', () => {
	it('is an estimate from bandwidth and what a token reads', () => {
		const { tokens_per_second: told } = fit(subject(), { device: preset('rtx-4090-24gb'), contextTokens: 8192 });
		expect(told?.value).toBeCloseTo((1008e9 * 0.65) / (5 * gib), 0);
		expect(told?.basis).toMatch(/^Estimate: 65 % of 1,008 GB\/s/);
	});

	it('comes near what is measured: Llama 2 7B in Q4_0 on an M1 Max makes some 60 tokens a second', () => {
		const weights = 3.83e9;
		const small = subject({ weights_bytes: weights, active_bytes: weights, kv_bytes_per_token: 524_288 }, 4096);
		const { tokens_per_second: told } = fit(small, { device: preset('m1-max-64gb'), contextTokens: 128 });
		expect(told?.value).toBeGreaterThan(45);
		expect(told?.value).toBeLessThan(80);
	});

	it('is not told without bandwidth, without active weights, and where it does not fit', () => {
		expect(fit(subject(), { device: named(16) }).tokens_per_second).toBeNull();
		expect(fit(subject({ active_bytes: null }), { device: preset('rtx-4090-24gb') }).tokens_per_second).toBeNull();
		const big = subject({ weights_bytes: 50 * gib });
		expect(fit(big, { device: preset('rtx-4090-24gb') }).tokens_per_second).toBeNull();
	});
});

describe('rows', () => {
	it('say what the whole answer says', () => {
		const device = preset('m2-pro-16gb');
		const place = fitPlace({ device });
		for (const record of randomRecords(300, 7)) {
			const whole = fit({ facts: record.fit, context_window: record.context_window }, { device, contextTokens: 4096 });
			const { verdict, need_bytes, error_band } = whole;
			expect(fitRow(record, place, 4096)).toEqual({ verdict, need_bytes, error_band });
		}
	});

	it('join readings part by part and never lose what is known', () => {
		const weights = facts({ kv_bytes_per_token: null, weights_band: 0.1, active_bytes: null });
		const cache = facts({ weights_bytes: null });
		expect(mergeFit(cache, weights)).toMatchObject({ weights_bytes: 4 * gib, kv_bytes_per_token: 131_072 });
		expect(mergeFit(weights, cache)).toMatchObject({ weights_bytes: 4 * gib, kv_bytes_per_token: 131_072 });
		expect(mergeFit(null, weights)).toBe(weights);
		expect(mergeFit(facts({ weights_bytes: 1, weights_band: 0.1 }), facts({ weights_band: 0.01 }))?.weights_bytes).toBe(
			4 * gib,
		);
	});

	it('borrow the layers of the model they were made from', () => {
		const copy = facts({ weights_bytes: 2 * gib, active_bytes: null, kv_bytes_per_token: null });
		const base = facts({ weights_bytes: 8 * gib, active_bytes: 2 * gib });
		expect(borrowFit(copy, base)).toMatchObject({
			weights_bytes: 2 * gib,
			active_bytes: gib / 2,
			kv_bytes_per_token: 131_072,
		});
		expect(borrowFit(facts(), base)).toEqual(facts());
		expect(borrowFit(null, null)).toBeNull();
		expect(borrowFit(null, base)).toMatchObject({ weights_bytes: null, kv_bytes_per_token: 131_072 });
	});

	it('believe files before everything', () => {
		const chosen = {
			format: 'gguf',
			name: 'm.gguf',
			bytes: 3 * gib,
			projectorBytes: gib,
			parts: 1,
			quant: 'Q4_K_M',
		} as const;
		expect(fitOfFiles(facts({ weights_band: 0.05, active_bytes: 2 * gib }), chosen)).toMatchObject({
			weights_bytes: 4 * gib,
			weights_band: 0,
			vision_bytes: gib,
			active_bytes: 1.5 * gib,
			kv_bytes_per_token: 131_072,
		});
		expect(fitOfFiles(null, chosen)).toMatchObject({ weights_bytes: 4 * gib, kv_bytes_per_token: null });
	});
});

describe('amounts of memory', () => {
	it.each([
		['16GB', 16e9],
		['16 GB', 16e9],
		['16GiB', 16 * gib],
		['0.5gib', gib / 2],
		['17179869184', 16 * gib],
		['512MiB', gib / 2],
		['2TB', 2e12],
		['', null],
		['16G', null],
		['GB', null],
		['-1GB', null],
		['0', null],
		['1e9', null],
		['99999TB', null],
		['16 constructor', null],
	])('%s is %s', (text, bytes) => expect(parseMemory(text)).toBe(bytes));

	it('keep something for the system, by the kind of device', () => {
		expect(usableMemory(named(16)).bytes).toBe(16 * gib);
		expect(usableMemory(preset('m1-16gb')).bytes).toBe(Math.floor((16 * gib * 2) / 3));
		expect(usableMemory(preset('m2-max-64gb')).bytes).toBe(48 * gib);
		expect(usableMemory(preset('cpu-16gb')).bytes).toBe(16 * gib - Math.round(2.6 * gib));
		expect(usableMemory(preset('rtx-3060-12gb')).bytes).toBe(11 * gib);
	});
});

describe('presets', () => {
	it('have ids of their own, memory and bandwidth', () => {
		const ids = presets.map(({ id }) => id);
		expect(new Set(ids).size).toBe(ids.length);
		for (const { id, memory_bytes, bandwidth_bytes_per_second: bandwidth, kind } of presets) {
			expect(id).toMatch(/^[a-z0-9][a-z0-9-]*$/);
			expect(memory_bytes).toBeGreaterThan(4 * gib);
			expect(bandwidth).toBeGreaterThan(4e10);
			expect(kind).toBe('preset');
		}
	});
});

describe('the reference models', () => {
	const rows = readRows('reference-models.jsonl') ?? [];

	it.skipIf(rows.length === 0)('split their cache into full, sliding and recurrent layers as stated', () => {
		const wrong: string[] = [];
		let checked = 0;
		for (const row of rows) {
			const stated = row['kv_cache_bf16'];
			// MiniMax M3 states only the layers that attend to everything; its sparse ones keep every token too.
			if (!isJson(stated) || !isJson(row['config']) || row['id'] === 'MiniMaxAI/MiniMax-M3') continue;
			if (typeof stated['bytes_per_token_full_layers'] !== 'number') continue;
			const found = subjectOf(row['config']).facts;
			const window = typeof stated['window'] === 'number' ? stated['window'] : 0;
			const told = [stated['bytes_per_token_full_layers'], stated['bytes_per_token_sliding_layers'] ?? 0];
			const ours = [found?.kv_bytes_per_token, found?.kv_window_bytes_per_token];
			if (told[1] !== 0) {
				told.push(window);
				ours.push(found?.kv_window_tokens);
			}
			const hasState = Number(stated['linear_or_state_layers'] ?? 0) > 0;
			if (hasState !== (found?.kv_state_bytes ?? 0) > 0) wrong.push(`${String(row['id'])}: state`);
			if (JSON.stringify(told) !== JSON.stringify(ours)) wrong.push(`${String(row['id'])}: ${ours} against ${told}`);
			checked += 1;
		}
		process.stdout.write(`cache splits: ${checked - wrong.length} of ${checked} as stated\n`);
		expect(wrong).toEqual([]);
		expect(checked).toBeGreaterThan(80);
	});

	it.skipIf(rows.length === 0)('weigh what their parameters weigh', () => {
		let checked = 0;
		for (const row of rows) {
			const total = row['computed_total_params'];
			if (typeof total !== 'number' || !isJson(row['config'])) continue;
			const { quantization_config: _stored, ...config } = row['config'];
			const weights = subjectOf({ ...config, torch_dtype: 'bfloat16', dtype: 'bfloat16' }).facts?.weights_bytes;
			if (weights == null) continue;
			expect(Math.abs(weights / 2 / total - 1)).toBeLessThan(0.02);
			checked += 1;
		}
		process.stdout.write(`weights: ${checked} of ${rows.length} rows\n`);
		expect(checked).toBeGreaterThan(90);
	});
});
