// What fit is made of and where it is asked: speed, rows of lists, amounts, presets, and reference models.
import { describe, expect, it } from 'vitest';
import { parseMemory } from '#lib/core/amount.ts';
import { borrowFit, fitOfFiles } from '#lib/core/fit-facts.ts';
import { mergeFit } from '#lib/core/fit-merge.ts';
import { fit, fitPlace, fitRow } from '#lib/core/fit.ts';
import { usableMemory } from '#lib/core/hardware.ts';
import { presets } from '#lib/core/presets.ts';
import { facts, gib, named, preset, subject, subjectOf } from '../support/fit-subjects.ts';
import { randomRecords } from '../support/records.ts';
import { isJson, readRows } from '../support/reference.ts';

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
