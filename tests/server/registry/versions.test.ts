// The registry file as its page has it: files to begin with, what a new text would change, earlier texts, keys that stay hidden.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configChanges } from '#lib/core/registry/change.ts';
import { starters } from '#lib/core/registry/starter.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { ownRegistryFile, RegistryFile } from '#lib/server/registry/registry-file.ts';
import { keyOrder, keyOrderSchema } from '#lib/server/registry/key-order.ts';
import { emptyConfig, Registry } from '#lib/server/registry/registry.ts';
import { SimulatedClock } from '#lib/server/registry/simulated-clock.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { temporaryFolder } from '../../support/folder.ts';

const home = temporaryFolder();
const file = ownRegistryFile(home);
const clock = new SimulatedClock(Date.UTC(2026, 10, 21));
const database = openInMemory();
migrate(database);

function open() {
	const registry = new Registry({ file, around: surroundings({ OPENAI_API_KEY: 'x' }), clock });
	const registryFile = new RegistryFile({ registry, database, clock, mayBeMissing: true, onRead: () => {} });
	registryFile.load();
	return { registry, registryFile };
}

function textOf(id: string): string {
	return starters.find((starter) => starter.id === id)?.text ?? '';
}

describe('a registry file of one’s own', () => {
	it('need not be there, begins with a starter, and keeps what was in force before', async () => {
		const { registry, registryFile } = open();
		expect(registry.state.degraded).toBe(null);
		expect(registryFile.shown()).toEqual({ text: '', hidesKeys: false });
		const first = await registryFile.save(textOf('ollama'));
		await registryFile.save(textOf('openai'));
		await registryFile.save(textOf('openai'));
		expect(readFileSync(file, 'utf8')).toBe(textOf('openai'));
		const versions = registryFile.versions();
		expect(versions.map(({ digest }) => digest)).toEqual([registry.state.digest, first.digest]);
		expect(versions[1]?.bytes).toBe(Buffer.byteLength(textOf('ollama')));
		await registryFile.save(registryFile.version(first.digest));
		expect(registry.plan('', { user: null }).candidates[0]?.name).toBe('ollama/qwen3:8b');
		expect(open().registry.state.digest).toBe(first.digest);
		expect(() => registryFile.version('none')).toThrow('There is no earlier registry file');
	});

	it('is not written by a text that is not good, which is not kept either', async () => {
		const { registryFile } = open();
		const before = registryFile.versions();
		await expect(registryFile.save('version: 1\ntiers: 5\n')).rejects.toMatchObject({ code: 'invalid_config' });
		expect(registryFile.versions()).toEqual(before);
	});

	it('hides a key that somebody wrote into it', () => {
		const { registryFile } = open();
		const secret = `sk-${'abc123XYZ'.repeat(4)}`;
		const random = 'a1B2c3D4e5F6g7H8i9J0k1L2m3';
		writeFileSync(file, `version: 1\nproviders:\n  x: { type: openai, api_key: ${secret}, token: "${random}" }\n`);
		const { text, hidesKeys } = registryFile.shown();
		expect(hidesKeys).toBe(true);
		expect(text).toContain('type: openai, api_key: •••');
		expect(text).not.toContain(secret);
		expect(text).not.toContain(random);
		expect(existsSync(join(home, 'registry.yaml'))).toBe(true);
	});
});

describe('files to begin with', () => {
	it.each(starters)('$id is in order and has a default tier', ({ text, key }) => {
		const registry = new Registry({ file: null, around: surroundings(key === null ? {} : { [key]: 'x' }), clock });
		const { config, faults, findings } = registry.read(text);
		expect(faults).toEqual([]);
		expect(findings.filter(({ level }) => level !== 'info')).toEqual([]);
		expect(Object.keys(config?.tiers ?? {})).toEqual(['default']);
	});
});

describe('what a new text would change', () => {
	it('names what comes, goes and differs, and nothing for another way to write the same', () => {
		const registry = new Registry({ file: null, around: surroundings({ OPENAI_API_KEY: 'x' }), clock });
		const read = (text: string) => registry.read(text).config ?? emptyConfig;
		const before = read(textOf('openai'));
		expect(configChanges(before, read(`# other words\n${textOf('openai')}`))).toEqual([]);
		const after = read(
			'version: 1\nname: My registry\nproviders: { lab: { type: openai-compatible, base_url: "http://127.0.0.1:1/v1" } }\n' +
				'tiers: { default: { strategy: first, providers: [lab/a] }, fast: { strategy: first, providers: [lab/a] } }\n' +
				'defaults: { tier: fast }\n',
		);
		expect(configChanges(before, after)).toEqual([
			{ kind: 'removed', path: 'providers.openai' },
			{ kind: 'added', path: 'providers.lab' },
			{ kind: 'changed', path: 'tiers.default' },
			{ kind: 'added', path: 'tiers.fast' },
			{ kind: 'changed', path: 'defaults' },
		]);
	});
});

describe('an order for a key', () => {
	it('is read from the same words as on the command line', () => {
		const words = keyOrderSchema.parse({ name: ' CI ', specs: ['tier:fast', ''], budget: '5/day', expires: '1d' });
		expect(keyOrder(words, Date.UTC(2026, 10, 21))).toEqual({
			name: 'CI',
			user: null,
			specs: ['tier:fast'],
			budget: { usd: 5, window: 'day' },
			rpm: null,
			expires_at: '2026-11-22T00:00:00.000Z',
		});
		expect(() => keyOrder({ ...words, rpm: 'many' }, 0)).toThrow('whole number');
	});
});
