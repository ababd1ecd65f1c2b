// Where providers may be, and which key goes where.
import { describe, expect, it } from 'vitest';
import { findProvider, providerRows } from '#lib/core/registry/provider-table.ts';
import { checkBaseUrl, findKey } from '#lib/server/providers/address.ts';
import { labProvider } from '../../support/provider-rig.ts';

describe('a base address', () => {
	it.each([
		['https://api.example.com/v1/', 'https://api.example.com/v1'],
		['http://127.0.0.1:9001/v1', 'http://127.0.0.1:9001/v1'],
		['http://10.0.0.7:8000/v1', 'http://10.0.0.7:8000/v1'],
		['http://gpu-box:8000', 'http://gpu-box:8000/'],
	])('of the person who runs the server may be %s', (text, href) => {
		expect(checkBaseUrl(text, 'operator').href).toBe(href);
	});

	it.each([
		'api.example.com',
		'ftp://x/',
		'http://api.example.com/v1',
		'https://a:b@x.example/',
		'https://x.example/?key=1',
	])('is never %s', (text) => {
		expect(() => checkBaseUrl(text, 'operator')).toThrow(/base_url/);
	});

	it.each([
		'http://127.0.0.1:9001/v1',
		'https://localhost/v1',
		'https://10.0.0.7/v1',
		'https://169.254.169.254/v1',
		'https://[::1]/v1',
		'https://[::ffff:127.0.0.1]/v1',
		'https://2130706433/v1',
		'https://0x7f.1/v1',
		'https://gpu-box/v1',
	])('of a user is not %s', (text) => {
		expect(() => checkBaseUrl(text, 'user')).toThrow('network of this server');
	});
});

describe('a key', () => {
	const base = (text: string) => new URL(text);
	const ask = (type: string, address: string, variable: string | null, env: Record<string, string>) => {
		const row = findProvider(type);
		if (row === null) throw new Error(type);
		return findKey({ row, base: base(address), variable, env });
	};

	it('of a type goes to its own host only', () => {
		const env = { OPENAI_API_KEY: 'sk-1' };
		expect(ask('openai', 'https://api.openai.com/v1', null, env)).toMatchObject({ key: 'sk-1', problem: null });
		const { key, problem } = ask('openai', 'http://127.0.0.1:9001/v1', null, env);
		expect(key).toBeNull();
		expect(problem).toContain('name it with api_key_env to send it to 127.0.0.1:9001');
	});

	it('that the file names goes where the file says', () => {
		const env = { OPENAI_API_KEY: 'sk-1' };
		expect(ask('openai', 'http://127.0.0.1:9001/v1', 'OPENAI_API_KEY', env).key).toBe('sk-1');
		expect(ask('openai', 'http://127.0.0.1:9001/v1', 'OTHER', env).problem).toBe('The variable OTHER is not set.');
	});

	it('is found under the first of several names', () => {
		const env = { GOOGLE_API_KEY: 'two', GEMINI_API_KEY: ' one ' };
		const found = ask('gemini', 'https://generativelanguage.googleapis.com/v1beta/openai', null, env);
		expect(found).toEqual({ key: 'one', variable: 'GEMINI_API_KEY', problem: null });
	});

	it('is not needed by an engine on this machine', () => {
		expect(ask('ollama', 'http://127.0.0.1:11434/v1', null, {})).toEqual({ key: null, variable: null, problem: null });
	});
});

describe('the table of providers', () => {
	it('has addresses without a trailing slash, and each name once', () => {
		const names = providerRows.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
		expect(new Set(names).size).toBe(names.length);
		for (const { id, kind, baseUrl, keys, needsKey } of providerRows) {
			expect(baseUrl, id).not.toMatch(/\/$/);
			if (kind !== 'local' && needsKey) expect(baseUrl, id).toMatch(/^https:/);
			if (needsKey) expect(keys.length, id).toBeGreaterThan(0);
		}
	});

	it('has every kind that a registry file may name', () => {
		for (const type of 'openai anthropic openrouter groq ollama lmstudio vllm openai-compatible local'.split(' ')) {
			expect(findProvider(type), type).not.toBeNull();
		}
	});

	it.each([
		['0.0.0.0', 'http://127.0.0.1:11434/v1'],
		['gpu-box:11500', 'http://gpu-box:11500/v1'],
		['http://10.0.0.7:11434', 'http://10.0.0.7:11434/v1'],
	])('takes OLLAMA_HOST=%s for an address to call', (told, href) => {
		const settings = { name: 'ollama', type: 'ollama', baseUrl: null, keyVariable: null };
		expect(labProvider('', settings, { OLLAMA_HOST: told }).base.href).toBe(href);
	});
});
