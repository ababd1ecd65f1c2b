// What looking at a full machine costs: 1,000 models of 20 files each in the Hugging Face cache, sparse, cold and warm.
import {
	closeSync,
	ftruncateSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { shelfOf } from '../support/shelf.ts';
import { median, report, times } from './report.ts';

const repositories = 1_000;
const filesEach = 20;
const home = mkdtempSync(join(tmpdir(), 'modeldex-inventory-'));
const cache = join(home, '.cache', 'huggingface', 'hub');
const config = JSON.stringify({
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	hidden_size: 4096,
	num_hidden_layers: 32,
	num_attention_heads: 32,
});
let app: App;

/** A model with its config, 18 files of 1 GB that take no room, and a README. */
function addModel(number: number): void {
	const folder = join(cache, `models--owner${number % 50}--model-${number}`);
	const commit = number.toString(16).padStart(40, '0');
	const snapshot = join(folder, 'snapshots', commit);
	for (const path of [snapshot, join(folder, 'blobs'), join(folder, 'refs')]) mkdirSync(path, { recursive: true });
	for (let at = 0; at < filesEach; at += 1) {
		const name =
			at === 0
				? 'config.json'
				: at === 1
					? 'README.md'
					: `model-${String(at - 1).padStart(5, '0')}-of-00018.safetensors`;
		const blob = (number * 100 + at).toString(16).padStart(at < 2 ? 40 : 64, '0');
		const file = openSync(join(folder, 'blobs', blob), 'w');
		if (at === 0) writeFileSync(file, config);
		else ftruncateSync(file, at === 1 ? 100 : 1e9);
		closeSync(file);
		symlinkSync(`../../blobs/${blob}`, join(snapshot, name));
	}
	writeFileSync(join(folder, 'refs', 'main'), commit);
	const then = new Date(Date.now() - 3_600_000);
	for (const path of ['blobs', 'refs', 'snapshots', join('snapshots', commit), ''])
		utimesSync(join(folder, path), then, then);
}

beforeAll(async () => {
	for (let number = 0; number < repositories; number += 1) addModel(number);
	app = await createApp({
		settings: readSettings({ HOME: home, MODELDEX_HOME: join(home, 'data'), HF_HUB_OFFLINE: '1' }, () => null),
		version: '0',
		background: false,
	});
});
afterAll(async () => {
	await app.close();
	rmSync(home, { recursive: true, force: true });
});

it('a full machine', { timeout: 300_000 }, async () => {
	const cold: number[] = [];
	for (let round = 0; round < 5; round += 1) {
		const start = performance.now();
		const { held } = await shelfOf([{ tool: 'huggingface', path: cache }]).look();
		cold.push(performance.now() - start);
		expect(held).toHaveLength(repositories);
		expect(held.every(({ copy }) => copy.files.length === filesEach && copy.broken === null)).toBe(true);
	}
	const what = `${repositories.toLocaleString('en')} models, ${(repositories * filesEach).toLocaleString('en')} files`;
	const first = median(cold);
	const coldAim = { peer: '—', aim: '≤ 2 s', value: first, met: first <= 2_000 };
	report({ id: 'inventory-cold', what: `inventory cold: ${what}`, ours: `${first.toFixed(0)} ms`, ...coldAim });
	const start = performance.now();
	expect((await app.local.list()).models[0]?.characteristics?.architecture_family).toBe('Llama');
	const whole = performance.now() - start;
	const wholeAim = { peer: '—', aim: '≤ 2 s', value: whole, met: whole <= 2_000 };
	report({
		id: 'inventory-facts',
		what: `the same with every config read`,
		ours: `${whole.toFixed(0)} ms`,
		...wholeAim,
	});
	const warm = median(await times(10, () => app.local.list()));
	const warmAim = { peer: '—', aim: '≤ 100 ms', value: warm, met: warm <= 100 };
	report({ id: 'inventory-warm', what: `inventory warm: ${what}`, ours: `${warm.toFixed(1)} ms`, ...warmAim });
});
