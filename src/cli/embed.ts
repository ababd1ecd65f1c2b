// `modeldex embed` and `modeldex similarity`: vectors of texts, and how alike two texts are.
import { z } from 'zod';
import { cosine, meanVector, mostChunks } from '#lib/core/classify-text.ts';
import { Failure } from '#lib/core/failure.ts';
import type { HeldModel } from '#lib/server/engine/held-model.ts';
import { modelOf, modelOptions, standardInput, textOf } from './classify-input.ts';
import { command, list, option, rest } from './command.ts';
import { machineFlags, settingOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

const inputs = {
	...modelOptions,
	file: list('path', 'a file whose text is taken, or - for standard input', 'i'),
	texts: rest('text', 'the texts themselves'),
	...settingOptions(machineFlags),
};

interface Asked {
	model?: string | undefined;
	dtype?: string | undefined;
	models_dir?: string | undefined;
	force: boolean;
	file: string[];
	texts: string[];
}

async function textsOf({ file, texts }: Asked): Promise<string[]> {
	const read = await Promise.all(file.map((path) => (path === '-' ? standardInput() : textOf(path))));
	return [...read, ...texts];
}

async function vectorOf({ engine, facts }: HeldModel, text: string, signal: AbortSignal): Promise<Float32Array> {
	const { prefix, pooling, maxTokens } = facts;
	const { vectors, weights } = await engine.embed(text, { prefix, pooling, maxTokens, mostChunks, signal });
	return meanVector(vectors, weights);
}

async function withModel(
	args: Asked,
	terminal: Terminal,
	work: (held: HeldModel, signal: AbortSignal) => Promise<void>,
): Promise<void> {
	const model = modelOf(args.model);
	const { withApp } = await import('./machine.ts');
	await withApp({ ...args }, terminal, ({ engines }, signal) => {
		const options = {
			dtype: args.dtype ?? null,
			allowFolder: true,
			store: args.models_dir ?? null,
			force: args.force,
			signal,
		};
		return engines.use(model, options, (held) => work(held, signal));
	});
}

export const embedCommand = command({
	name: 'embed',
	summary: 'turn texts into vectors, one line of JSON for each',
	args: z.strictObject({ ...inputs, digits: option('number', 'digits behind the point (6)') }),
	run: async (args, terminal) => {
		const texts = await textsOf(args);
		const digits = Number(args.digits ?? 6);
		if (!Number.isInteger(digits) || digits < 1 || digits > 9)
			throw new Failure('usage', '--digits must be a number from 1 to 9.');
		if (texts.length === 0) throw new Failure('usage', 'There is no text: type one, or name a file with -i.');
		await withModel(args, terminal, async (held, signal) => {
			const vectors = await Promise.all(texts.map((text) => vectorOf(held, text, signal)));
			const rows = vectors.map((vector, at) => ({
				id: String(at),
				vector: Array.from(vector, (value) => Number(value.toFixed(digits))),
			}));
			const { name, revision, dtype } = held.facts;
			if (terminal.json)
				terminal.document({ model: name, revision, dtype, dimensions: vectors[0]?.length ?? 0, vectors: rows });
			else for (const row of rows) terminal.jsonLine(row);
		});
	},
});

export const similarityCommand = command({
	name: 'similarity',
	summary: 'say how alike the first text and each other one are',
	args: z.strictObject(inputs),
	run: async (args, terminal) => {
		const [first, ...others] = await textsOf(args);
		if (first === undefined || others.length === 0)
			throw new Failure('usage', 'Two texts are needed: type them, or name files with -i.');
		await withModel(args, terminal, async (held, signal) => {
			const [from, ...to] = await Promise.all([first, ...others].map((text) => vectorOf(held, text, signal)));
			const rows = to.map((vector, at) => ({
				text: others[at] ?? '',
				cosine: from === undefined ? 0 : cosine(from, vector),
			}));
			const { name, revision, dtype } = held.facts;
			if (terminal.json) terminal.document({ model: name, revision, dtype, results: rows });
			else
				for (const row of rows)
					terminal.line(`${row.cosine.toFixed(4)}  ${row.text.replace(/\s+/g, ' ').slice(0, 100)}`);
			terminal.note('A cosine is a likeness between vectors of this model, not a probability.');
		});
	},
});
