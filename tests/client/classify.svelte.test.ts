// The label lab's stores: texts out of files, runs that stop and go on, and what is said of time before a run.
import { describe, expect, it, vi } from 'vitest';
import { LabelBook, outcomesOf, pairingsOf } from '#lib/client/classify-labels.svelte.ts';
import { LabDraft } from '#lib/client/classify-draft.svelte.ts';
import { portions } from '#lib/client/classify-run.svelte.ts';
import { ClassifyLab } from '#lib/client/classify.svelte.ts';
import { TextReader, type LabText } from '#lib/client/classify-texts.ts';
import { blankClassification } from '#lib/core/classify.ts';

interface Sent {
	model: string;
	texts: { id: string }[];
}

/** A server that answers each text with its only category, at most `most` of them before the connection breaks. */
function answering(most = Infinity) {
	const sent: Sent[] = [];
	const fetch = vi.fn(async (_: string, init?: RequestInit) => {
		const order: Sent = JSON.parse(String(init?.body));
		sent.push(order);
		const lines = order.texts.slice(0, most).map(({ id }) => {
			const result = {
				...blankClassification(id, order.model, 'embedding'),
				category: 'a',
				choice: 'a',
				confidence: 0.5,
			};
			return `${JSON.stringify(result)}\n`;
		});
		return new Response(lines.join(''));
	});
	return { sent, fetch };
}

function labWith(fetch: (input: string, init?: RequestInit) => Promise<Response>) {
	let ms = 0;
	const lab = new ClassifyLab({ fetch, now: () => (ms += 10) });
	lab.take(lab.reader.pasted('one\ntwo\nthree', 'lines'));
	return lab;
}

const file = (name: string, content: string | Uint8Array<ArrayBuffer>) => ({
	file: new File([content], name),
	path: name,
});

describe('reading texts', () => {
	it('refuses what is no text with a sentence, and takes the rest with sizes', async () => {
		const { texts, refused } = await new TextReader().files([
			file('a.md', '\u{feff}# é'),
			file('wide.txt', Uint8Array.of(0xff, 0xfe, 0x68, 0, 0x69, 0)),
			file('picture.png', Uint8Array.of(137, 80, 0, 1)),
			file('latin.txt', Uint8Array.of(0x68, 0xe9, 0x21)),
			file('long.txt', 'x'.repeat(1_000_001)),
		]);
		expect(texts.map(({ path, text, bytes }) => [path, text, bytes])).toEqual([
			['a.md', '# é', 4],
			['wide.txt', 'hi', 2],
		]);
		expect(refused).toEqual([
			{ name: 'picture.png', reason: 'It is binary: it holds NUL bytes, as no text does.' },
			{ name: 'latin.txt', reason: 'It is binary, or in an encoding other than UTF-8.' },
			{ name: 'long.txt', reason: 'It is longer than 1,000,000 characters, the most that one text may have.' },
		]);
	});

	it('reads labelled lines with their labels, and anything else as it stands', async () => {
		const lines = '{"text":"miau","label":"cat"}\n{"text":"wuff"}\n';
		const { texts } = await new TextReader().files([file('set.jsonl', lines), file('odd.jsonl', '{"x":1}\n')]);
		expect(texts.map(({ text, label, path }) => [text, label, path])).toEqual([
			['miau', 'cat', null],
			['wuff', null, null],
			['{"x":1}\n', null, 'odd.jsonl'],
		]);
	});

	it('splits pasted words as wished, and takes the same text once', () => {
		const reader = new TextReader();
		const names = (split: 'lines' | 'paragraphs' | 'whole') =>
			reader.pasted('a\nb\n\n \nc', split).texts.map(({ text }) => text);
		expect([names('lines'), names('paragraphs'), names('whole')]).toEqual([
			['a', 'b', 'c'],
			['a\nb', 'c'],
			['a\nb\n\n \nc'],
		]);
		const lab = labWith(answering().fetch);
		lab.take(lab.reader.pasted('two\nfour', 'lines'));
		expect(lab.texts.map(({ text }) => text)).toEqual(['one', 'two', 'three', 'four']);
	});
});

describe('a run', () => {
	it('asks each model about every text, keeps what came when it breaks, and later asks about the rest', async () => {
		const { sent, fetch } = answering(2);
		const lab = labWith(fetch);
		lab.draft.models = ['m'];
		await lab.run();
		const run = lab.runs.get('m');
		expect([run?.state, run?.problem?.code, run?.results.size]).toEqual(['failed', 'incomplete', 2]);
		await lab.run();
		expect(sent.map(({ texts }) => texts.length)).toEqual([3, 1]);
		expect([run?.state, run?.problem, run?.results.size, lab.isStale]).toEqual(['done', null, 3, false]);
	});

	it('tells a time only once it has measured one, and no longer for other categories', async () => {
		const lab = labWith(answering().fetch);
		lab.draft.models = ['m'];
		expect(lab.estimates).toEqual([{ model: 'm', texts: 3, ms: null, measuredOn: 0 }]);
		await lab.run(lab.texts.slice(0, 2));
		expect(lab.estimates).toEqual([{ model: 'm', texts: 1, ms: 10, measuredOn: 2 }]);
		lab.draft.remove(lab.draft.categories[0]?.key ?? -1);
		expect([lab.estimates[0]?.ms, lab.isStale]).toEqual([null, true]);
	});

	it('stops when told to, for the models that wait too', async () => {
		let leave: (() => void) | null = null;
		const lab = labWith(
			(_, init) =>
				new Promise((_resolve, reject) => {
					init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
					leave?.();
				}),
		);
		leave = () => queueMicrotask(() => lab.cancel());
		lab.draft.models = ['m', 'n'];
		await lab.run();
		expect([...lab.runs.values()].map(({ state, problem }) => [state, problem])).toEqual([
			['cancelled', null],
			['cancelled', null],
		]);
		expect(lab.isRunning).toBe(false);
	});

	it('says what the server says when it will not begin', async () => {
		const error = { code: 'model_not_installed', message: 'The model m is not on this machine.' };
		const lab = labWith(async () => Response.json({ error }, { status: 409 }));
		await lab.run();
		expect(lab.runs.get('rules')).toMatchObject({ state: 'failed', problem: error });
	});

	it('sends no more at once than the server takes', () => {
		const text = (length: number): LabText => ({
			...{ id: 't', name: 't', path: null, bytes: length, digest: 'd', label: null },
			text: 'x'.repeat(length),
		});
		const sizes = (texts: LabText[]) => portions(texts).map((part) => part.length);
		expect(sizes([])).toEqual([]);
		expect(sizes(Array.from({ length: 501 }, () => text(1)))).toEqual([500, 1]);
		expect(sizes([text(1_000_000), text(1_000_000), text(1), text(5)])).toEqual([2, 2]);
	});
});

function memory(rows: Record<string, string> = {}) {
	return {
		getItem: (key: string) => rows[key] ?? null,
		setItem: (key: string, value: string) => void (rows[key] = value),
	};
}

describe('what is set up', () => {
	it('comes back in this browser, with sets of its own', () => {
		const keep = memory();
		const draft = new LabDraft();
		draft.restore(() => keep);
		draft.use([
			{ name: 'x', description: 'ex' },
			{ name: 'y', examples: ['why', 'wye'] },
		]);
		draft.toggle('m');
		draft.keepSet('letters');
		const later = new LabDraft();
		later.restore(() => keep);
		expect(later.chosen).toEqual([
			{ name: 'x', description: 'ex' },
			{ name: 'y', examples: ['why', 'wye'] },
		]);
		expect([later.models, later.ownSets.map(({ name }) => name)]).toEqual([['rules', 'm'], ['letters']]);
	});

	it('bears storage that is forbidden or holds something else', () => {
		const draft = new LabDraft();
		draft.restore(() => {
			throw new DOMException('no', 'SecurityError');
		});
		draft.restore(() => memory({ 'modeldex:classify': '{"categories":[{"name":3}],"models":7,"mode":"x"}' }));
		expect([draft.models, draft.mode, draft.problem]).toEqual([['rules'], 'best-guess', null]);
	});

	it('says what is wrong with the categories', () => {
		const draft = new LabDraft();
		draft.use([{ name: 'a' }, { name: 'a' }]);
		expect(draft.problem).toBe('The category "a" is there twice.');
		draft.use([{ name: 'a' }, { name: ' ' }]);
		expect(draft.problem).toBe('There must be at least two categories to choose from.');
	});
});

describe('labels', () => {
	it('belong to texts, come back in this browser, and keep no text', () => {
		const rows: Record<string, string> = {};
		const [cat, dog] = new TextReader().pasted('{"text":"miau","label":"cat"}\n{"text":"wuff"}', 'lines').texts;
		if (cat === undefined || dog === undefined) throw new Error('no texts');
		const book = new LabelBook();
		book.restore(() => memory(rows));
		book.take([cat, dog]);
		book.set(dog, 'dog');
		const later = new LabelBook();
		later.restore(() => memory(rows));
		later.take([{ ...dog, label: 'wolf' }]);
		expect([later.of(cat), later.of(dog)]).toEqual(['cat', 'dog']);
		expect(JSON.stringify(rows)).not.toContain('miau');
		later.set(dog, null);
		expect(later.of(dog)).toBeNull();
	});

	it('judge a run: abstentions and failures are no right answers, and what is not answered does not count', async () => {
		const lab = labWith(answering(2).fetch);
		lab.draft.use([{ name: 'a' }, { name: 'b' }]);
		lab.draft.models = ['m', 'n'];
		await lab.run();
		for (const text of lab.texts) lab.labels.set(text, text.name === 'one' ? 'a' : 'b');
		const [m, n] = [...lab.runs.values()];
		if (m === undefined || n === undefined) throw new Error('no runs');
		const judged = outcomesOf(m, lab.judged).map(({ truth, predicted, hasFailed }) => [truth, predicted, hasFailed]);
		expect(judged).toEqual([
			['a', 'a', false],
			['b', 'a', false],
		]);
		n.results.set('t2', { ...blankClassification('t2', 'n', 'embedding'), abstained: 'margin' });
		expect(pairingsOf([m, n], lab.texts).map(({ texts, apart }) => [texts, apart])).toEqual([[2, ['t2']]]);
		lab.draft.use([{ name: 'a' }, { name: 'c' }]);
		expect(lab.judged).toHaveLength(1);
	});
});
