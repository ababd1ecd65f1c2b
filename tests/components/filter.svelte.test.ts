// The filter modal: choices, live count, apply, clear, cancel, and the keyboard.
import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { sizeAt, sizeSteps, stepOf } from '#lib/components/size-scale.ts';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';
import { listPage } from '../support/models.ts';
import FilterFixture from './FilterFixture.svelte';
import '../support/frame.ts';

const facets = listPage({
	facets: {
		family: [
			{ value: 'Qwen', count: 120 },
			{ value: 'Unknown', count: 90 },
			{ value: 'Llama', count: 80 },
		],
		quantization: [{ value: '4', count: 33 }],
		license: [
			{ value: 'apache-2.0', count: 60 },
			{ value: 'mit', count: 20 },
		],
	},
}).facets;

async function open(query: Partial<ModelQuery> = {}) {
	const onapply = vi.fn<(query: ModelQuery) => void>();
	const onclose = vi.fn<() => void>();
	const count = vi.fn(async (asked: ModelQuery) => listPage({ total: asked.family.length > 0 ? 312 : 5104, facets }));
	const props = { open: true, query: { ...emptyQuery, ...query }, facets, total: 5104, count, onclose, onapply };
	return { modal: await render(FilterFixture, props), onapply, onclose, count };
}

type Opened = Awaited<ReturnType<typeof open>>['modal'];

describe('FilterModal', () => {
	it('is a dialog called Filter Models with its groups', async () => {
		const { modal } = await open();
		await expect.element(modal.getByRole('dialog', { name: 'Filter Models' })).toBeVisible();
		for (const name of ['Architecture', 'Quantization', 'Licence', 'Size', 'Runs here']) {
			await expect.element(modal.getByRole('group', { name })).toBeInTheDocument();
		}
		for (const name of ['Any', 'Text-only', 'Multimodal']) {
			await expect.element(modal.getByRole('radio', { name }).first()).toBeInTheDocument();
		}
		for (const name of ['2-bit', '3-bit', '4-bit', '5-bit', '6-bit', '8-bit', 'fp16', 'Other']) {
			await expect.element(modal.getByRole('checkbox', { name, exact: true })).toBeInTheDocument();
		}
		await expect.element(modal.getByText('5,104 models')).toBeVisible();
	});

	it('lists architectures with counts, Unknown last, and finds them by name', async () => {
		const { modal } = await open();
		const names = () =>
			[...modal.getByRole('group', { name: 'Architecture' }).element().querySelectorAll('label')].map(
				(l) => l.textContent,
			);
		expect(names()).toEqual(['Qwen', 'Llama', 'Unknown']);
		await expect.element(modal.getByText('120', { exact: true })).toBeVisible();
		await modal.getByRole('searchbox', { name: 'Search architectures' }).fill('lla');
		await expect.poll(names).toEqual(['Llama']);
	});

	it('counts what is chosen while choosing, and applies exactly that', async () => {
		const { modal, onapply, count } = await open({ q: 'chat', sort: 'likes' });
		await modal.getByRole('checkbox', { name: 'Qwen' }).click();
		await modal.getByRole('checkbox', { name: '4-bit' }).click();
		await modal.getByRole('radio', { name: 'Multimodal' }).click();
		await modal.getByRole('radio', { name: 'Gated' }).click();
		await modal.getByRole('checkbox', { name: 'MIT' }).click();
		await modal.getByRole('combobox', { name: 'Context, at least' }).selectOptions('32768');
		await modal.getByRole('textbox', { name: 'At most, parameters' }).fill('8B');
		await expect.element(modal.getByText('312 models')).toBeVisible();
		expect(count.mock.lastCall?.[0]).toMatchObject({ family: ['Qwen'], limit: 1 });
		await modal.getByRole('button', { name: 'Apply' }).click();
		expect(onapply).toHaveBeenCalledExactlyOnceWith({
			...emptyQuery,
			q: 'chat',
			sort: 'likes',
			family: ['Qwen'],
			quantization: ['4'],
			modality: 'multimodal',
			gated: true,
			license: ['mit'],
			min_context: 32_768,
			max_params: 8e9,
		});
	});

	it('begins with what is applied, and clears all of it but not the search', async () => {
		const { modal, onapply } = await open({ q: 'chat', family: ['Qwen'], quantization: ['4'], min_params: 1e9 });
		await expect.element(modal.getByRole('checkbox', { name: 'Qwen' })).toBeChecked();
		await expect.element(modal.getByRole('textbox', { name: 'At least, parameters' })).toHaveValue('1B');
		await modal.getByRole('button', { name: 'Clear all' }).click();
		await expect.element(modal.getByRole('checkbox', { name: 'Qwen' })).not.toBeChecked();
		await expect.element(modal.getByRole('textbox', { name: 'At least, parameters' })).toHaveValue('');
		await modal.getByRole('button', { name: 'Apply' }).click();
		expect(onapply).toHaveBeenCalledExactlyOnceWith({ ...emptyQuery, q: 'chat' });
	});

	it.each([
		['Cancel', (modal: Opened) => modal.getByRole('button', { name: 'Cancel' }).click()],
		['Close', (modal: Opened) => modal.getByRole('button', { name: 'Close' }).click()],
		['Esc', () => userEvent.keyboard('{Escape}')],
	])('changes nothing on %s', async (_name, leave) => {
		const { modal, onclose, onapply } = await open();
		await modal.getByRole('checkbox', { name: 'Qwen' }).click();
		await leave(modal);
		expect(onclose).toHaveBeenCalledOnce();
		expect(onapply).not.toHaveBeenCalled();
	});

	it('applies on Enter from a check box and from a field, toggles on Space', async () => {
		const { modal, onapply } = await open();
		const box = modal.getByRole('checkbox', { name: 'Llama' });
		box.element().focus();
		await userEvent.keyboard(' ');
		await expect.element(box).toBeChecked();
		await userEvent.keyboard('{Enter}');
		expect(onapply).toHaveBeenCalledExactlyOnceWith({ ...emptyQuery, family: ['Llama'] });
		await modal.getByRole('textbox', { name: 'At least, parameters' }).fill('7b');
		await userEvent.keyboard('{Enter}');
		expect(onapply.mock.lastCall?.[0]).toMatchObject({ min_params: 7e9 });
	});

	it('keeps the focus inside', async () => {
		const { modal } = await open();
		const dialog = modal.getByRole('dialog').element();
		const visited = new Set<Element | null>();
		for (let press = 0; press < 60; press += 1) {
			await userEvent.keyboard('{Tab}');
			expect(dialog.contains(document.activeElement)).toBe(true);
			visited.add(document.activeElement);
		}
		expect(visited.size, 'the focus moves').toBeGreaterThan(10);
	});

	it('refuses a size it cannot read and ends that cross, with a sentence', async () => {
		const { modal, onapply } = await open();
		await modal.getByRole('textbox', { name: 'At least, parameters' }).fill('big');
		await expect.element(modal.getByRole('alert')).toHaveTextContent('Write sizes such as 7B');
		await expect.element(modal.getByRole('button', { name: 'Apply' })).toBeDisabled();
		await userEvent.keyboard('{Enter}');
		expect(onapply).not.toHaveBeenCalled();
		await modal.getByRole('textbox', { name: 'At least, parameters' }).fill('9B');
		await modal.getByRole('textbox', { name: 'At most, parameters' }).fill('1B');
		await expect.element(modal.getByRole('alert')).toHaveTextContent('above the largest');
		await modal.getByRole('textbox', { name: 'At most, parameters' }).fill('10B');
		await expect.element(modal.getByRole('button', { name: 'Apply' })).toBeEnabled();
	});

	it('moves both ends of the size by keyboard', async () => {
		const { modal, onapply } = await open();
		const low = modal.getByRole('slider', { name: 'Smallest size' });
		await expect.element(low).toHaveAttribute('aria-valuetext', 'no lower limit');
		low.element().focus();
		await userEvent.keyboard('{ArrowRight}');
		await expect.element(modal.getByRole('textbox', { name: 'At least, parameters' })).toHaveValue('11M');
		await userEvent.keyboard('{Enter}');
		expect(onapply.mock.lastCall?.[0]).toMatchObject({ min_params: 11_000_000, max_params: null });
	});

	it('says when the count is not available, and still applies', async () => {
		const { modal, onapply, count } = await open();
		count.mockRejectedValue(new Error('down'));
		await modal.getByRole('checkbox', { name: 'Qwen' }).click();
		await expect.element(modal.getByText('Count not available')).toBeVisible();
		await modal.getByRole('button', { name: 'Apply' }).click();
		expect(onapply).toHaveBeenCalledOnce();
	});

	it('never lets an older count overwrite a newer one', async () => {
		const { modal, count } = await open();
		const answers: ((total: number) => void)[] = [];
		count.mockImplementation(() => new Promise((done) => answers.push((total) => done(listPage({ total, facets })))));
		await modal.getByRole('checkbox', { name: 'Qwen' }).click();
		await expect.poll(() => answers.length).toBe(1);
		await modal.getByRole('checkbox', { name: 'Llama' }).click();
		await expect.poll(() => answers.length).toBe(2);
		answers[1]?.(200);
		await expect.element(modal.getByText('200 models')).toBeVisible();
		answers[0]?.(120);
		await new Promise((done) => requestAnimationFrame(done));
		await expect.element(modal.getByText('200 models')).toBeVisible();
	});
});

describe('the size scale', () => {
	it('goes from 10 million to a trillion and back, in sizes people write', () => {
		expect([sizeAt(0), sizeAt(40), sizeAt(sizeSteps)]).toEqual([1e7, 1e9, 1e12]);
		for (let step = 0; step <= sizeSteps; step += 1) expect(stepOf(sizeAt(step))).toBe(step);
		expect([stepOf(1), stepOf(1e15)]).toEqual([0, sizeSteps]);
	});

	it('asks for what runs and what fits the chosen device, with the context chosen in the head', async () => {
		const { modal, onapply } = await open();
		await modal.getByRole('combobox', { name: 'Runtime' }).selectOptions('vllm');
		await modal.getByRole('checkbox', { name: 'Show incompatible models (advanced)' }).click();
		await modal.getByRole('combobox', { name: 'Memory' }).selectOptions('Fits Box');
		await expect.element(modal.getByText('With room for 8k tokens of context.')).toBeVisible();
		await modal.getByRole('button', { name: 'Apply' }).click();
		expect(onapply.mock.calls[0]?.[0]).toMatchObject({
			runtime: 'vllm',
			show_incompatible: true,
			fits: 'box',
			context: 8192,
		});
	});
});
