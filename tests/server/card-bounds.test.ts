// What the costliest cards may cost: the server's thread stays free, every card comes back, nothing ends the process.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { readFrontMatter } from '#lib/server/front-matter.ts';
import { processorMs } from '../support/processor-time.ts';

const place = { hub: 'https://huggingface.co', id: 'org/model', revision: 'main' };
const renderer = new CardRenderer();
beforeAll(() => renderer.render('# warm', place));
afterAll(() => renderer.close());

const limit = 256 * 1024;
const repeated = (part: string, size = limit) => part.repeat(Math.ceil(size / part.length)).slice(0, size);

const costly: Record<string, string> = {
	'10 MB of ordinary text': repeated('Some **bold** words and [a link](https://x.example).\n\n', 10 * 1024 * 1024),
	'a nested list of 1 MB': Array.from({ length: 1500 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n'),
	'20,000 quote marks': '>'.repeat(20_000),
	'20,000 spaced quote marks': '> '.repeat(20_000) + 'a',
	'5,000 nested div': '<div>'.repeat(5_000),
	'50,000 nested bold': '<b>'.repeat(50_000),
	'ordered lists on one line': '1. '.repeat(5_000) + 'a',
	'quotes and lists in turn': '> - '.repeat(3_000) + 'a',
	'open brackets': repeated('['),
	'bracket pairs': '['.repeat(limit / 2) + ']'.repeat(limit / 2),
	'unfinished links': repeated('[a]('),
	'unfinished pictures': repeated('!['),
	'unfinished emphasis': repeated('*a'),
	'unfinished underscores': repeated('_a **b '),
	'nested emphasis': '*a **b '.repeat(5_000) + '** *'.repeat(5_000),
	'unfinished tags': repeated('<a '),
	'angle brackets': repeated('<'),
	'unfinished comments': repeated('<!--'),
	'mail addresses': repeated('a@'),
	'back ticks': Array.from({ length: 700 }, (_, count) => `${'`'.repeat(count)}a`).join(''),
	'a wide table with many short rows': `|${'a|'.repeat(20_000)}\n|${'-|'.repeat(20_000)}\n${'a\n'.repeat(60_000)}`,
	'a long definition used often': `[a]: https://x.example/${'x'.repeat(1_900)}\n\n${'[a] '.repeat(30_000)}`,
	'a huge definition used often': `[a]: https://x.example/${'x'.repeat(100_000)}\n\n${'[a] '.repeat(30_000)}`,
	pictures: repeated('![](a)'),
	'short list items': repeated('- a\n'),
	'short paragraphs': repeated('a\n\n'),
	'lazy quote lines': `> a\n${repeated('b\n')}`,
};

/** The longest time in which the server's thread could not answer while this ran. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
	let longest = 0;
	let last = performance.now();
	const tick = () => {
		const now = performance.now();
		longest = Math.max(longest, now - last);
		last = now;
	};
	const timer = setInterval(tick, 5);
	await work();
	tick();
	clearInterval(timer);
	return longest;
}

describe('costly cards', () => {
	it.each(Object.entries(costly))('%s', { timeout: 10_000 }, async (_name, text) => {
		const start = performance.now();
		let card;
		const pause = await longestPause(async () => (card = await renderer.render(text, place)));
		expect(pause).toBeLessThan(300);
		expect(performance.now() - start).toBeLessThan(3_000);
		expect(card).toMatchObject({ cut: text.length > limit });
	});

	it('a card that cannot be laid out is shown as it was written', async () => {
		const card = await renderer.render(repeated('*a'), place);
		expect(card.plain).toBe(true);
		expect(card.html).toMatch(/^<pre>\*a\*a/);
		expect(card.warnings.join(' ')).toContain('plain text');
	});

	it('[S48] an ordinary card is rendered right after a costly one', async () => {
		const [, card] = await Promise.all([renderer.render(repeated('*a'), place), renderer.render('# Fine', place)]);
		expect(card.html).toBe('<h3 id="card-fine">Fine</h3>\n');
	});

	it('what is nested too deeply is shown as text, the rest as usual', async () => {
		const card = await renderer.render(`${'> '.repeat(40)}deep\n\n# After`, place);
		expect(card.plain).toBe(false);
		expect(card.html).toContain('deep');
		expect(card.html).toContain('<h3 id="card-after">After</h3>');
	});

	it('a closed renderer answers with the plain text and keeps nothing running', async () => {
		const other = new CardRenderer();
		const pending = other.render(repeated('*a'), place);
		await other.close();
		expect((await pending).html).toContain('*a');
		await other.close();
	});
});

const laughs = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
	.split('')
	.map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
	.join('\n')}`;
const keys = Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`);

const bombs: Record<string, string> = {
	'billion laughs': laughs,
	'4,000 times 4,000 merge': `a: &a {${keys.join(', ')}}\nb:\n  <<: [${Array(4_000).fill('*a').join(', ')}]`,
	'depth 5,000 in brackets': '['.repeat(5_000) + ']'.repeat(5_000),
	'depth 5,000 in braces': '{a: '.repeat(5_000) + '}'.repeat(5_000),
	'depth 5,000 in dashes': `${'- '.repeat(5_000)}a`,
	'depth 5,000 in question marks': `${'? '.repeat(5_000)}a`,
	'depth 300 in indentation': Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
	'60,000 open brackets': '['.repeat(60_000),
	'a function tag': 'x: !!js/function "function(){ return 1 }"',
	'a regular expression tag': 'x: !!js/regexp /a/',
	'a python object tag': 'x: !!python/object/apply:os.system ["id"]',
	'a __proto__ key': '__proto__: {polluted: true}',
	'a nested __proto__ key': 'a:\n  - {__proto__: {polluted: true}}',
	'a constructor key': 'constructor: {prototype: {polluted: true}}',
	'a scalar of 1 MB': `x: ${'a'.repeat(1024 * 1024)}`,
	'an alias to itself': 'a: &a [*a]',
	'an alias to nothing': 'a: *nothing',
	'a list for a key': '? [a, b]\n: c',
	'many documents': '---\na: 1\n'.repeat(3_000),
	'20,000 closing braces': '}'.repeat(20_000),
	'50,000 colons': ':'.repeat(50_000) + ' [',
	tabs: 'a:\n\t- b',
	'a list instead of a mapping': '- a\n- b',
	'plain words': 'just words',
	'an unfinished string': 'a: "b',
};

describe('front matter that is not data', () => {
	it.each(Object.entries(bombs))('%s', (_name, text) => {
		const times = [1, 2, 3].map(() => processorMs(() => void readFrontMatter(text)));
		expect(Math.min(...times)).toBeLessThan(100);
		const { metadata, warning } = readFrontMatter(text);
		expect(metadata).toBeNull();
		expect(warning).toMatch(/^The card's front matter was left out: .+\.$/);
		expect(Reflect.get({}, 'polluted')).toBeUndefined();
	});

	it('[S49] leaves the card itself readable', async () => {
		const card = await renderer.render(`---\n${laughs}\n---\n# Title\n\ntext`, place);
		expect(card.html).toContain('<h3 id="card-title">Title</h3>');
		expect(card.metadata).toBeNull();
		expect(card.warnings).toEqual(["The card's front matter was left out: its aliases stand for too much."]);
	});
});

describe('front matter that is data', () => {
	it('is read with the words it has', () => {
		const text = 'license: apache-2.0\nlanguage:\n- en\n- no\ntags: &t [a, b]\nmore: *t\nn: 1.5\nempty:\nyes: true\n';
		expect({ ...readFrontMatter(text).metadata }).toEqual({
			license: 'apache-2.0',
			language: ['en', 'no'],
			tags: ['a', 'b'],
			more: ['a', 'b'],
			n: 1.5,
			empty: null,
			yes: true,
		});
	});

	it('is read also when a long evaluation table stands in it', () => {
		const rows = Array.from({ length: 4_000 }, (_, index) => `  - type: accuracy\n    value: ${index}`).join('\n');
		const text = `license: mit\nmodel-index:\n- name: x\n  results:\n${rows}\nlibrary_name: transformers\n`;
		expect({ ...readFrontMatter(text).metadata }).toEqual({ license: 'mit', library_name: 'transformers' });
	});

	it('of an empty block is empty', () => {
		expect(readFrontMatter('')).toEqual({ metadata: {}, warning: null });
	});

	it('is found with Windows line ends and a byte order mark', async () => {
		const card = await renderer.render('\ufeff---\r\nlicense: mit\r\n---\r\n# Title\r\n', place);
		expect(card.metadata).toEqual({ license: 'mit' });
		expect(card.html).toContain('Title</h3>');
	});

	it('a rule at the start of a card is not front matter', async () => {
		const card = await renderer.render('---\n\nJust a rule.', place);
		expect(card.metadata).toBeNull();
		expect(card.html).toContain('Just a rule.');
	});
});
