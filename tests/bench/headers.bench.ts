// What reading the header of a GGUF file costs: bytes and pieces asked for, and time, with a vocabulary as Llama 3 has it.
import { expect, it } from 'vitest';
import { readGguf } from '#lib/core/gguf.ts';
import { counted } from '../support/byte-sources.ts';
import { ggufSize, writeGguf, type GgufFile } from '../support/gguf-writer.ts';
import { median, report, times } from './report.ts';

const texts = (count: number, letters: number) =>
	Array.from({ length: count }, (_, at) => String(at).padStart(letters, 'x'));
const file: GgufFile = {
	keys: {
		'general.architecture': 'llama',
		'tokenizer.ggml.tokens': texts(128_256, 8),
		'tokenizer.ggml.token_type': texts(128_256, 1).map(() => 1),
		'tokenizer.ggml.merges': texts(280_147, 9),
	},
	tensors: Array.from({ length: 291 }, (_, at) => ({ name: `blk.${at}.w`, dims: [4096, 4096], type: 'Q4_K' })),
	bare: true,
};

it('the header of a GGUF file', { timeout: 120_000 }, async () => {
	const bytes = writeGguf(file);
	const size = ggufSize(file);
	const source = counted(bytes, size);
	expect((await readGguf(source)).tensors?.tensors).toBe(291);
	const ms = median(await times(15, () => readGguf(counted(bytes, size))));
	report({
		id: 'gguf-header',
		what: `header of ${(bytes.length / 1e6).toFixed(1)} MB in ${source.reads.length} pieces, ${(source.given() / 1e6).toFixed(1)} MB read`,
		ours: `${ms.toFixed(1)} ms`,
		peer: '—',
		value: ms,
		aim: '≤ 50 ms',
		met: ms <= 50,
	});
});
