// Parameters at the door: what is refused, in which words, and which name is offered instead.
import { describe, expect, it } from 'vitest';
import { parseCompatibilityQuery, parseCompatibleQuery } from '#lib/core/compatible-query.ts';
import { parsePlanQuery } from '#lib/core/download-order.ts';
import { Failure } from '#lib/core/failure.ts';
import { parseFitQuestion } from '#lib/core/fit-question.ts';
import { meantName, nearestNames } from '#lib/core/likeness.ts';
import { parseQuery } from '#lib/core/query-url.ts';

const doors = {
	list: (params: URLSearchParams) => parseQuery(params, { strict: true }),
	fit: parseFitQuestion,
	compatible: parseCompatibleQuery,
	compatibility: parseCompatibilityQuery,
	plan: parsePlanQuery,
};

function said(door: keyof typeof doors, text: string): string {
	try {
		doors[door](new URLSearchParams(text));
	} catch (error) {
		if (error instanceof Failure) return `${error.code}: ${error.message}`;
		throw error;
	}
	return 'taken';
}

describe('a parameter', () => {
	it.each([
		['list', 'famly=Qwen', 'unknown_field: There is no query parameter "famly" here. Did you mean family?'],
		['list', 'lim=5', 'unknown_field: There is no query parameter "lim" here. Did you mean limit?'],
		['list', 'colour=blue', 'unknown_field: There is no query parameter "colour" here.'],
		['fit', 'contxt=1k', 'unknown_field: There is no query parameter "contxt" here. Did you mean context?'],
		['compatible', 'sorted=likes', 'unknown_field: There is no query parameter "sorted" here. Did you mean sort?'],
		['plan', 'id=a/b&files=x', 'unknown_field: There is no query parameter "files" here. Did you mean file?'],
	] as const)('of the %s that is none is refused: %s', (door, text, says) => {
		expect(said(door, text)).toBe(says);
	});

	it.each([
		['list', 'limit=5&limit=6', 'invalid_query: limit takes one value, not "5" and "6".'],
		['list', 'runtime=vllm&runtime=ollama', 'invalid_query: runtime takes one value, not "vllm" and "ollama".'],
		['fit', 'slots=2&slots=3', 'invalid_query: slots takes one value, not "2" and "3".'],
		['compatible', 'limit=5&limit=6', 'invalid_query: limit takes one value, not "5" and "6".'],
	] as const)('of the %s with room for one value takes no second: %s', (door, text, says) => {
		expect(said(door, text)).toBe(says);
	});

	it('may come twice with the same value, and several times where there is room', () => {
		expect(said('list', 'limit=5&limit=5')).toBe('taken');
		expect(said('list', 'family=Qwen&family=Llama&kind=gen&kind=unknown')).toBe('taken');
		expect(said('compatibility', 'runtime=vllm&runtime=ollama')).toBe('taken');
		expect(said('plan', 'id=a/b&file=x&file=y')).toBe('taken');
	});
});

describe('a value', () => {
	it.each([
		['list', 'sort=download', 'did you mean downloads? Expected trending, downloads,'],
		['list', 'kind=Gen', 'did you mean gen? Expected gen,'],
		['list', 'modality=multi', 'did you mean multimodal?'],
		['list', 'order=up', '"up" is not a value for order: expected asc, desc.'],
		['compatible', 'sort=like', 'did you mean likes?'],
		['fit', 'runtime=vlm', 'did you mean vllm?'],
		['fit', 'runtime=nope', '"nope" is not a value for runtime'],
	] as const)('of the %s that is none names the nearest: %s', (door, text, says) => {
		expect(said(door, text)).toContain(says);
	});

	it('for the runtime of a sum may be spelled in any way', () => {
		const runtimeOf = (name: string) => parseFitQuestion(new URLSearchParams({ runtime: name })).runtime;
		expect(['vLLM', 'mlx', 'LM Studio', 'tgi'].map(runtimeOf)).toEqual(['vllm', 'mlx-lm', 'lmstudio', 'tgi']);
		expect(parseFitQuestion(new URLSearchParams('runtime=')).runtime).toBeNull();
	});
});

describe('the meant name', () => {
	const names = ['search', 'serve', 'fit', 'compat'];

	it('is the nearest one, whatever the capitals, or one that begins so', () => {
		expect(['serch', 'SERVE', 'comp', 'fti'].map((typed) => meantName(typed, names))).toEqual([
			'search',
			'serve',
			'compat',
			'fit',
		]);
	});

	it('is none where nothing of the typed word would be left', () => {
		expect(['x', 'up', '', 'nothing-like-it'].map((typed) => meantName(typed, names))).toEqual([
			null,
			null,
			null,
			null,
		]);
		expect(nearestNames('zzzzzz', names)).toEqual([]);
	});
});
