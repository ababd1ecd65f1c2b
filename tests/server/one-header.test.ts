// The header of one file, on the Hub and anywhere on this machine.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeLocalFile } from '#lib/server/headers.ts';
import { forgetConfigs } from '#lib/server/store/configs.ts';
import { failure } from '../support/failure.ts';
import { temporaryFolder } from '../support/folder.ts';
import { another, database, fake, readers, shaOf, tiny } from '../support/headers-rig.ts';
import { writeSafetensors } from '../support/safetensors-writer.ts';

describe('the header of one file', () => {
	it('says what its weights are', async () => {
		const set = await readers().headers.readAll('shelf/Plain', 'model.safetensors');
		expect(set?.summary).toMatchObject({
			format: 'safetensors',
			parameters: 6144,
			weight_bytes: 12_288,
			bits_per_weight: 16,
			types: [{ type: 'BF16', tensors: 1 }],
		});
		expect(fake.stats.requests).toHaveLength(2);
	});

	it('is asked for once by many at the same time', async () => {
		const { headers } = readers();
		await Promise.all(Array.from({ length: 5 }, () => headers.read('shelf/Plain', 'tiny-Q4_0.gguf')));
		expect(fake.stats.requests).toHaveLength(2);
	});

	it('is kept by commit, and forgotten with the model', async () => {
		const { headers } = readers();
		const revision = shaOf('shelf/Plain');
		await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision });
		expect(await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision, ask: false })).toMatchObject({
			source: 'cache',
			revision,
			size: tiny.length,
		});
		forgetConfigs(database, 'shelf/Plain');
		expect(await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision, ask: false })).toBeNull();
	});

	it('written by another version is read anew', async () => {
		const { headers } = readers();
		const revision = shaOf('shelf/Plain');
		await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision });
		database.run(`UPDATE headers SET header = '{"format":"gguf"}'`);
		expect(await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision })).toMatchObject({ source: 'hub' });
	});

	it.each([
		['notes.txt', 'invalid_query', '"notes.txt" is neither a GGUF nor a safetensors file.'],
		['a\u0000b.gguf', 'invalid_query', '"a\ufffdb.gguf" is no file name: control or direction characters.'],
		['other.gguf', 'not_found', 'shelf/Plain has no file "other.gguf".'],
	])('%s is refused', async (path, code, message) => {
		expect(await failure(readers().headers.read('shelf/Plain', path))).toMatchObject({ code, message });
	});

	it('behind a gate says what to do, and opens with a token', async () => {
		expect(await failure(readers().headers.read('shelf/Gated-GGUF', 'tiny-Q4_0.gguf'))).toMatchObject({
			code: 'gated',
		});
		const { headers } = readers(another({ token: 'hf_in' }));
		expect(await headers.read('shelf/Gated-GGUF', 'tiny-Q4_0.gguf')).toMatchObject({ source: 'hub' });
	});

	it('ends with the one who asked', async () => {
		fake.fault({ match: 'tiny-Q4_0', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const leaving = new AbortController();
		const reading = readers().headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { signal: leaving.signal });
		leaving.abort();
		await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
	});
});

describe('a file anywhere on this machine', () => {
	const folder = temporaryFolder();
	const put = (name: string, bytes: Uint8Array) => {
		writeFileSync(join(folder, name), bytes);
		return join(folder, name);
	};

	it('is known by its first bytes, not by its name', async () => {
		expect(await describeLocalFile(put('blob', tiny))).toMatchObject({ size: tiny.length, header: { format: 'gguf' } });
		const tensors = writeSafetensors({ a: { type: 'F16', shape: [4] } });
		expect((await describeLocalFile(put('other.gguf', tensors))).header.format).toBe('safetensors');
	});

	it('is refused when it is broken, a folder, a link or not there', async () => {
		expect(await failure(describeLocalFile(put('broken', tiny.subarray(0, 700))))).toMatchObject({
			code: 'invalid_gguf',
		});
		mkdirSync(join(folder, 'inner'));
		symlinkSync(join(folder, 'blob'), join(folder, 'link'));
		for (const name of ['inner', 'link', 'missing'])
			expect(await failure(describeLocalFile(join(folder, name)))).toMatchObject({ code: 'unsafe_local_path' });
	});
});
