// The start of the label lab in its parts: what is told before a large run, and what a model's answer says.
import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { ClassifyLab } from '#lib/client/classify.svelte.ts';
import LabAnswer from '#lib/components/LabAnswer.svelte';
import LabRun from '#lib/components/LabRun.svelte';
import { blankClassification } from '#lib/core/classify.ts';
import '../support/frame.ts';

function labOf(texts: number) {
	let ms = 0;
	const fetch = async (_: string, init?: RequestInit) => {
		const order: { texts: { id: string }[]; model: string } = JSON.parse(String(init?.body));
		const lines = order.texts.map(({ id }) => JSON.stringify(blankClassification(id, order.model, 'rules')));
		return new Response(lines.join('\n'));
	};
	const lab = new ClassifyLab({ fetch, now: () => (ms += 20) });
	const words = Array.from({ length: texts }, (_, at) => `text ${at}`).join('\n');
	lab.take(lab.reader.pasted(words, 'lines'));
	return lab;
}

describe('starting', () => {
	it('tells of a large run first: time unknown until some texts were measured, and no invented price', async () => {
		const lab = labOf(300);
		const shown = await render(LabRun, { lab });
		await shown.getByRole('button', { name: 'Sort the texts' }).click();
		const told = shown.getByTestId('estimate');
		await expect.element(told).toHaveTextContent('300 answers');
		await expect.element(told).toHaveTextContent('rules: time unknown: nothing measured yet');
		await expect.element(told).toHaveTextContent('Its time and electricity are not counted');
		await shown.getByRole('button', { name: 'Measure on 10 first' }).click();
		await expect.element(told).toHaveTextContent('rules: about 5.8 s, measured on 10 texts here');
		await shown.getByRole('button', { name: 'Start' }).click();
		await expect.element(shown.getByTestId('runs')).toHaveTextContent('done, 20 ms a text');
	});

	it('begins a small one at once, and says what is missing before', async () => {
		const lab = labOf(0);
		const shown = await render(LabRun, { lab });
		await expect.element(shown.getByTestId('needed')).toHaveTextContent('Add some texts first.');
		lab.take(lab.reader.pasted('one', 'whole'));
		lab.draft.use([{ name: 'only' }]);
		await expect.element(shown.getByTestId('needed')).toHaveTextContent('The categories need mending first.');
		lab.draft.use([{ name: 'a' }, { name: 'b' }]);
		await shown.getByRole('button', { name: 'Sort the texts' }).click();
		await expect.element(shown.getByTestId('runs')).toHaveTextContent('done');
		lab.draft.use([{ name: 'a' }, { name: 'c' }]);
		await expect.element(shown.getByTestId('stale')).toBeVisible();
	});
});

describe('an answer', () => {
	const said = {
		...blankClassification('t', 'm', 'nli'),
		choice: 'a',
		confidence: 0.5,
		scores: { b: 0.25, a: 0.5, c: 0.25 },
	};

	it('calls a score a score until it is calibrated', async () => {
		const shown = await render(LabAnswer, { result: { ...said, category: 'a' }, label: null, isOpen: false });
		await expect.element(shown.getByTestId('answer')).toHaveTextContent('score 0.50 · uncalibrated');
		await shown.rerender({ result: { ...said, category: 'a', calibrated: true } });
		await expect.element(shown.getByTestId('answer')).toHaveTextContent('50 % · calibrated');
	});

	it('tells an abstention with what it would have been, and a wrong choice in words', async () => {
		const result = { ...said, abstained: 'margin' as const };
		const shown = await render(LabAnswer, { result, label: null, isOpen: false });
		await expect.element(shown.getByTestId('answer')).toHaveTextContent('No choice two were too close; would be a');
		await shown.rerender({ result: { ...said, category: 'a' }, label: 'b' });
		await expect.element(shown.getByTitle('Labelled b')).toHaveTextContent('a');
	});
});
