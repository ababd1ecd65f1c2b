// The menu of chat models: who is in it, how it is searched, and that it grows under one's hands.
import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { ModelEntry } from '#lib/core/model.ts';
import { encoder, gen } from '../support/discovery-messages.ts';
import { entry } from '../support/models.ts';
import ChatMenuFixture from './ChatMenuFixture.svelte';

const qwen = (name: string, downloads: number, part: Partial<ModelEntry> = {}) =>
	gen(`Qwen/${name}`, { architecture_family: 'Qwen', downloads, ...part });
const few = [
	qwen('Qwen3-8B', 900, { parameters_total: 8.2e9 }),
	gen('meta-llama/Llama-3.1-8B', { downloads: 500, gated: 'manual' }),
	qwen('Qwen3-0.6B', 100),
	gen('odd/Thing', { architecture_family: 'Unknown', downloads: 1 }),
	encoder('sentence-transformers/all-MiniLM-L6-v2'),
	entry({ id: 'locked/Chat-1B', classification: 'auth-protected' }),
	gen('shaky/Writer', { confidence: 'low' }),
	entry({ id: 'mystery/Tiny-Instruct' }),
	entry({ id: 'mystery/thing' }),
];

const field = () => page.getByRole('combobox', { name: 'Chat model' });
const options = () =>
	page
		.getByRole('option')
		.elements()
		.map((option) => option.getAttribute('data-value'));
const highlighted = () => document.querySelector('[role=option][data-highlighted]')?.getAttribute('data-value');

async function opened(props: { first: readonly ModelEntry[]; showLowConfidence?: boolean }) {
	const chosen: string[] = [];
	const shown = await render(ChatMenuFixture, { ...props, onchoose: (id: string) => void chosen.push(id) });
	await field().click();
	await expect.element(page.getByRole('listbox')).toBeVisible();
	return { shown, chosen };
}

describe('the menu of chat models', () => {
	it('is not built before there is a model to choose', async () => {
		const shown = await render(ChatMenuFixture, {
			first: few.filter(({ classification }) => classification !== 'gen'),
		});
		await expect.element(shown.getByText('No model to chat with has been found yet.')).toBeVisible();
		expect(field().query()).toBeNull();
		shown.component.add([qwen('Qwen3-8B', 1)]);
		await expect.element(field()).toHaveAttribute('placeholder', 'Search 1 model');
	});

	it('holds models that write text, by family, the most used first, and never an encoder', async () => {
		await opened({ first: few });
		expect(options()).toEqual(['Qwen/Qwen3-8B', 'Qwen/Qwen3-0.6B', 'meta-llama/Llama-3.1-8B', 'odd/Thing']);
		const groups = page.getByRole('group').elements();
		expect(groups.map((group) => group.firstElementChild?.textContent?.trim())).toEqual([
			'Qwen',
			'Llama',
			'Other architectures',
		]);
		await expect.element(page.getByRole('option', { name: /Qwen3-8B/ })).toHaveTextContent('8.2B');
		await expect.element(page.getByRole('option', { name: /Llama-3.1/ })).toHaveTextContent('Gated');
	});

	it('shows those of low confidence and guesses only when asked, and marks them in words', async () => {
		await opened({ first: few, showLowConfidence: true });
		expect(options()).toHaveLength(6);
		await expect.element(page.getByRole('option', { name: /shaky/ })).toHaveTextContent('Low confidence');
		await expect.element(page.getByRole('option', { name: /mystery/ })).toHaveTextContent('Guess from the name');
		expect(options()).not.toContain('sentence-transformers/all-MiniLM-L6-v2');
		expect(options()).not.toContain('locked/Chat-1B');
	});

	it('finds by typing, and chooses by keyboard', async () => {
		const { chosen } = await opened({ first: few });
		await userEvent.keyboard('llama');
		await expect.poll(options).toEqual(['meta-llama/Llama-3.1-8B']);
		await userEvent.keyboard('{Enter}');
		await expect.element(page.getByRole('status')).toHaveTextContent('meta-llama/Llama-3.1-8B');
		await expect.element(field()).toHaveValue('meta-llama/Llama-3.1-8B');
		expect(chosen).toEqual(['meta-llama/Llama-3.1-8B']);
		await userEvent.keyboard('xyz');
		await expect.element(page.getByText('No model is called that.')).toBeVisible();
		await userEvent.keyboard('{Escape}');
		await expect.element(field()).toHaveValue('meta-llama/Llama-3.1-8B');
		await field().click();
		await expect.poll(options).toHaveLength(4);
	});

	it('grows while it is open, and leaves focus, typed text and highlight where they are', async () => {
		const { shown } = await opened({ first: few });
		await userEvent.keyboard('qwen');
		await userEvent.keyboard('{ArrowDown}');
		await expect.poll(highlighted).toBe('Qwen/Qwen3-0.6B');
		const nodes = page.getByRole('option').elements();
		shown.component.add([qwen('Qwen9-Huge', 1e9), qwen('Qwen2-Old', 5), gen('a/NotThat')]);
		flushSync();
		await expect.poll(options).toEqual(['Qwen/Qwen3-8B', 'Qwen/Qwen3-0.6B', 'Qwen/Qwen9-Huge', 'Qwen/Qwen2-Old']);
		expect(page.getByRole('option').elements().slice(0, 2)).toEqual(nodes);
		expect(highlighted()).toBe('Qwen/Qwen3-0.6B');
		await expect.element(field()).toHaveFocus();
		await expect.element(field()).toHaveValue('qwen');
		await userEvent.keyboard('{Enter}');
		await expect.element(field()).toHaveValue('Qwen/Qwen3-0.6B');
	});

	it('stays small with thousands, says how many more there are, and finds each of them', async () => {
		const many = Array.from({ length: 5_000 }, (_, at) => gen(`lab/model-${at}`, { downloads: 5_000 - at }));
		const { shown } = await opened({ first: many });
		expect(options()).toHaveLength(100);
		await expect.element(page.getByText('Type to narrow: 4,900 more')).toBeVisible();
		shown.component.set([...many, gen('lab/newest', { downloads: 1e9 })]);
		await expect.element(page.getByText('Type to narrow: 4,901 more')).toBeVisible();
		expect(options()[0]).toBe('lab/model-0');
		await userEvent.keyboard('model-4999');
		await expect.poll(options).toEqual(['lab/model-4999']);
		await userEvent.keyboard('{Escape}');
		await field().click();
		await expect.poll(() => options()[0]).toBe('lab/newest');
	});
});
