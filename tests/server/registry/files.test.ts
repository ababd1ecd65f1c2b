// Registry files on disk: faults with their place, what is refused, reloading, users' own files, and the shipped examples.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelsConfigSchema, userConfigSchema } from '#lib/core/registry/config.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { checkFile } from '#lib/server/registry/check.ts';
import { RegistryFile } from '#lib/server/registry/registry-file.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { SimulatedClock } from '#lib/server/registry/simulated-clock.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { UserFiles } from '#lib/server/registry/user-files.ts';
import { faultLine, readYaml } from '#lib/server/registry/yaml.ts';
import { projectFolder } from '../../support/built-server.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { seeded } from '../../support/seeded.ts';

const folder = temporaryFolder();
const example = (name: string) => readFileSync(join(projectFolder, 'docs/examples', `${name}.yaml`), 'utf8');
const faults = (text: string) => readYaml('r.yaml', text, modelsConfigSchema).faults.map(faultLine);
const keys = {
	OPENAI_API_KEY: 'x',
	ANTHROPIC_API_KEY: 'x',
	GROQ_API_KEY: 'x',
	OPENROUTER_API_KEY: 'x',
	LAB_API_KEY: 'x',
};

describe('examples', () => {
	it.each([
		['complete', 10],
		['production', 4],
		['local-dev', 3],
		['starter', 0],
	])('%s.yaml is in order and has %d experiments', (name, count) => {
		const file = join(projectFolder, 'docs/examples', `${name}.yaml`);
		const { valid, faults: found, findings } = checkFile(file, { env: keys, home: folder });
		expect(found).toEqual([]);
		expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
		expect(valid).toBe(true);
		expect(
			Object.keys(modelsConfigSchema.parse(readYaml(file, example(name), modelsConfigSchema).value).experiments),
		).toHaveLength(count);
	});

	it('researcher.yaml is a user’s file with four experiments', () => {
		const { value, faults: found } = readYaml('researcher.yaml', example('researcher'), userConfigSchema);
		expect(found).toEqual([]);
		expect(Object.keys(value?.experiments ?? {})).toHaveLength(4);
	});

	it('finds candidates without a key before anything is served', () => {
		const { valid, findings } = checkFile(join(projectFolder, 'docs/examples/starter.yaml'), { env: {}, home: folder });
		expect(valid).toBe(false);
		expect(findings.find(({ code }) => code === 'no_key')?.message).toContain('OPENAI_API_KEY is not set');
	});
});

describe('faults', () => {
	const base = 'version: 1\nproviders:\n  lab: { type: openai-compatible, base_url: http://127.0.0.1:1/v1 }\n';

	it('have line, column and path, and a hint for a name that is nearly right', () => {
		const text = `${base}tiers:\n  fast:\n    strategi: first\n    strategy: first\n    providers: [lab/a]\n`;
		expect(faults(text)).toEqual(['r.yaml:6:5 tiers.fast.strategi: is not known here; did you mean strategy?']);
	});

	it.each([
		['a duplicate name', `${base}name: a\nname: b\n`, 'r.yaml:5:1'],
		[
			'a race of one',
			`${base}tiers: { t: { strategy: race, providers: [lab/a] } }\n`,
			'at least two different candidates',
		],
		[
			'an order of times',
			`${base}tiers: { t: { strategy: first, providers: [lab/a], timeout: { ttft: 9, total: 5 } } }\n`,
			'ttft <= attempt <= total',
		],
		['a key', `${base.replace('type:', 'api_key_env: sk-CANARY00000000, type:')}`, 'looks like a key'],
		['a long secret', `${base}name: { token: Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg }\n`, 'looks like a key'],
		['a tag', `${base}name: !!js/function "x"\n`, 'r.yaml'],
		['a prototype', `${base}__proto__: { x: 1 }\n`, 'is no name'],
		['too many aliases', `${base}a: &a [1]\nb: [${'*a, '.repeat(60)}]\n`, 'aliases'],
		[
			'a tier in a tier',
			`${base}tiers: { t: { strategy: first, providers: [tier:u] } }\n`,
			'only candidates stand here',
		],
		['two documents', `${base}---\nversion: 1\n`, 'r.yaml:4:1 begins a second document'],
		['a field of elsewhere', `${base}base: 1\n`, 'r.yaml:4:1 base: is not known here'],
		['too much text', `#${'x'.repeat(262_144)}\n${base}`, 'larger than 256 KiB'],
		['no mapping', '- a\n', 'r.yaml'],
	])('include %s', (_, text, says) => {
		const found = faults(text);
		expect(found.join('\n')).toContain(says);
		expect(found.join('\n')).not.toContain('CANARY');
	});
});

describe('a check', () => {
	const told = (text: string) => {
		const file = join(folder, 'checked.yaml');
		writeFileSync(file, text);
		return checkFile(file, { env: {}, home: folder }).findings.map(({ line, column, code, message }) => [
			`${line}:${column}`,
			code,
			message,
		]);
	};

	it('says of names that lead nowhere where they stand, and which one was meant', () => {
		const providers =
			'  lab: { type: opnai }\n  dear: { type: gemini, base_url: "http://me:secret@example.org/v1?key=a" }\n';
		const tiers = '  fast:\n    strategy: first\n    providers:\n      - lba/a\n';
		const found = told(`version: 1\nproviders:\n${providers}tiers:\n${tiers}defaults: { tier: fats }\n`);
		expect(found).toEqual(
			expect.arrayContaining([
				['3:16', 'unknown_type', 'There is no provider type "opnai". Did you mean openai?'],
				['4:35', 'bad_base_url', 'The base_url of a provider must not carry a user name or a key.'],
				['9:9', 'unknown_provider', 'There is no provider "lba". Did you mean lab?'],
				['10:19', 'unknown_tier', 'There is no tier "fats". Did you mean fast?'],
			]),
		);
	});

	it('tells the lines of users’ files, and why a file cannot be read', () => {
		mkdirSync(join(folder, 'users'), { recursive: true });
		const own = join(folder, 'users', 'ann.yaml');
		writeFileSync(own, 'experiments:\n  e: { strategy: first, providers: [lba/a] }\n');
		const findings = told('version: 1\nproviders: { lab: { type: ollama } }\n');
		rmSync(own);
		expect(findings.find(([, code]) => code === 'unknown_provider')?.[0]).toBe('2:37');
		const file = join(folder, 'odd.yaml');
		writeFileSync(file, Uint8Array.of(0xff, 0xfe, 0x76));
		expect(() => checkFile(file, { env: {}, home: folder })).toThrow('is not UTF-8 text');
	});

	it('keeps the places while the file is in force', () => {
		const { registry } = filed(
			'version: 1\nproviders:\n  lab: { type: openai }\ntiers:\n  t: { strategy: first, providers: [lab/m] }\n',
		);
		expect(registry.findings().find(({ code }) => code === 'unknown_model')).toMatchObject({ line: 5, column: 37 });
	});
});

function filed(text: string) {
	const file = join(folder, `r${Math.floor(performance.now() * 1000)}.yaml`);
	writeFileSync(file, text);
	const clock = new SimulatedClock(Date.UTC(2026, 10, 21));
	const database = openInMemory();
	migrate(database);
	const make = () => {
		const registry = new Registry({ file, around: surroundings(keys), clock });
		const registryFile = new RegistryFile({ registry, database, clock, onRead: () => {} });
		registryFile.load();
		return { registry, registryFile };
	};
	return { file, make, ...make() };
}

describe('reloading', () => {
	it('keeps the last good file in force and says where the new one is wrong', () => {
		const { file, registry, registryFile, make } = filed(example('starter'));
		const { digest } = registry.state;
		writeFileSync(file, example('starter').replace('first', 'frist'));
		registryFile.read();
		expect(registry.plan('tier:default', { user: null }).strategy).toBe('first');
		expect(registry.state).toMatchObject({
			digest,
			degraded: { faults: [{ line: 7, path: 'tiers.default.strategy' }] },
		});
		const restarted = make().registry;
		expect(restarted.state).toMatchObject({ digest, is_restored: true, degraded: { faults: [{ line: 7 }] } });
		rmSync(file);
		registryFile.read();
		expect(registry.state.degraded?.faults[0]?.message).toContain('not there');
		writeFileSync(file, example('local-dev'));
		registryFile.read();
		expect(registry.state.degraded).toBe(null);
		expect(registry.plan('', { user: null }).candidates[0]?.name).toBe('ollama/qwen3:8b');
	});

	it('writes a new text only when it is good', async () => {
		const { file, registry, registryFile } = filed(example('starter'));
		await expect(registryFile.save('version: 2\n')).rejects.toMatchObject({ code: 'invalid_config' });
		expect(readFileSync(file, 'utf8')).toBe(example('starter'));
		await registryFile.save(example('production'));
		expect(readFileSync(file, 'utf8')).toBe(example('production'));
		expect(registry.config.name).toBe('Production');
	});

	it('is never talked into a broken registry by mutated files', () => {
		const { file, registry, registryFile } = filed(example('complete'));
		const random = seeded(7);
		const text = example('complete');
		for (let round = 0; round < 150; round += 1) {
			const at = Math.floor(random() * text.length);
			const cut = Math.floor(random() * 12);
			const put = [':', '{', '[', '"', '\n', '  ', '&a', '*a', '!x', '-', '0'][Math.floor(random() * 11)] ?? '';
			writeFileSync(file, text.slice(0, at) + put + text.slice(at + cut));
			registryFile.read();
			expect(modelsConfigSchema.safeParse(JSON.parse(JSON.stringify(registry.config))).success).toBe(true);
			expect(registry.findings().filter(({ blocks }) => blocks)).toEqual([]);
		}
	});
});

describe('specs', () => {
	const { registry } = filed(example('complete'));
	const code = (spec: string, user: string | null = 'ann') => {
		try {
			return registry.plan(spec, { user }).route;
		} catch (error) {
			return error instanceof Error ? error.message : '';
		}
	};

	it('lead to tiers, their other names, experiments and candidates with slashes', () => {
		expect(
			['tier:fast', 'tier:quick', 'user:ann', 'user:ann:hedged', 'groq/openai/gpt-oss-120b', ''].map((spec) =>
				code(spec),
			),
		).toEqual(['tier:fast', 'tier:fast', 'user:ann:one', 'user:ann:hedged', 'groq/openai/gpt-oss-120b', 'tier:fast']);
	});

	it('say what there is, and who may ask', () => {
		expect(code('tier:fasst')).toContain('Did you mean fast?');
		expect(code('opnai/gpt-4.1')).toContain('Did you mean openai?');
		expect(code('user:bob:one')).toContain('only be asked for by that user');
		expect(code('tier:Fast')).toContain('at character 6');
		expect(code('http://x/y')).toContain('at character 5');
		expect(code('lab/../x')).toContain('is no model spec');
	});
});

describe('users’ files', () => {
	it('are read from their folder and nowhere else', async () => {
		const users = join(folder, 'users');
		mkdirSync(users, { recursive: true });
		const clock = new SimulatedClock(0);
		const files = new UserFiles({ folder: users, clock });
		writeFileSync(join(users, 'ann.yaml'), example('researcher'));
		expect(files.read('ann')?.defaults.experiment).toBe('baseline');
		expect(['bob', '../r', 'a/b', '..', '.hidden'].map((user) => files.read(user))).toEqual([
			null,
			null,
			null,
			null,
			null,
		]);
		writeFileSync(join(folder, 'secret.yaml'), example('researcher'));
		symlinkSync(join(folder, 'secret.yaml'), join(users, 'eve.yaml'));
		expect(() => files.read('eve')).toThrow('lies outside');
		writeFileSync(join(users, 'ann.yaml'), 'experiments: { x: 1 }');
		expect(files.read('ann')?.defaults.experiment).toBe('baseline');
		expect(files.problem('ann')?.code).toBe('invalid_config');
		rmSync(join(users, 'ann.yaml'));
		expect(files.read('ann')).not.toBe(null);
		await clock.pass(2500);
		expect(files.read('ann')).toBe(null);
	});
});
