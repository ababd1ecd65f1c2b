// The list: a long one keeps few cards in the document, the keyboard reaches all of them, a new one shows at once.
import { beforeEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import BrowserFixture from './BrowserFixture.svelte';

const cards = () => document.querySelectorAll('[data-testid=model-card]');
const focused = () => document.activeElement?.getAttribute('data-index');

beforeEach(async () => {
	await page.viewport(1000, 700);
	scrollTo(0, 0);
});

describe('a long list', () => {
	it('has few cards in the document, wherever one scrolls', async () => {
		await render(BrowserFixture, { count: 3000 });
		await expect.poll(() => cards().length, { timeout: 10_000 }).toBeLessThan(100);
		for (const part of [0.3, 0.7, 1]) {
			scrollTo(0, part * document.documentElement.scrollHeight);
			const middle = () => document.elementFromPoint(200, 350)?.closest('[data-index]')?.getAttribute('data-index');
			await expect.poll(() => Number(middle() ?? 0)).toBeGreaterThan(part * 2700);
			expect(cards().length).toBeLessThan(100);
		}
	});

	it('is walked by keyboard to cards that do not exist yet', async () => {
		const { component } = await render(BrowserFixture, { count: 3000 });
		await expect.poll(() => cards().length).toBeLessThan(100);
		component.move(1);
		await expect.poll(focused).toBe('0');
		component.move(1);
		await expect.poll(focused).toBe('1');
		component.move(1500);
		await expect.poll(focused).toBe('1501');
		const box = document.activeElement?.getBoundingClientRect();
		expect(box?.top).toBeGreaterThanOrEqual(0);
		expect(box?.bottom).toBeLessThanOrEqual(700);
		component.move(9999);
		await expect.poll(focused).toBe('2999');
		expect(component.move(1)).toBe(false);
	});
});

describe('a list of ordinary length', () => {
	it('is whole in the document, for finding in the page', async () => {
		await render(BrowserFixture, { count: 300 });
		expect(cards()).toHaveLength(300);
	});

	it('gives way to another list within a few frames, longer or shorter', async () => {
		const shown = await render(BrowserFixture, { count: 50, author: 'a' });
		for (const [author, count] of [
			['b', 50],
			['c', 7],
			['d', 120],
			['e', 50],
		] as const) {
			await shown.rerender({ count, author });
			expect(cards()[0]?.textContent).toContain(`${author}/0`);
			await expect.poll(() => cards().length).toBe(count);
			await expect.poll(() => [...cards()].every((card) => card.textContent?.includes(`${author}/`))).toBe(true);
		}
	});
});

describe('an open card', () => {
	const place = (selector: string) => document.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect();
	const heads = () => [...document.querySelectorAll<HTMLElement>('[data-index]')];

	/** Indices of the cards in the order the eye meets them. */
	function seen(): number[] {
		const spots = heads().map((head) => ({ index: Number(head.dataset.index), box: head.getBoundingClientRect() }));
		return spots.sort((a, b) => a.box.top - b.box.top || a.box.left - b.box.left).map(({ index }) => index);
	}

	it.each([
		['a list', 30],
		['a long list', 3000],
	])('in %s keeps its place and its neighbours; its specs fill the row below', async (_, count) => {
		await page.viewport(1300, 800);
		const shown = await render(BrowserFixture, { count });
		await expect.poll(() => cards().length).toBeLessThan(100);
		const before = [0, 1, 2].map((index) => place(`[data-index="${index}"]`));
		await shown.getByRole('button', { name: 'Show specs' }).nth(1).click();
		await shown.getByRole('button', { name: 'Show specs' }).nth(1).click(); // the second of those still closed
		await expect.poll(() => place('[data-place="2"]').height).toBeGreaterThan(40);
		await expect.poll(() => place('[data-index="3"]').top).toBeGreaterThan(place('[data-place="2"]').bottom);
		expect([0, 1, 2].map((index) => place(`[data-index="${index}"]`))).toEqual(before);
		const [first, , last] = before;
		for (const index of [1, 2]) {
			expect(place(`[data-place="${index}"]`).left).toBe(first?.left);
			expect(place(`[data-place="${index}"]`).right).toBe(last?.right);
		}
		expect(place('[data-place="1"]').top).toBeGreaterThan(last?.bottom ?? NaN);
		expect(place('[data-place="2"]').top).toBeGreaterThan(place('[data-place="1"]').bottom);
		expect(place('[data-index="3"]').left).toBe(first?.left);
		expect(seen()).toEqual(seen().toSorted((a, b) => a - b));
	});
});
