// Hostile cards through the renderer, judged by what a real browser makes of the result.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { cardVectors } from '../support/card-vectors.ts';

const place = { hub: 'https://huggingface.co', id: 'org/model', revision: 'main' };
const renderer = new CardRenderer();
const rendered: { name: string; html: string }[] = [];

const elements = new Set(
	(
		'a abbr address article aside b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div ' +
		'dl dt em figcaption figure footer h3 h4 h5 h6 header hr i ins kbd li mark ol p pre q s samp section small span ' +
		'strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr'
	).split(' '),
);
const attributes = new Set(
	'align class colspan dir href id lang open rel reversed rowspan scope start target title'.split(' '),
);

beforeAll(async () => {
	for (const { name, text } of cardVectors) rendered.push({ name, html: (await renderer.render(text, place)).html });
});
afterAll(() => renderer.close());

describe('hostile cards', () => {
	it('are at least 200', () => {
		expect(cardVectors.length).toBeGreaterThanOrEqual(200);
	});

	it('leave no element, handler or address that could act', () => {
		const bad = rendered.filter(({ html }) => {
			const tags = [...html.matchAll(/<\/?([^\s>/]+)/g)].map((match) => match[1] ?? '');
			const opened = [...html.matchAll(/<[a-z][^>]*>/g)].map((match) => match[0].replace(/"[^"]*"/g, '""'));
			const names = opened.flatMap((tag) => [...tag.matchAll(/\s([^\s=>/]+)/g)].map((match) => match[1] ?? ''));
			const addresses = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '');
			return (
				tags.some((tag) => !elements.has(tag)) ||
				names.some((name) => !attributes.has(name)) ||
				addresses.some((address) => !/^(https?:\/\/|mailto:|#card-)/.test(address))
			);
		});
		expect(bad).toEqual([]);
	});
});

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

interface Report {
	sections: number;
	hits: number;
	wrong: string[];
	clobbered: string[];
}

/** Runs in the page: what the browser's own parser made of the cards, after every element was poked. */
function inspect(): Report {
	const wrong: string[] = [];
	for (const section of document.querySelectorAll('section[data-card]')) {
		for (const element of section.querySelectorAll('*')) {
			for (const type of ['click', 'focus', 'mouseover', 'pointerenter', 'animationstart', 'toggle', 'error', 'load']) {
				element.dispatchEvent(new Event(type, { cancelable: true }));
			}
			for (const { name, value } of element.attributes) {
				const bad =
					name.startsWith('on') || name === 'style' || name === 'src' || (name === 'id' && !/^card-/.test(value));
				if (bad) wrong.push(`${element.localName} ${name}=${value}`);
			}
			const outward = element instanceof HTMLAnchorElement && element.href !== '' && !element.hash.startsWith('#card-');
			if (outward && !/noopener noreferrer nofollow/.test(element.rel)) wrong.push(element.outerHTML);
			if (outward && !/^(https?|mailto):$/.test(element.protocol)) wrong.push(element.outerHTML);
			if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml') wrong.push(element.outerHTML);
		}
	}
	const names = ['config', 'svelte', '__sveltekit_data', 'x'];
	const clobbered = names.filter((name) => Reflect.get(window, name) !== undefined);
	const hits = Number(Reflect.get(window, 'hits'));
	return { sections: document.querySelectorAll('section[data-card]').length, hits, wrong, clobbered };
}

describe.skipIf(!existsSync(executablePath))('hostile cards in a browser', () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic'] });
	});
	afterAll(() => browser.close());

	it('[S45] run no script and reach no host', async () => {
		const page = await browser.newPage();
		const requests: string[] = [];
		await page.route('**/*', (route) => {
			requests.push(route.request().url());
			return route.abort();
		});
		const dialogs: string[] = [];
		page.on('dialog', (dialog) => {
			dialogs.push(dialog.message());
			void dialog.dismiss();
		});
		const cards = rendered.map(({ html }, index) => `<section data-card="${index}">${html}</section>`).join('\n');
		const guard = '<script>window.hits = 0; window.alert = () => { window.hits += 1; };</script>';
		await page.setContent(`<!doctype html><title>cards</title>${guard}<main>${cards}</main>`);
		const report = await page.evaluate(inspect);
		expect(report).toEqual({ sections: cardVectors.length, hits: 0, wrong: [], clobbered: [] });
		expect({ requests, dialogs }).toEqual({ requests: [], dialogs: [] });
	});

	it('notices a script that does run, so that the check above means something', async () => {
		const page = await browser.newPage();
		await page.setContent(
			'<script>window.hits = 0; window.alert = () => { window.hits += 1; };</script><img src=x: onerror=alert(1)>',
		);
		await page.waitForFunction(() => Number(Reflect.get(window, 'hits')) > 0);
		expect((await page.evaluate(inspect)).hits).toBe(1);
	});
});

describe('what an author may use', () => {
	it('survives', async () => {
		const text = [
			'# One\n\n## Two\n\nSome *em*, **strong**, ~~del~~, `code`, <kbd>k</kbd>, H<sub>2</sub>O, x<sup>2</sup>.',
			'> quote\n\n1. a\n2. b\n\n- c\n  - d\n\n---\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n```python\nprint("<b>")\n```',
			'<details open><summary>More</summary>\n\ninside\n\n</details>',
			'<p align="center">middle</p>\n\n<table><tr><td colspan="2">wide</td></tr></table>',
		].join('\n\n');
		const { html } = await renderer.render(text, place);
		for (const tag of 'h3 h4 em strong del code kbd sub sup blockquote ol ul li hr table th td pre details summary'.split(
			' ',
		)) {
			expect(html).toMatch(new RegExp(`<${tag}[ >/]`));
		}
		expect(html).toContain('<code class="language-python">print("&lt;b&gt;")');
		expect(html).toContain('<p align="center">middle</p>');
		expect(html).toContain('<td colspan="2">wide</td>');
		expect(html).toContain('<details open>');
	});

	it('keeps special tokens readable as text', async () => {
		const { html } = await renderer.render('It writes <think> and <|im_start|> before it answers.', place);
		expect(html).toBe('<p>It writes &lt;think&gt; and &lt;|im_start|&gt; before it answers.</p>\n');
	});

	it('says what a marked quote is', async () => {
		const { html } = await renderer.render('> [!WARNING]\n> Mind the gap.', place);
		expect(html).toBe('<blockquote>\n<p><strong>Warning:</strong> Mind the gap.</p>\n</blockquote>\n');
	});

	it('[S46] turns pictures into links that name their host, also inside links', async () => {
		const one = await renderer.render('![A chart](images/chart.png)', place);
		expect(one.html).toContain('href="https://huggingface.co/org/model/resolve/main/images/chart.png"');
		expect(one.html).toContain('>[Image: A chart — huggingface.co]</a>');
		const badge = await renderer.render('[![badge](https://img.example/b.svg)](https://project.example/)', place);
		expect(badge.html).toMatch(
			/<a href="https:\/\/project.example\/"[^>]*><span class="card-media">\[Image: badge\]<\/span><\/a>/,
		);
	});

	it('resolves relative links to the Hub and keeps links to its own sections', async () => {
		const { html, headings } = await renderer.render(
			'[a](./docs/a.md) [b](/other/model) [c](#how-to-use)\n\n## How to use',
			place,
		);
		expect(html).toContain('href="https://huggingface.co/org/model/blob/main/docs/a.md"');
		expect(html).toContain('href="https://huggingface.co/other/model"');
		expect(html).toContain('<a href="#card-how-to-use">c</a>');
		expect(headings).toEqual([{ depth: 2, id: 'card-how-to-use', text: 'How to use' }]);
	});
});
