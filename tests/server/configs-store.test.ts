// The config cache and the fetch states: what is kept is what comes back.
import { afterAll, describe, expect, it } from 'vitest';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import {
	fetchState,
	forgetConfigs,
	latestConfig,
	readConfig,
	saveConfig,
	saveFetchState,
	type StoredConfig,
} from '#lib/server/store/configs.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

const database = openInMemory();
migrate(database);
afterAll(() => database.close());

const config: StoredConfig = {
	id: 'Qwen/Qwen3-8B',
	commit: 'a'.repeat(40),
	file: 'config.json',
	status: 'ok',
	text: '{"model_type":"qwen3"}',
	etag: '"abc"',
	fetchedAt: '2026-11-20T00:00:00.000Z',
};

describe('configs', () => {
	it('come back by repository, commit and file, and newest first', () => {
		const newer = { ...config, commit: 'b'.repeat(40), text: '{}', fetchedAt: '2026-11-21T00:00:00.000Z' };
		saveConfig(database, newer);
		saveConfig(database, config);
		expect(readConfig(database, config.id, config.commit, 'config.json')).toEqual(config);
		expect(latestConfig(database, config.id)).toEqual(newer);
		expect(readConfig(database, config.id, config.commit, 'params.json')).toBeNull();
		expect(latestConfig(database, 'nobody/nothing')).toBeNull();
	});

	it('replace an earlier copy, keep a missing file, and never lose text behind a NUL', () => {
		saveConfig(database, { ...config, status: '404', text: null, etag: null });
		expect(readConfig(database, config.id, config.commit, 'config.json')).toMatchObject({ status: '404', text: null });
		saveConfig(database, { ...config, text: '{"a":1}\0{"b":2}' });
		expect(readConfig(database, config.id, config.commit, 'config.json')?.text).toBe('{"a":1}\ufffd{"b":2}');
	});
});

describe('fetch states', () => {
	it('keep the last look only and are forgotten with the configs', () => {
		const state = { id: config.id, status: '429', statusCode: 429, message: 'Too many.', commit: null } as const;
		saveFetchState(database, { ...state, fetchedAt: '2026-11-20T00:00:00.000Z' });
		saveFetchState(database, { ...state, status: 'ok', statusCode: 200, message: null, fetchedAt: 'later' });
		expect(fetchState(database, config.id)).toEqual({
			...state,
			status: 'ok',
			statusCode: 200,
			message: null,
			fetchedAt: 'later',
		});
		forgetConfigs(database, config.id);
		expect(fetchState(database, config.id)).toBeNull();
		expect(latestConfig(database, config.id)).toBeNull();
	});
});

describe('meta', () => {
	it('keeps one value per key', () => {
		expect(readMeta(database, 'x')).toBeNull();
		saveMeta(database, 'x', '1');
		saveMeta(database, 'x', '2');
		expect(readMeta(database, 'x')).toBe('2');
	});
});
