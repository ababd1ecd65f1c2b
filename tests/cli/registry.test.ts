// `modeldex registry …` as it is typed: what it prints, as text and as JSON, and with which exit code it ends.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { projectFolder } from '../support/built-server.ts';
import { temporaryFolder } from '../support/folder.ts';

const home = temporaryFolder();
const example = (name: string) => join(projectFolder, 'docs/examples', `${name}.yaml`);

async function run(line: string, { json = false, env = {} }: { json?: boolean; env?: Record<string, string> } = {}) {
	const out: string[] = [];
	const stream = { write: (text: string) => out.push(text) };
	const all = { MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1', ...env };
	const terminal = new Terminal({
		stdout: stream,
		stderr: { write: () => {} },
		env: all,
		build: '',
		version: '1.2.3',
		json,
	});
	const command = commands.find(({ name }) => line.startsWith(name) && name.split(' ').length > 1);
	if (command === undefined) throw new Error('no such command');
	const words = line.slice(command.name.length).split(' ').filter(Boolean);
	const code = await command.run(words, terminal);
	return { code, text: out.join(''), document: json ? JSON.parse(out.join('')) : null };
}

describe('modeldex registry', () => {
	it('checks a file: in order 0, with an error 3, each with its place', async () => {
		expect(await run(`registry check ${example('local-dev')}`)).toMatchObject({
			code: 0,
			text: expect.stringContaining('is in order'),
		});
		const keyless = await run(`registry check ${example('starter')}`, { json: true });
		expect(keyless).toMatchObject({ code: 3, document: { valid: false } });
		expect(keyless.document.findings[0]).toMatchObject({ level: 'error', code: 'no_key' });
		const broken = join(home, 'broken.yaml');
		writeFileSync(broken, 'version: 1\ntiers:\n  t: { strategy: quickest, providers: [a/b] }\n');
		const { code, text } = await run(`registry check ${broken}`);
		expect([code, text]).toEqual([3, expect.stringContaining(`${broken}:3:18 tiers.t.strategy`)]);
		await expect(run('registry check nothing.yaml')).rejects.toMatchObject({ code: 'usage', exitCode: 2 });
		await expect(run('registry check')).rejects.toMatchObject({ code: 'usage' });
	});

	it('shows what is in force, and where a spec leads', async () => {
		const shown = await run(`registry show --config ${example('complete')}`, {
			env: { GROQ_API_KEY: 'gsk_CANARY0000' },
		});
		expect(shown.text).toContain('tier:fast');
		expect(shown.text).toContain('GROQ_API_KEY is set');
		expect(shown.text).toContain('openai/gpt-4.1-mini  no_key');
		expect(shown.text).not.toContain('CANARY');
		const one = await run(`registry show tier:best --config ${example('complete')}`, { json: true });
		expect(one.document.plan).toMatchObject({ route: 'tier:high', strategy: 'fallback' });
		await expect(run(`registry show tier:bset --config ${example('complete')}`)).rejects.toMatchObject({
			code: 'model_not_found',
		});
	});

	it('simulates without a key and without asking anybody', async () => {
		const line = `registry simulate tier:fast --config ${example('complete')} --requests 20 --limited groq/llama-3.3-70b-versatile`;
		const { code, document } = await run(line, { json: true });
		expect([code, document.succeeded, document.served]).toEqual([0, 20, { 'openai/gpt-4.1-mini': 20 }]);
		expect((await run(line)).text).toContain('20 of 20 answered');
		for (const wrong of ['--requests many', '--requests 1.5', '--seed x', '--down groq/nobody'])
			await expect(run(`${line} ${wrong}`)).rejects.toMatchObject({ code: 'usage', exitCode: 2 });
		await expect(run(`${line} --down groq/nobody`)).rejects.toThrow('there are groq/llama-3.3-70b-versatile');
	});

	it('says of a price that nobody knows that it is unknown', async () => {
		const file = join(home, 'unpriced.yaml');
		writeFileSync(
			file,
			'version: 1\nproviders: { lab: { type: openai-compatible, base_url: https://example.org/v1 } }\n',
		);
		const { text } = await run(`registry simulate lab/a --requests 2 --config ${file}`);
		expect(text).toContain('cost unknown');
		expect(text).not.toContain('$0');
	});

	it('makes no key for a spec that nobody can ask for', async () => {
		for (const spec of ['tier:', 'lab/', 'tier:A', 'lab', '..//'])
			await expect(run(`registry key create k --spec ${spec}`)).rejects.toMatchObject({ code: 'usage' });
		for (const spec of ['tier:fast', 'tier:*', 'lab/*', 'la*', '*', 'user:ann:*', 'lab/a:free'])
			expect((await run(`registry key create k --spec ${spec}`)).code).toBe(0);
	});

	it('tells figures, also before there are any', async () => {
		expect((await run('registry usage --hours 2', { json: true })).document).toMatchObject({
			hours: 2,
			total: { requests: 0 },
		});
		expect((await run('registry usage')).text).toContain('p50 unknown');
		await expect(run('registry usage --hours 0')).rejects.toMatchObject({ code: 'invalid_query' });
	});
});
