// What the palette finds for what is typed: words in any order, from their beginnings, and models beside all else.
import { describe, expect, it } from 'vitest';
import { matches, modelRows } from '#lib/components/palette-rows.ts';
import { pages } from '#lib/components/pages.ts';
import { entry } from '../support/models.ts';

const place = { fit: () => null };

describe('what is typed', () => {
	it.each([
		['', 'Dark theme', true],
		['dark', 'Dark theme', true],
		['the da', 'Dark theme', true],
		['ark', 'Dark theme', false],
		['dark mode', 'Dark theme', false],
		['llama.cpp', 'Runtime: llama.cpp', true],
		['4090', 'Device: NVIDIA RTX 4090', true],
	])('%j finds %j: %s', (text, title, found) => {
		expect(matches(text, title)).toBe(found);
	});

	it('finds by other words, too', () => {
		expect(matches('dark mode', 'Dark theme', 'appearance mode')).toBe(true);
	});
});

describe('models', () => {
	const found = (text: string, ids: string[], total = ids.length, isWaiting = false) =>
		modelRows({ text, models: ids.map((id) => entry({ id })), total, isWaiting, place }).map(({ title, href }) => [
			title,
			href,
		]);

	it('lead to their pages, and to the list when there are more', () => {
		expect(found('a', ['acme/a'], 12)).toEqual([
			['acme/a', '/models/acme/a'],
			['All 12 models for “a”', '/models?q=a&source=all'],
		]);
		expect(found('', [])).toEqual([]);
	});

	it('that are unknown here can be asked for once it is sure', () => {
		expect(found('acme/b', ['acme/bc'])).toContainEqual(['Ask the Hub for acme/b', '/models/acme/b']);
		expect(found('acme/b', ['Acme/B'])).toHaveLength(1);
		expect(found('acme/b', [], 0, true)).toEqual([]);
		expect(found('acme/../b', [])).toEqual([]);
	});
});

describe('pages', () => {
	it('have addresses and names of their own', () => {
		expect(new Set(pages.map(({ href }) => href)).size).toBe(pages.length);
		expect(new Set(pages.map(({ name }) => name)).size).toBe(pages.length);
	});
});
