// Files of a model that mean harm: templates and tokenizers that never end, take all memory or look for a way out.
import { describe, expect, it } from 'vitest';
import { engineFor, isRunning } from '../support/engines.ts';
import { causalModel } from '../support/tiny-causal.ts';
import type { ModelFiles } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';

const mean = { prefix: '', pooling: 'mean' as const, maxTokens: 64, mostChunks: 16 };
const options = { letters: ['A', 'B'], maxTokens: 512 };
const question = [{ role: 'user' as const, content: 'one letter' }];

/** Resolves when the process is no more. */
async function gone(pid: number | null): Promise<void> {
	while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
}

/** What asking a model with this template came to: a failure's code, or `answered`. Nothing of it runs on afterwards. */
async function asked(template: string): Promise<string> {
	const engine = await engineFor(causalModel({ template }));
	await engine.load();
	const { pid } = engine;
	const outcome = await engine.choose(question, options).then(
		() => 'answered',
		(error: { code?: string; name: string }) => error.code ?? error.name,
	);
	if (outcome === 'answered') await engine.unload();
	else if (engine.pid === null) await gone(pid);
	return outcome;
}

describe('a chat template', () => {
	it.each([
		['runs without end', '{% for i in range(100000000) %}{% for j in range(100000000) %}x{% endfor %}{% endfor %}'],
		['makes a list of a thousand million numbers', '{{ range(1000000000) | length }}'],
		[
			'doubles a text thirty-five times',
			`{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(35) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}`,
		],
		['calls itself', '{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}{{ again(0) }}'],
		['asks for a constructor', "{{ ''.constructor.constructor('return process')().pid }}"],
		[
			'asks for a constructor by a name made of pieces',
			"{{ ''['const' + 'ructor']['const' + 'ructor']('return 1')() }}",
		],
		['calls what it found in a prototype', "{{ messages['__proto__']['constructor']('return 1')() }}"],
		['asks for the process', '{{ process.exit(0) }}'],
		['uses a filter named after a way out', "{{ 'x' | constructor('return process') }}"],
		['raises', "{{ raise_exception('no') }}"],
	])('[S51] that %s is rejected, and its process is no more', async (_, template) => {
		expect(await asked(template)).toBe('template_rejected');
	});
});

describe('a tokenizer', () => {
	/** The usual model with another tokenizer.json. */
	const withTokenizer = (change: (text: string) => string): ModelFiles => {
		const files = embeddingModel();
		return { ...files, 'tokenizer.json': change(String(files['tokenizer.json'])) };
	};

	it('[S52] whose pattern takes for ever is stopped, while another model works on', async () => {
		const slow = await engineFor(embeddingModel({ split: '(a+)+$' }));
		const other = await engineFor(embeddingModel());
		await Promise.all([slow.load(), other.load()]);
		const { pid } = slow;
		const endless = slow.embed(`${'a'.repeat(60)}!`, mean);
		const ended = expect(endless).rejects.toMatchObject({ code: 'tokenizer_rejected' });
		for (let at = 0; at < 5; at += 1) expect((await other.embed('cat', mean)).vectors).toHaveLength(1);
		await ended;
		await gone(pid);
		expect(slow.isLoaded).toBe(false);
	});

	it.each([
		['is no JSON', () => '{"version":'],
		[
			'has a pattern that is none',
			(text: string) =>
				text.replace(
					'{"type":"Whitespace"}',
					'{"type":"Split","pattern":{"Regex":"((("},"behavior":"Isolated","invert":false}',
				),
		],
		['has no model', () => '{"version":"1.0"}'],
	])('[S52] that %s is rejected when it is loaded', async (_, change) => {
		const engine = await engineFor(withTokenizer(change));
		await expect(engine.load()).rejects.toMatchObject({ code: 'tokenizer_rejected' });
		expect(engine.pid).toBeNull();
	});

	it('[S52] with 300,000 merges ends in time, one way or the other', async () => {
		const merges = JSON.stringify(Array.from({ length: 300_000 }, (_, at) => [`a${at}`, `b${at}`]));
		const model = `"model":{"type":"BPE","vocab":{"[UNK]":0,"a":1},"unk_token":"[UNK]","merges":${merges}}`;
		const engine = await engineFor(withTokenizer((text) => text.replace(/"model":\{.*\}/s, `${model}}`)));
		const outcome = await engine.embed('a', mean).then(
			() => 'answered',
			(error: { code: string }) => error.code,
		);
		expect(['answered', 'tokenizer_rejected']).toContain(outcome);
		await engine.unload();
		expect(engine.pid).toBeNull();
	});
});
