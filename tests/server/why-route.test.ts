// Why a list hides a model, filter by filter, and what comes closest to it.
import { describe, expect, it } from 'vitest';
import { hidingFilters } from '#lib/core/explanation.ts';
import { emptyQuery, type ListPage } from '#lib/core/query.ts';
import { GET as list } from '../../src/routes/api/models/+server.ts';
import { ask, explain, family, fixture, house, models } from '../support/compatibility-rig.ts';

describe('GET /api/models/why', () => {
	it('tells for each filter how it hides a model', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		const [row] = app.catalog.rows(['org/bert']);
		if (row === undefined) throw new Error('the catalog lost it');
		const facts = { parameters_total: 110e6, context_window: 512, license: 'mit', is_multimodal: false };
		app.catalog.upsert([{ ...row, ...facts, as_of: '2027-01-01', quantization: 'other', dtype: 'float32' }]);
		const cases: Record<string, [query: string, value: unknown, rule: RegExp]> = {
			q: ['q=llama', 'org/bert', /does not have all the words of "llama"/],
			source: ['source=mine', 'hub', /not on this machine/],
			family: ['family=Qwen&family=Llama', 'BERT', /family is BERT; the list shows only Qwen, Llama/],
			quantization: ['quantization=4', 'other', /quantization is other; the list shows only 4/],
			modality: ['modality=multimodal', 'text', /modality is text/],
			kind: ['kind=gen', 'encoder', /kind is encoder/],
			author: ['author=google', 'org', /author is org/],
			license: ['license=apache-2.0', 'mit', /licence is mit/],
			gated: ['gated=true', false, /It is open/],
			size_class: ['size_class=large&size_class=huge', 'small', /size is small; the list shows only large, huge/],
			weight_class: ['weight_class=to-4gb', null, /size of weights is not known/],
			min_params: ['min_params=1B', 110e6, /It has 110M parameters; the list asks for at least 1B/],
			max_params: ['max_params=100M', 110e6, /at most 100M/],
			min_context: ['min_context=8k', 512, /It has 512 tokens of context; the list asks for at least 8,192/],
			runtime: ['runtime=llm-worker', 'BertModel', /writes text; this model gives vectors or labels/],
			fits: ['fits=64GB', null, /How much memory it needs is not known/],
		};
		expect(Object.keys(cases)).toEqual([...hidingFilters]);
		for (const [filter, [query, value, rule]] of Object.entries(cases)) {
			const { visible, hidden_by } = await explain(app, `?id=org/bert&${query}`);
			expect([filter, visible, hidden_by.length]).toEqual([filter, false, 1]);
			expect(hidden_by[0]).toMatchObject({ filter, value });
			expect(hidden_by[0]?.rule).toMatch(rule);
		}
		const [sized] = app.catalog.list({ ...emptyQuery, fits: '900GB', sort: 'params', limit: 1 }).models;
		const big = await explain(app, `?id=${sized?.id}&fits=4GB`);
		expect(big.hidden_by[0]).toMatchObject({ filter: 'fits', wanted: '4GB', value: expect.any(Number) });
		expect(big.hidden_by[0]?.rule).toMatch(/^It needs [\d.]+ GiB; there are 3\.7 GiB\.$/);
		const everything = Object.values(cases).map(([query]) => query);
		const { hidden_by } = await explain(app, `?id=org/bert&${everything.join('&')}`);
		expect(hidden_by.map(({ filter }) => filter)).toEqual([...hidingFilters]);
		expect(hidden_by.find(({ filter }) => filter === 'family')?.wanted).toEqual(['Qwen', 'Llama']);
	});

	it('shows a visible model without alternatives, and says what is not known', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		expect(await explain(app, '?id=org/base&runtime=vllm')).toEqual({
			id: 'org/base',
			visible: true,
			hidden_by: [],
			closest: [],
		});
		const { hidden_by } = await explain(app, '?id=org/base&min_params=7B&license=mit');
		expect(hidden_by).toEqual([
			{ filter: 'license', rule: 'Its licence is not known; the list shows only mit.', value: null, wanted: ['mit'] },
			{
				filter: 'min_params',
				rule: 'How many parameters it has is not known; the list asks for at least 7B.',
				value: null,
				wanted: 7e9,
			},
		]);
	});

	it('names what comes closest: the same base, then the family, then the size', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		const { closest } = await explain(app, '?id=org/base&runtime=llama.cpp');
		expect(closest.map(({ id }) => id).sort()).toEqual(['maker/base-GGUF', 'org/base-tuned']);
		for (const { excluded_by, compatibility: runsThere } of closest) {
			expect(excluded_by).toBeUndefined();
			expect(runsThere?.runtime).toBe('llama.cpp');
		}
		const sized = await explain(app, '?id=Qwen/Qwen3-8B&family=Llama');
		const [first] = sized.closest;
		expect(first?.architecture_family).toBe('Llama');
		expect(first?.parameters_total).toBeGreaterThan(7e9);
		expect(first?.parameters_total).toBeLessThan(9e9);
		const kin = await explain(app, '?id=Qwen/Qwen3-8B&max_params=3B');
		expect(kin.closest.map(({ architecture_family }) => architecture_family)).toEqual(Array(5).fill('Qwen'));
	});

	it('agrees with the list, whatever is asked', async () => {
		const { app } = await house(fixture.slice(0, 60).map(({ order }) => order));
		await models(app, '?limit=1000');
		for (const query of [
			'runtime=vllm',
			'family=Llama&runtime=ollama',
			'q=onnx',
			'runtime=tgi&kind=gen',
			'author=org',
		]) {
			const shown = await ask<ListPage>(list, app, `/api/models?${query}&author=org&limit=200`);
			const ids = new Set(shown.models.map(({ id }) => id));
			for (const { order } of fixture.slice(0, 60)) {
				const { visible, hidden_by } = await explain(app, `?id=${order.id}&${query}`);
				expect([order.id, query, visible]).toEqual([order.id, query, ids.has(order.id)]);
				expect(hidden_by.length === 0).toBe(visible);
			}
		}
	});

	it('refuses what it does not understand and asks the Hub for models nobody listed', async () => {
		const { app, fake } = await house(family);
		await expect(explain(app, '?family=Qwen')).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(explain(app, '?id=-x/y')).rejects.toMatchObject({ code: 'invalid_model_id' });
		await expect(explain(app, '?id=org/base&quantization=7')).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(explain(app, '?id=org/base&colour=7')).rejects.toMatchObject({ code: 'unknown_field' });
		await expect(explain(app, '?id=org/none')).rejects.toMatchObject({ code: 'not_found' });
		fake.resetStats();
		expect((await explain(app, '?id=org/bert&kind=gen')).visible).toBe(false);
		expect(fake.count('org/bert')).toBe(1);
	});
});
