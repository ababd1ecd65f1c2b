// A card: badges in every state, specs on demand, and where each fact was read.
import { describe, expect, it } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { ConfigLine } from '#lib/client/api.ts';
import type { ConfigReader } from '#lib/client/characteristics.svelte.ts';
import type { ModelCharacteristics, ModelEntry } from '#lib/core/model.ts';
import { characteristics, entry, qwen } from '../support/models.ts';
import { testPlace } from '../support/place.svelte.ts';
import CardFixture from './CardFixture.svelte';
// Loaded when first needed; here beforehand, so that no test waits for it to be compiled.
import '#lib/components/EvidenceNote.svelte';

const never: ConfigReader = async function* () {
	await new Promise(() => {});
	yield { id: '', error: { code: '', message: '' } };
};

function answers(...lines: (ConfigLine | ModelCharacteristics)[]): ConfigReader {
	let turn = 0;
	return async function* () {
		const line = lines[Math.min(turn, lines.length - 1)];
		turn += 1;
		if (line !== undefined) yield 'fetched_at' in line ? { id: line.id, characteristics: line } : line;
	};
}

const show = (model: ModelEntry, read: ConfigReader = never) => render(CardFixture, { entry: model, read });

describe('badges', () => {
	it('fills from the list row at once and keeps room for the rest', async () => {
		const card = await show(entry({ id: 'a/b', architecture_family: 'Llama', parameters_total: 8_030_261_248 }));
		await expect.element(card.getByText('Llama', { exact: true })).toBeVisible();
		await expect.element(card.getByText('8B', { exact: true })).toBeVisible();
		expect(card.container.querySelectorAll('[data-skeleton]')).toHaveLength(2);
	});

	it('shows the values themselves in the colours of their meaning when the config was read', async () => {
		const card = await show(qwen.entry, answers(qwen.characteristics));
		for (const text of ['Qwen', '8.2B', '40,960 ctx', '4-bit']) {
			await expect.element(card.getByText(text, { exact: true })).toBeVisible();
		}
		const tones = [...card.container.querySelectorAll('[data-tone]')].map((badge) => badge.getAttribute('data-tone'));
		expect(tones).toEqual(['architecture', 'neutral', 'neutral', 'quantization']);
		expect(card.container.querySelectorAll('[data-skeleton]')).toHaveLength(0);
		await expect.element(card.getByText('· MLX')).toBeVisible();
	});

	it('does not change its height when badges arrive', async () => {
		let arrive = () => {};
		const gate = new Promise<void>((done) => (arrive = done));
		const card = await show(qwen.entry, async function* () {
			await gate;
			yield { id: qwen.entry.id, characteristics: qwen.characteristics };
		});
		await expect.poll(() => card.container.querySelectorAll('[data-skeleton]').length).toBe(4);
		const before = card.getByRole('article').element().getBoundingClientRect().height;
		arrive();
		await expect.element(card.getByText('Qwen', { exact: true })).toBeVisible();
		expect(card.getByRole('article').element().getBoundingClientRect().height).toBe(before);
	});

	it('says Unknown with a dashed badge when the config does not say', async () => {
		const card = await show(entry({ id: 'a/b' }), answers(characteristics({ id: 'a/b' })));
		await expect.element(card.getByText('Unknown', { exact: true })).toBeVisible();
		expect(card.container.querySelector('[data-tone=unknown]')?.className).toContain('border-dashed');
		expect(card.container.querySelectorAll('[data-tone]')).toHaveLength(1);
	});

	it.each([
		['vision', 'vision'],
		['audio', 'audio'],
		['vision-audio', 'vision + audio'],
		[null, 'multimodal'],
	] as const)('marks multimodal input %s in green', async (type, text) => {
		const read = characteristics({ id: 'a/b', is_multimodal: true, multimodal_type: type });
		const card = await show(entry({ id: 'a/b' }), answers(read));
		await expect.element(card.getByText(text, { exact: true })).toBeVisible();
		expect(card.container.querySelector('[data-tone=modality]')?.textContent?.trim()).toBe(text);
	});

	it('calls 16-bit weights not quantized, and a method without bits by its name', async () => {
		const plain = await show(entry({ id: 'a/b', quantization: 'fp16' }));
		await expect.element(plain.getByTitle('Not quantized: 16-bit weights')).toHaveTextContent('16-bit');
		const file = await show(entry({ id: 'a/c', quantization: 'other', quantization_method: 'gguf' }));
		await expect.element(file.getByText('GGUF', { exact: true })).toBeVisible();
	});

	it('marks a size that was only guessed', async () => {
		const guess = characteristics({ id: 'a/b', parameters: { total: 7e9, active: null, source: 'name' } });
		const card = await show(entry({ id: 'a/b' }), answers(guess));
		await expect.element(card.getByTitle('7,000,000,000 parameters, guessed from the name')).toHaveTextContent('≈ 7B');
	});

	it('shows an error with its reason, and a retry that works', async () => {
		const error = { id: qwen.entry.id, error: { code: 'hub_timeout', message: 'The Hub did not answer.' } };
		const card = await show(qwen.entry, answers(error, qwen.characteristics));
		await expect.element(card.getByText('Hub too slow')).toBeVisible();
		expect(card.container.querySelectorAll('[data-skeleton]')).toHaveLength(0);
		await card.getByRole('button', { name: 'Retry' }).click();
		await expect.element(card.getByText('4-bit', { exact: true })).toBeVisible();
		await expect.element(card.getByText('Hub too slow')).not.toBeInTheDocument();
	});
});

describe('the rest of a card', () => {
	it('has a name that links to the model, figures in words for screen readers, licence and date', async () => {
		const card = await show({ ...qwen.entry, gated: 'manual' });
		const link = card.getByRole('link', { name: 'mlx-community/Qwen3-8B-4bit' });
		await expect.element(link).toHaveAttribute('href', '/models/mlx-community/Qwen3-8B-4bit');
		await expect.element(link).toHaveAttribute('title', 'mlx-community/Qwen3-8B-4bit');
		await expect.element(card.getByTitle('11,100,000 downloads in the last 30 days')).toHaveTextContent('11.1M');
		await expect.element(card.getByTitle('1,100 likes')).toHaveTextContent('1.1k');
		await expect.element(card.getByTitle('Gated: accept the licence on the Hub')).toHaveTextContent('Gated');
		await expect.element(card.getByText('Apache 2.0')).toBeVisible();
		await expect.element(card.getByText('Apr 2025')).toBeVisible();
		await expect.element(card.getByRole('article', { name: 'mlx-community/Qwen3-8B-4bit' })).toBeVisible();
	});

	it('leaves out figures that are unknown instead of showing zero', async () => {
		const card = await show(entry({ id: 'gpt2' }), answers(characteristics({ id: 'gpt2' })));
		await expect.element(card.getByText('Unknown', { exact: true })).toBeVisible();
		expect(card.getByRole('article').element().textContent).not.toMatch(/likes|downloads|Gated|\d0/);
	});
});

describe('specs', () => {
	it('open and close with a button that says which', async () => {
		const card = await show(qwen.entry, answers(qwen.characteristics));
		const button = card.getByRole('button', { name: 'Show specs' });
		await expect.element(button).toHaveAttribute('aria-expanded', 'false');
		await button.click();
		await expect.element(card.getByRole('button', { name: 'Hide specs' })).toHaveAttribute('aria-expanded', 'true');
		await expect.element(card.getByText('40,960 tokens').first()).toBeVisible();
		await expect.element(card.getByRole('region', { name: 'Parameters & memory' })).toBeVisible();
		await expect.element(card.getByText('Experts')).not.toBeInTheDocument();
		await card.getByRole('button', { name: 'Hide specs' }).click();
		await expect.element(card.getByTestId('specs-panel')).not.toBeInTheDocument();
	});

	it('say what went wrong when the config could not be read', async () => {
		const error = { id: qwen.entry.id, error: { code: 'offline', message: 'Offline, and not read before.' } };
		const card = await show(qwen.entry, answers(error));
		await card.getByRole('button', { name: 'Show specs' }).click();
		await expect.element(card.getByText('Offline, and not read before.')).toBeVisible();
	});

	it('say once what to do about a gate', async () => {
		const gate = `${qwen.entry.id} is gated: accept its conditions at https://hub.test and set HF_TOKEN.`;
		const read = { ...qwen.characteristics, config_status: 'gated' as const, warnings: [gate] };
		const card = await show({ ...qwen.entry, gated: 'manual' }, answers(read));
		await card.getByRole('button', { name: 'Show specs' }).click();
		await expect.element(card.getByText(gate)).toBeVisible();
		expect(
			card
				.getByTestId('specs-panel')
				.element()
				.textContent?.match(/accept/g),
		).toHaveLength(1);
	});

	it('tell where a fact was read, what else claims otherwise, and give the focus back', async () => {
		const card = await show(qwen.entry, answers(qwen.characteristics));
		await card.getByRole('button', { name: 'Show specs' }).click();
		const dot = card.getByRole('button', { name: 'Where from? Context window' });
		await dot.click();
		const note = card.getByRole('dialog', { name: 'Where from? Context window' });
		await expect.element(note).toBeVisible();
		for (const text of ['config.json', 'max_position_embeddings', 'the position limit, not scaled', '40960']) {
			await expect.element(note.getByText(text, { exact: true })).toBeVisible();
		}
		await expect.element(note.getByText('Places disagree; 40960 was kept')).toBeVisible();
		await expect.element(note.getByText('in tokenizer_config.json, model_max_length')).toBeVisible();
		await userEvent.keyboard('{Escape}');
		await expect.element(note).not.toBeInTheDocument();
		await expect.element(dot).toHaveFocus();
	});

	it('say so when nothing was kept about a fact', async () => {
		const card = await show(qwen.entry, answers(qwen.characteristics));
		await card.getByRole('button', { name: 'Show specs' }).click();
		await card.getByRole('button', { name: 'Where from? Layers' }).click();
		await expect.element(card.getByText('Nothing was kept about where this value was read.')).toBeVisible();
	});
});

describe('the fit line', () => {
	const facts = {
		weights_bytes: 5 * 1024 ** 3,
		weights_band: 0,
		vision_bytes: 0,
		active_bytes: null,
		kv_bytes_per_token: null,
		kv_window_bytes_per_token: null,
		kv_window_tokens: null,
		kv_state_bytes: null,
	};
	const cache = { kv_bytes_per_token: 65_536, kv_window_bytes_per_token: 0, kv_window_tokens: 0, kv_state_bytes: 0 };

	it('is unknown while the layers are, and known once the config was read', async () => {
		const read = characteristics({ id: 'a/b', fit: { ...facts, weights_bytes: null, ...cache } });
		const unread = await show(entry({ id: 'a/b', fit: facts }));
		await expect.element(unread.getByTestId('fit-line')).toHaveTextContent('Fit unknown');
		await unread.unmount();
		const card = await show(entry({ id: 'a/b', fit: facts }), answers(read));
		await expect.element(card.getByTestId('fit-line')).toHaveTextContent(/^Fits · 6(\.\d)? of 16 GiB at 8k$/);
	});

	it('names the weights if 16-bit where only the parameters are known, and calls the fit unknown', async () => {
		const known = { id: 'a/b', model_type: 'llama', parameters_total: 8_030_261_248, fit: null };
		const plain = await render(CardFixture, { entry: entry(known), read: never, place: testPlace() });
		await expect.element(plain.getByTestId('fit-line')).toHaveTextContent('Fit unknown · 15 GiB if 16-bit');
		const title = plain.getByTestId('fit-line').element().getAttribute('title');
		expect(title).toMatch(/^Unknown: .*If 16-bit, they are 15 GiB/);
		await plain.unmount();
		const packed = entry({ ...known, id: 'a/b-GPTQ' });
		const card = await render(CardFixture, { entry: packed, read: never, place: testPlace() });
		await expect.element(card.getByTestId('fit-line')).toHaveTextContent(/^Fit unknown$/);
	});

	it('follows the place', async () => {
		const place = testPlace();
		const card = await render(CardFixture, {
			entry: entry({ id: 'a/b', fit: { ...facts, ...cache } }),
			read: never,
			place,
		});
		await expect.element(card.getByTestId('fit-line')).toHaveTextContent(/^Fits/);
		place.choose({ context: 262_144 });
		await expect.element(card.getByTestId('fit-line')).toHaveTextContent(/^Too big · [\d.]+ of 16 GiB at 256k$/);
	});
});
