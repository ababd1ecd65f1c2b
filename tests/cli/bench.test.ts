// `modeldex bench` in front of what cannot be measured, kept, compared or shown: said at once, before the work.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // the first start fills a catalog, and the machine may be busy

const home = temporaryFolder();
const data = join(home, 'labelled.jsonl');
const report = join(home, 'report.json');
let notes = '';

async function bench(line: string) {
	const out: string[] = [];
	notes = '';
	const terminal = new Terminal({
		stdout: { write: (text: string) => out.push(text) },
		stderr: { write: (text: string) => void (notes += text) },
		env: { MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' },
		...{ build: '', version: '1.2.3', json: false },
	});
	const code = await commands.find(({ name }) => name === 'bench')?.run(line.split(' '), terminal);
	return { code, text: out.join('') };
}

beforeAll(async () => {
	const lines = ['cat', 'dog', 'soup', 'bread'].map((text, at) => ({ text, label: at < 2 ? 'creatures' : 'meals' }));
	writeFileSync(data, `\ufeff${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
	await bench(`run --data ${data} --limit 2 -o ${report} --home ${home}`);
});

it('says in a report how it was made, without the settings of the machine', () => {
	const { provenance } = JSON.parse(readFileSync(report, 'utf8'));
	expect(provenance.command).toBe(`modeldex bench run --data ${data} --limit 2 --output ${report}`);
});

it.each([
	[`run --data ${data} --limit 1.5`, 'usage', 'whole number'],
	[`run --data ${data} -o ${home}`, 'not_writable', 'cannot be written'],
	[`run --data ${data} -o ${join(home, 'nowhere/r.json')}`, 'not_writable', 'cannot be written'],
	[`report ${report} ${report}`, 'usage', 'one earlier run'],
	[`compare ${report} ${report} --model tiny`, 'usage', '--model tiny'],
	[`report ${join(home, 'thin.json')}`, 'invalid_json', 'is no report'],
])('%s is refused', async (line, code, says) => {
	writeFileSync(join(home, 'thin.json'), '{"schema_version":1,"dataset":{"sha256":"x"},"runs":[]}');
	await expect(bench(line)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
});

it('compares what both reports have, and says so where that is nothing', async () => {
	expect(await bench(`compare ${report} ${report}`)).toMatchObject({ code: 0, text: expect.stringContaining('rules') });
	const other = join(home, 'other.json');
	const all = JSON.parse(readFileSync(report, 'utf8'));
	const runs = all.runs.map((one: { name: string }) => ({ ...one, name: `${one.name} of old` }));
	writeFileSync(other, JSON.stringify({ ...all, runs }));
	expect((await bench(`compare ${report} ${other}`)).code).toBe(0);
	expect(notes).toContain('nothing was compared');
});
