// Models with short names: each is found by every name it has, and its figures fit together.
import { orderOf } from '#lib/core/download-order.ts';
import { expect, it } from 'vitest';
import { knownModel, namedModel, namedModels } from '#lib/core/tables/named-models.ts';

it('a model is found by its short name, its repository and the one it was made from', () => {
	for (const model of namedModels) {
		for (const name of [model.name, model.id, model.base, model.base.toUpperCase()]) {
			expect(knownModel(name)?.name).toBe(model.name);
		}
		expect(namedModel(model.name.toUpperCase())).toBe(model);
	}
	expect([knownModel('none/such'), namedModel('Xenova/bge-m3')]).toEqual([null, null]);
});

it('texts are cut no longer than the model takes them, and compared as queries', () => {
	for (const { name, kind, max_tokens, piece_tokens, temperature, prefix } of namedModels) {
		expect([name, piece_tokens <= max_tokens, temperature > 0]).toEqual([name, true, true]);
		expect([name, (prefix.query === '') === (prefix.passage === '')]).toEqual([name, true]);
		if (kind !== 'embedding') expect([name, prefix.query, temperature]).toEqual([name, '', 1]);
	}
});

it('an order by a short name is one for its repository, and for what the engine opens of it', () => {
	expect(orderOf({ id: 'bge-m3' })).toMatchObject({ model_id: 'Xenova/bge-m3', files: [] });
	const nli = namedModels.find(({ name }) => name.startsWith('mdeberta'));
	expect(orderOf({ id: nli?.name ?? '' })).toMatchObject({ model_id: nli?.id, files: nli?.files });
	expect(orderOf({ id: nli?.id ?? '' })).toMatchObject({ model_id: nli?.id, files: [] });
	expect(orderOf({ id: nli?.name ?? '', files: ['onnx/model.onnx'] }).files).toEqual(['onnx/model.onnx']);
	expect(orderOf({ id: 'gpt2' }).model_id).toBe('gpt2');
});
