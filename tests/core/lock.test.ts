// The lock file: the same bytes for the same content, nothing accepted that could name a place, drift in words.
import { describe, expect, it } from 'vitest';
import { driftOf, parseLock, writeLock, type LockedModel } from '#lib/core/lock.ts';

const one: LockedModel = {
	commit: 'a'.repeat(40),
	license: 'mit',
	context_window: 4096,
	template_sha256: '1'.repeat(64),
	files: {
		'model.safetensors': { size: 10, sha256: '2'.repeat(64), git: null },
		'config.json': { size: 3, sha256: null, git: '3'.repeat(40) },
	},
};

describe('the lock file', () => {
	it('reads what it writes, and writes the same for any order', () => {
		const text = writeLock({ version: 1, models: { 'b/two': one, 'a/one': one } });
		expect(parseLock(text, 'x')).toEqual({ version: 1, models: { 'a/one': one, 'b/two': one } });
		expect(writeLock(parseLock(text, 'x'))).toBe(text);
		expect(text.indexOf('a/one')).toBeLessThan(text.indexOf('b/two'));
		expect(text.indexOf('config.json')).toBeLessThan(text.indexOf('model.safetensors'));
	});

	it.each([
		['no JSON', '{'],
		['another version', '{"version":2,"models":{}}'],
		['a model that leads elsewhere', JSON.stringify({ version: 1, models: { '../x': one } })],
		[
			'a file that leads elsewhere',
			JSON.stringify({ version: 1, models: { 'a/b': { ...one, files: { '../x': one.files['config.json'] } } } }),
		],
		['a commit that is none', JSON.stringify({ version: 1, models: { 'a/b': { ...one, commit: 'main' } } })],
	])('refuses %s', (_, text) => {
		expect(() => parseLock(text, 'modeldex.lock')).toThrow(/^modeldex\.lock is not /);
	});
});

describe('drift', () => {
	const later = { ...one, commit: 'b'.repeat(40) };
	const words = (now: LockedModel) => driftOf(one, now).map((drift) => drift.words);

	it('is none at the same commit', () => {
		expect(driftOf(one, one)).toEqual([]);
	});

	it('tells a mere move from what changed', () => {
		expect(words(later)).toEqual([
			'The repository moved: aaaaaaaaaaaa → bbbbbbbbbbbb; nothing that is locked is different.',
		]);
	});

	it('names weights, licence, context, template and lost files', () => {
		const file = { size: 11, sha256: '9'.repeat(64), git: null };
		const now = {
			...later,
			license: 'apache-2.0',
			context_window: null,
			template_sha256: null,
			files: { 'model.safetensors': file },
		};
		expect(words(now)).toEqual([
			'The repository moved: aaaaaaaaaaaa → bbbbbbbbbbbb.',
			'1 weight file changed: model.safetensors.',
			'1 other file went away: config.json.',
			'The chat template went away.',
			'The licence changed: MIT → Apache 2.0.',
			'The context window changed: 4,096 → unknown tokens.',
		]);
	});
});
