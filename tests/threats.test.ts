// The threat model is held to the tests: every case is tried by a test that names it, and no test names another.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFolder } from './support/built-server.ts';

const tag = /\[(S\d{2})\]/g;
/** The name of a test: the first words of a call to `it` or `test`, or of the call that `it.each(…)` gives. */
const named = /(?:\b(?:it|test)\(|\)\(|^\s+)(['"`])((?:\[S\d{2}\] )+[^\n]*?)\1,/gm;

/** Case → files with a test that names it. */
function tried(): Map<string, string[]> {
	const found = new Map<string, string[]>();
	for (const name of readdirSync(join(projectFolder, 'tests'), { recursive: true, encoding: 'utf8' })) {
		if (!name.endsWith('.test.ts')) continue;
		const text = readFileSync(join(projectFolder, 'tests', name), 'utf8');
		for (const [, , title = ''] of text.matchAll(named)) {
			for (const [, id = ''] of title.matchAll(tag))
				found.set(id, [...(found.get(id) ?? []), name.replaceAll('\\', '/')]);
		}
	}
	return found;
}

const model = readFileSync(join(projectFolder, 'docs/threat-model.md'), 'utf8');
const cases = [...model.matchAll(/^\| (S\d{2}) +\| (.+?) +\| (.+?) +\|$/gm)].map(
	([, id = '', attempt = '', outcome = '']) => {
		return { id, attempt, outcome };
	},
);

describe('the threat model', () => {
	const tests = tried();

	it('has a test for every case', () => {
		const missing = cases
			.filter(({ id }) => !tests.has(id))
			.map(({ id, attempt }) => `${id} (${attempt}): no test's name has [${id}]`);
		expect(missing).toEqual([]);
		expect(cases.length).toBeGreaterThan(40);
	});

	it('knows every case that tests name, and each once', () => {
		const known = cases.map(({ id }) => id);
		expect(new Set(known).size).toBe(known.length);
		const strangers = [...tests]
			.filter(([id]) => !known.includes(id))
			.map(([id, files]) => `${id} in ${files.join(', ')} is not listed`);
		expect(strangers).toEqual([]);
	});

	it('tells of each what is tried and what happens then', () => {
		for (const { id, attempt, outcome } of cases)
			expect([id, attempt.length > 10, outcome.length > 5]).toEqual([id, true, true]);
	});
});
