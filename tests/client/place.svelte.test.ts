// The place everything is measured against: choices show at once, are kept, and are taken back when refused.
import { describe, expect, it } from 'vitest';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import type { Fetch } from '#lib/client/api.ts';
import type { Device } from '#lib/core/hardware.ts';
import { Place } from '#lib/client/place.svelte.ts';
import { readPlace, usualPlace } from '#lib/core/place.ts';
import { runtimesWith } from '#lib/core/runtime.ts';
import { plainDevice, testPlace } from '../support/place.svelte.ts';

const gib = 1024 ** 3;
const small: Device = { ...plainDevice, id: 'small', name: 'Small', memory_bytes: 4 * gib };
/** 6 GiB of weights, 128 KiB per token. */
const row = {
	context_window: 131_072,
	fit: {
		weights_bytes: 6 * gib,
		weights_band: 0,
		vision_bytes: 0,
		active_bytes: 6 * gib,
		kv_bytes_per_token: 131_072,
		kv_window_bytes_per_token: 0,
		kv_window_tokens: 0,
		kv_state_bytes: 0,
	},
};

describe('Place', () => {
	it('measures anew when the context, the cache or the device changes', async () => {
		const fetch: Fetch = async () => Response.json({ devices: [plainDevice, small], current: 'small' });
		const place = testPlace({ devices: [plainDevice, small], fetch });
		expect(place.fit(row)?.verdict).toBe('fits');
		const before = place.fit(row)?.need_bytes ?? 0;
		place.choose({ context: 16_384 });
		expect((place.fit(row)?.need_bytes ?? 0) - before).toBe(8192 * 131_072);
		place.choose({ context: 131_072 });
		expect(place.fit(row)?.verdict).toBe('too_big');
		place.choose({ cacheBits: 8 });
		expect(place.fit(row)?.need_bytes).toBeLessThan(16 * gib);
		await place.chooseDevice(small);
		expect([place.device?.id, place.fit(row)?.verdict]).toEqual(['small', 'too_big']);
	});

	it('keeps runtime, context and cache in a cookie that reads back', () => {
		const cookies: string[] = [];
		const place = testPlace({ keep: (cookie) => cookies.push(cookie) });
		place.choose({ runtime: 'llama.cpp', context: 32_768 });
		const [name, text] = cookies[0]?.split(';')[0]?.split(/=(.*)/) ?? [];
		expect(name).toBe('modeldex_place');
		expect(readPlace(text, withoutOwn)).toEqual({ runtime: 'llama.cpp', context: 32_768, cacheBits: 16 });
	});

	it('says that its runtime is gone with the registry file, and has it again with the file', () => {
		const cookies: string[] = [];
		const boxes = runtimesWith([{ id: 'boxes', name: 'Our boxes', base: 'vllm' }]);
		let runtimes = $state.raw(boxes);
		const choice = { runtime: 'boxes' };
		const served = { devices: [plainDevice], current: 'box', choice: { ...usualPlace, ...choice } };
		const keep = (cookie: string) => cookies.push(cookie);
		const place = new Place({ served, runtimes: () => runtimes, fetch: () => Promise.reject(new Error('none')), keep });
		const vllm = place.fitPlace?.runtime.label;
		expect([place.runtime, place.choice.gone, vllm]).toEqual(['boxes', undefined, 'vLLM']);
		runtimes = runtimesWith([]);
		expect([place.runtime, place.choice.gone]).toEqual([null, 'boxes']);
		expect(place.fitPlace?.runtime.label).not.toBe(vllm);
		place.choose({ context: 4096 });
		expect(cookies[0]).toContain('runtime=boxes');
		runtimes = boxes;
		expect([place.runtime, place.choice.gone, place.tokens]).toEqual(['boxes', undefined, 4096]);
		runtimes = runtimesWith([]);
		place.choose({ runtime: null });
		expect([place.choice.gone, cookies[1]?.includes('boxes')]).toEqual([undefined, false]);
	});

	it('tells the server, and takes a choice back that it refuses', async () => {
		const asked: unknown[] = [];
		const fetch: Fetch = async (path, init) => {
			asked.push([path, init?.method, JSON.parse(String(init?.body))]);
			return Response.json({ error: { code: 'invalid_body', message: 'There is no such device.' } }, { status: 400 });
		};
		const place = testPlace({ devices: [plainDevice, small], fetch });
		await expect(place.chooseDevice(small)).rejects.toThrow('There is no such device.');
		expect(asked).toEqual([['/api/hardware', 'PUT', { current: 'small' }]]);
		expect(place.device?.id).toBe('box');
	});

	it('adds an entered device beside the others and makes it the current one', async () => {
		const entered: Device = { ...plainDevice, id: 'lab', name: 'Lab', memory_bytes: 48 * gib };
		let body: { devices?: Device[]; current?: string } = {};
		const fetch: Fetch = async (_, init) => {
			body = JSON.parse(String(init?.body));
			return Response.json({ devices: [plainDevice, entered], current: 'lab' });
		};
		const place = testPlace({ fetch });
		await place.enter(entered);
		expect([body.devices?.map(({ id }) => id), body.current]).toEqual([['box', 'lab'], 'lab']);
		expect([place.device?.name, place.devices.length]).toEqual(['Lab', 2]);
	});

	it('says nothing without a device', () => {
		expect(testPlace({ devices: [] }).fit(row)).toBeNull();
	});
});
