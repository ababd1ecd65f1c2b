// What a person chose for a server: read, written, taken to another one, and refused in a sentence per fault.
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestEvent } from '@sveltejs/kit';
import { afterEach, describe, expect, it } from 'vitest';
import type { Device } from '#lib/core/hardware.ts';
import { usualPlace } from '#lib/core/place.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import type { PreferencesDocument, PreferencesSaved } from '#lib/server/preferences.ts';
import { settingsReport } from '#lib/server/settings-report.ts';
import { GET, PUT } from '../../src/routes/api/settings/+server.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = temporaryFolder();
const open: App[] = [];
afterEach(async () => {
	for (const app of open.splice(0)) await app.close();
});

const environment = (name: string): NodeJS.ProcessEnv => ({
	HOME: join(root, name),
	MODELDEX_HOME: join(root, name, 'data'),
	HF_HUB_OFFLINE: '1',
});

async function start(name: string): Promise<App> {
	const settings = readSettings(environment(name), () => null);
	const app = await createApp({ settings, version: '1.2.3', background: false });
	open.push(app);
	return app;
}

type Event = RequestEvent<Record<string, string>, '/api/settings'>;

function event(app: App, init?: RequestInit): Event {
	const request = new Request('http://127.0.0.1/api/settings', init);
	return { request, locals: { app } } as unknown as Event;
}

async function read(app: App): Promise<PreferencesDocument> {
	return (await GET(event(app))).json();
}

async function save(app: App, document: unknown): Promise<PreferencesSaved> {
	return (await PUT(event(app, { method: 'PUT', body: JSON.stringify(document) }))).json();
}

const device: Device = {
	id: 'the-lab-box',
	name: 'The lab box',
	kind: 'entered',
	memory_bytes: 48 * 1024 ** 3,
	bandwidth_bytes_per_second: null,
	accelerator: 'cuda',
};
const defaults = { runtime: 'vllm', context: 32_768, cache_bits: 8 } as const;

describe('settings', () => {
	it('are as usual until somebody chooses', async () => {
		const app = await start('fresh');
		expect(await read(app)).toEqual({
			modeldex_settings: 1,
			defaults: { runtime: null, context: 8192, cache_bits: 16 },
			devices: [],
			current_device: null,
			folders: [],
		});
		expect(app.preferences.place).toEqual(usualPlace);
	});

	it('hold for every browser that has not chosen, and after a new start', async () => {
		const first = await start('kept');
		await save(first, { modeldex_settings: 1, defaults });
		await first.close();
		open.length = 0;
		const again = await start('kept');
		expect(again.preferences.placeOf(undefined)).toEqual({ runtime: 'vllm', context: 32_768, cacheBits: 8 });
		expect(again.preferences.placeOf('context=4096&cache=16')).toEqual({ ...usualPlace, context: 4096 });
	});

	it('go to another machine as one document, without the folders that are not there', async () => {
		const here = await start('here');
		const folder = join(root, 'here', 'models');
		mkdirSync(folder, { recursive: true });
		await here.local.addFolder(folder);
		await save(here, { modeldex_settings: 1, defaults, devices: [device], current_device: device.id });
		const document = await read(here);
		expect(document.folders).toEqual([{ path: realpathSync(folder), id: null }]);
		const gone = { path: join(root, 'gone'), id: null };
		const there = await start('there');
		const saved = await save(there, { ...document, folders: [...document.folders, gone] });
		expect(saved).toEqual({ ...document, left_out: [expect.stringMatching(/gone.* is no folder that can be read/)] });
		expect((await there.hardware.read()).current).toBe(device.id);
		expect((await save(there, await read(there))).left_out).toEqual([]);
	});

	it('are refused with a sentence for each fault, and nothing of them is kept', async () => {
		const app = await start('faulty');
		const before = await read(app);
		const document = {
			modeldex_settings: 1,
			defaults: { ...defaults, context: 0, runtime: 'abacus' },
			devices: [{ ...device, memory_bytes: '48GB' }],
			colour: 'blue',
		};
		await expect(save(app, document)).rejects.toMatchObject({ code: 'invalid_body', status: 400 });
		const message: string = await save(app, document).catch((error) => error.message);
		for (const part of ['"defaults.context"', '"defaults.runtime"', '"devices.0.memory_bytes"', '"colour"']) {
			expect(message).toContain(part);
		}
		expect(message.split(/(?<=\.) (?=["A-Z])/)).toHaveLength(4);
		expect(await read(app)).toEqual(before);
	});

	it.each([
		['no document', []],
		['a document of a later version', { modeldex_settings: 2 }],
		['another document', { schemaVersion: 1 }],
	])('are not %s', async (_, document) => {
		const app = await start('other');
		await expect(save(app, document)).rejects.toMatchObject({ code: 'invalid_body' });
	});

	it('keep nothing when a device in them is refused', async () => {
		const app = await start('devices');
		const twice = { modeldex_settings: 1, defaults, devices: [device, device] };
		await expect(save(app, twice)).rejects.toMatchObject({ code: 'invalid_body' });
		expect(app.preferences.place).toEqual(usualPlace);
	});
});

describe('settings of the environment', () => {
	it('are shown with what sets them, and no secret is', () => {
		const env = {
			...environment('shown'),
			HF_TOKEN: 'hf_CANARYCANARYCANARY',
			MODELDEX_KEY: 'CANARY-key-of-this-server',
			HF_ENDPOINT: 'http://user:CANARY@127.0.0.1:9/hub',
			HTTPS_PROXY: 'http://user:CANARY@127.0.0.1:8',
			FEATURE_LOAD_CHAT_MODELS_WORKER: '25%',
			PORT: '3999',
		};
		const report = settingsReport(readSettings(env, () => null));
		expect(JSON.stringify(report)).not.toContain('CANARY');
		const shown = new Map(report.map(({ variable, value, isGiven }) => [variable, [value, isGiven]]));
		expect(shown.get('PORT')).toEqual(['3999', true]);
		expect(shown.get('HOST')).toEqual(['127.0.0.1', false]);
		expect(shown.get('HF_TOKEN')).toEqual(['set, from HF_TOKEN', true]);
		expect(shown.get('HF_ENDPOINT')).toEqual(['http://127.0.0.1:9/hub', true]);
		expect(shown.get('FEATURE_LOAD_CHAT_MODELS_WORKER')).toEqual(['25 %', true]);
		expect(shown.get('HF_HUB_OFFLINE')).toEqual(['on: nothing is asked of the Hub', true]);
	});

	it('name the file a token is from', () => {
		const { HF_HUB_OFFLINE: _, ...env } = environment('file');
		const settings = readSettings(env, () => 'hf_fromafile\n');
		expect(settings.hubTokenFrom).toBe(join(root, 'file', '.cache/huggingface/token'));
		expect(settings.hubToken).toBe('hf_fromafile');
	});
});
