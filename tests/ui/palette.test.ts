// The palette: every pair of colours that text or meaning stands on has enough contrast, in both themes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../src/app.css', import.meta.url), 'utf8');

function palette(selector: string): Map<string, string> {
	const block = css.slice(css.indexOf(`${selector} {`), css.indexOf('}', css.indexOf(`${selector} {`)));
	return new Map([...block.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6})/g)].map(([, name = '', hex = '']) => [name, hex]));
}

/** Relative luminance, as WCAG 2 defines it. */
function luminance(hex: string): number {
	const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
		const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
	const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (light + 0.05) / (dark + 0.05);
}

const meanings = ['architecture', 'modality', 'quantization', 'fits', 'tight', 'large', 'gated'];
const grounds = ['surface', 'raised', 'grey-2', 'grey-3', 'grey-4'];

const text = [
	...grounds.flatMap((ground) => [['ink', ground] as const, ['quiet', ground] as const]),
	...meanings.map((name) => [name, `${name}-soft`] as const),
	...meanings.flatMap((name) => [[name, 'raised'] as const, [name, 'surface'] as const]),
	['accent-ink', 'accent'],
	['accent', 'accent-soft'],
	['accent', 'raised'],
	['accent', 'surface'],
	['ink', 'accent-soft'],
	['quiet', 'accent-soft'],
	['grey-12', 'grey-3'],
] as const;
const borders = [
	['grey-9', 'raised'],
	['grey-9', 'surface'],
	['accent', 'raised'],
	['tight', 'raised'],
] as const;

describe.each([':root', '.dark'])('%s', (selector) => {
	const colours = palette(selector);
	const hex = (name: string): string => {
		const found = colours.get(name);
		if (found === undefined) throw new Error(`${selector} has no colour ${name}`);
		return found;
	};
	const measure = (a: string, b: string) => contrast(hex(a), hex(b));

	it('has every colour', () => {
		expect([...colours.keys()]).toEqual([...palette(':root').keys()]);
		expect(colours.size).toBeGreaterThan(25);
	});

	it.each(text)('text in %s on %s is readable', (front, ground) => {
		expect(measure(front, ground)).toBeGreaterThanOrEqual(4.5);
	});

	it.each(borders)('a border in %s on %s can be seen', (line, ground) => {
		expect(measure(line, ground)).toBeGreaterThanOrEqual(3);
	});
});
