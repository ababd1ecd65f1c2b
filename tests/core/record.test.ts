// Two records of one model: which of them is believed about what.
import { describe, expect, it } from 'vitest';
import type { ModelRecord } from '#lib/core/model.ts';
import { mergeRecords } from '#lib/core/record.ts';
import { blankRecord } from '../support/records.ts';

const old: ModelRecord = {
	...blankRecord('a/b'),
	origin: 'a list',
	as_of: '2026-05',
	downloads: 5,
	likes: 1,
	license: 'mit',
	architecture_family: 'Llama',
	quantization: 'fp16',
	dtype: 'bfloat16',
	context_window: 4096,
	classification: 'gen',
	confidence: 'high',
};
const fresh: ModelRecord = {
	...blankRecord('a/b'),
	as_of: '2026-11-20T00:00:00.000Z',
	downloads: 70,
	gated: 'auto',
	quantization: '4',
	quantization_bits: 4,
	quantization_method: 'awq',
};

describe('mergeRecords', () => {
	it('takes figures of the later list and keeps what it does not tell, in either order', () => {
		const wanted = {
			origin: 'hub',
			as_of: fresh.as_of,
			downloads: 70,
			likes: 1,
			license: 'mit',
			gated: 'auto',
			architecture_family: 'Llama',
			quantization: '4',
			quantization_method: 'awq',
			dtype: null,
			context_window: 4096,
			classification: 'gen',
			confidence: 'high',
		};
		expect(mergeRecords(old, fresh, { isLearned: false })).toMatchObject(wanted);
		expect(mergeRecords(fresh, old, { isLearned: false })).toMatchObject(wanted);
	});

	it('believes the config over any list, and a list where the config said nothing', () => {
		const learned = { ...old, quantization: 'unknown', dtype: null } as const;
		const merged = mergeRecords(learned, { ...fresh, architecture_family: 'Qwen' }, { isLearned: true });
		expect(merged).toMatchObject({ architecture_family: 'Llama', quantization: '4', downloads: 70 });
	});

	it('lets a copy on this machine neither replace nor date a list, but a list replaces such a copy', () => {
		const local: ModelRecord = { ...blankRecord('a/b'), origin: 'local', as_of: '2026-12-01', trending: 10 };
		expect(mergeRecords(fresh, local, { isLearned: false })).toMatchObject({
			origin: 'hub',
			as_of: fresh.as_of,
			downloads: 70,
			trending: 10,
			gated: 'auto',
		});
		expect(mergeRecords(local, fresh, { isLearned: false })).toMatchObject({ origin: 'hub', as_of: fresh.as_of });
	});
});
