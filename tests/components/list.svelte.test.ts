// Around the list: chips, the empty state, the search field, shortcuts.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { Shortcuts } from '#lib/client/keys.svelte.ts';
import OfflineBanner from '#lib/components/OfflineBanner.svelte';
import SearchField from '#lib/components/SearchField.svelte';
import SourceToggle from '#lib/components/SourceToggle.svelte';
import '../support/frame.ts';
import ListFixture from './ListFixture.svelte';
import { waysOut } from '#lib/core/active-filters.ts';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';

const query: ModelQuery = {
	...emptyQuery,
	q: 'chat',
	family: ['Qwen', 'Llama'],
	quantization: ['4'],
	max_params: 8e9,
	gated: false,
};

describe('chips', () => {
	it('stand for one choice each and link to the list without it', async () => {
		const chips = await render(ListFixture, { chips: { query, view: 'table' } });
		const found = chips.getByRole('link').elements();
		expect(found.map((chip) => chip.textContent?.trim())).toEqual([
			'Qwen',
			'Llama',
			'4-bit',
			'At most 8B',
			'No gate known',
			'Clear all',
		]);
		expect(found[0]?.getAttribute('href')).toBe(
			'/models?q=chat&family=Llama&quantization=4&gated=false&max_params=8000000000&view=table',
		);
		expect(found.at(-1)?.getAttribute('href')).toBe('/models?q=chat&view=table');
		await expect.element(chips.getByRole('link', { name: 'Remove filter: 4-bit' })).toBeVisible();
	});

	it('are not there without filters', async () => {
		const chips = await render(ListFixture, { chips: { query: { ...emptyQuery, q: 'chat' }, view: 'cards' } });
		expect(chips.container.querySelector('ul')).toBeNull();
	});
});

describe('the empty state', () => {
	const count = (asked: ModelQuery) => (asked.quantization.length === 0 ? 58 : asked.q === '' ? 7 : 0);

	it('names the filter that emptied the list and offers to drop it', async () => {
		const ways = waysOut(query, count);
		expect(ways.map(({ name, total }) => [name, total])).toEqual([
			['quantization', 58],
			['q', 7],
		]);
		const empty = await render(ListFixture, { empty: { query, source: 'hub', waysOut: ways, view: 'cards' } });
		await expect
			.element(empty.getByText('Nothing is left because of “4-bit”. Without it there are 58 models.'))
			.toBeVisible();
		const drop = empty.getByRole('link', { name: 'Drop “4-bit” (58)' });
		expect(drop.element().getAttribute('href')).not.toContain('quantization');
		await expect.element(empty.getByRole('link', { name: 'Drop the search for “chat” (7)' })).toBeVisible();
	});

	it('offers to clear all when no single filter is the reason', async () => {
		const empty = await render(ListFixture, { empty: { query, source: 'hub', waysOut: [], view: 'cards' } });
		await expect.element(empty.getByRole('link', { name: 'Clear all' })).toHaveAttribute('href', '/models');
	});

	it('points to the catalog when this machine has no models', async () => {
		const props = { query: emptyQuery, source: 'mine', waysOut: [], view: 'cards' } as const;
		const empty = await render(ListFixture, { empty: props });
		await expect.element(empty.getByRole('heading', { name: 'No models on this machine yet' })).toBeVisible();
		await expect
			.element(empty.getByRole('link', { name: 'Open the catalog' }))
			.toHaveAttribute('href', '/models?source=hub');
	});
});

describe('the search field', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => void vi.useRealTimers());

	async function field() {
		const onsearch = vi.fn<(text: string) => void>();
		const shown = await render(SearchField, { value: '', onsearch });
		const input = shown.getByRole('searchbox', { name: 'Search models' }).element();
		if (!(input instanceof HTMLInputElement)) throw new Error('no input');
		const type = (text: string) => {
			input.value = text;
			input.dispatchEvent(new InputEvent('input', { bubbles: true }));
		};
		return { shown, onsearch, input, type };
	}

	it('searches 200 ms after the last key, once', async () => {
		const { onsearch, type } = await field();
		type('q');
		await vi.advanceTimersByTimeAsync(150);
		type('qw');
		await vi.advanceTimersByTimeAsync(199);
		expect(onsearch).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(2);
		expect(onsearch).toHaveBeenCalledExactlyOnceWith('qw');
	});

	it('does not undo typing when the answer to an earlier text arrives, but follows going back', async () => {
		const { shown, onsearch, input, type } = await field();
		type('qw');
		await vi.advanceTimersByTimeAsync(250);
		type('qwen');
		await shown.rerender({ value: 'qw', onsearch });
		expect(input.value).toBe('qwen');
		await vi.advanceTimersByTimeAsync(250);
		await shown.rerender({ value: 'qwen', onsearch });
		await shown.rerender({ value: '', onsearch });
		expect(input.value).toBe('');
		expect(onsearch).toHaveBeenCalledTimes(2);
	});
});

describe('shortcuts', () => {
	it('answer keys, and rest while someone types, with modifiers, and for buttons', async () => {
		const next = vi.fn<() => void>();
		const enter = vi.fn<() => boolean>(() => true);
		const shortcuts = new Shortcuts([
			{ keys: ['j'], label: 'Next', run: next },
			{ keys: ['Enter'], label: 'Open', run: enter },
		]);
		document.body.insertAdjacentHTML(
			'beforeend',
			'<div id="keys"><input><button>b</button><article tabindex="-1"></article></div>',
		);
		window.addEventListener('keydown', shortcuts.handle);
		const focus = (selector: string) => document.querySelector<HTMLElement>(`#keys ${selector}`)?.focus();
		focus('article');
		await userEvent.keyboard('j{Enter}');
		expect([next.mock.calls.length, enter.mock.calls.length]).toEqual([1, 1]);
		await userEvent.keyboard('{Control>}j{/Control}');
		focus('input');
		await userEvent.keyboard('j{Enter}');
		focus('button');
		await userEvent.keyboard('{Enter}');
		expect([next.mock.calls.length, enter.mock.calls.length]).toEqual([1, 1]);
		window.removeEventListener('keydown', shortcuts.handle);
		document.querySelector('#keys')?.remove();
	});
});

describe('small ones', () => {
	it('the source toggle says which source is shown and how many each has', async () => {
		const counts = { mine: 3, catalog: 4631 };
		const toggle = await render(SourceToggle, { query, source: 'hub', counts, view: 'cards' });
		await expect.element(toggle.getByRole('link', { name: 'Catalog 4,631' })).toHaveAttribute('aria-current', 'true');
		const mine = toggle.getByRole('link', { name: 'My models 3' });
		expect(mine.element().getAttribute('href')).toContain('source=mine');
		expect(mine.element().hasAttribute('aria-current')).toBe(false);
	});

	it('the offline banner tells the age of the data', async () => {
		const nowMs = Date.parse('2026-11-21');
		const old = await render(OfflineBanner, { updatedAt: '2026-11-18', snapshotAsOf: '2026-05', nowMs });
		await expect
			.element(old.getByRole('status'))
			.toHaveTextContent('Offline: this is the catalog of 3 days ago (18 Nov 2026).');
		const never = await render(OfflineBanner, { updatedAt: null, snapshotAsOf: '2026-05', nowMs });
		const line = never.getByText('Offline: this is the snapshot that came with Modeldex, as of May 2026.');
		await expect.element(line).toBeVisible();
	});
});
