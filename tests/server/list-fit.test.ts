// A list of what fits and the cards in it: the filter's verdict is every card's, whatever runtime, cache and device.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cachePrecisions, fitPlace, fitRow, type Verdict } from '#lib/core/fit.ts';
import type { Device } from '#lib/core/hardware.ts';
import { writePlace, type PlaceChoice } from '#lib/core/place.ts';
import { presets } from '#lib/core/presets.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { load } from '../../src/routes/models/+page.server.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000 }); // every model of the shipped catalog is measured, and the machine may be busy

let app: App;
beforeAll(async () => {
	const home = temporaryFolder();
	const settings = readSettings({ MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' }, () => null);
	app = await createApp({ settings, version: '1.2.3', background: false });
}, 60_000);
afterAll(() => app.close());

/** What a page is given, as far as it matters here. */
interface Data {
	list: { models: Pick<ModelEntry, 'id' | 'fit' | 'context_window'>[]; next_cursor: string | null };
	query: ModelQuery;
	fitted: Device | null;
}

/** What the page is given for an address, with this choice in its header. */
async function open(query: string, choice: PlaceChoice): Promise<Data> {
	const url = new URL(`http://127.0.0.1/models?source=hub&limit=200&${query}`);
	const event = { url, locals: { app }, cookies: { get: () => writePlace(choice) } };
	return (await load(event as unknown as Parameters<typeof load>[0])) as Data;
}

/** Every model of a list, page by page. */
async function all(query: string, choice: PlaceChoice): Promise<Data['list']['models']> {
	const models: Data['list']['models'] = [];
	for (let cursor: string | null = ''; cursor !== null;) {
		const { list }: Data = await open(`${query}&cursor=${cursor}`, choice);
		models.push(...list.models);
		cursor = list.next_cursor;
	}
	return models;
}

const passes = (verdict: Verdict) => verdict === 'fits' || verdict === 'tight';
const card = presets.find(({ id }) => id === 'rtx-4090-24gb');

describe('what fits', () => {
	it.each([
		[null, 'fits=rtx-4090-24gb&context=32768'],
		['vllm', 'fits=rtx-4090-24gb&context=8192'],
		['sglang', 'fits=rtx-4090-24gb&context=131072'],
		['llama.cpp', 'fits=16GB&context=32768'],
		['transformers', 'fits=24GiB&context=4096'],
		['ollama', 'fits=rtx-4090-24gb&context=8192&runtime=vllm'],
	] as const)('with %s in the header and %s', async (runtime, text) => {
		for (const cacheBits of cachePrecisions) {
			const choice = { runtime, context: 2048, cacheBits };
			const { fitted, query } = await open(text, choice);
			if (fitted === null) throw new Error('The list has no device.');
			const place = fitPlace({ device: fitted, runtime: query.runtime ?? runtime, cacheBits });
			const verdict = (card: Data['list']['models'][number]) => fitRow(card, place, query.context).verdict;
			const shown = await all(text, choice);
			const everything = await all(text.replace(/fits=[^&]*&context=\d+/, ''), choice);
			expect(shown.length).toBeGreaterThan(50);
			expect(everything.length).toBeGreaterThan(shown.length);
			expect(shown.filter((card) => !passes(verdict(card)))).toEqual([]);
			expect(shown.map(({ id }) => id)).toEqual(everything.filter((card) => passes(verdict(card))).map(({ id }) => id));
		}
	});

	it('counts what a runtime claims of a card, so that the list is not the one of the general rule', () => {
		if (card === undefined) throw new Error('There is no such card.');
		const query: ModelQuery = { ...emptyQuery, fits: card.id, context: 32_768, limit: 1 };
		const total = (check: PlaceChoice['runtime'], cacheBits: PlaceChoice['cacheBits'] = 16) =>
			app.catalog.list(query, { check, cacheBits }).total;
		expect(total('vllm')).not.toBe(total(null));
		expect(total('sglang')).not.toBe(total('vllm'));
		expect(total('vllm', 4)).toBeGreaterThan(total('vllm'));
		expect(total('ollama')).toBe(
			app.catalog.list({ ...query, runtime: null }, { check: 'llama.cpp', cacheBits: 16 }).total,
		);
	});

	it('is why a model is not shown', () => {
		const query: ModelQuery = { ...emptyQuery, fits: 'rtx-4090-24gb', context: 8192 };
		const kept = new Set(app.catalog.list({ ...query, limit: 200 }).models.map(({ id }) => id));
		const strict = { check: 'transformers', cacheBits: 16 } as const;
		const tight = new Set(app.catalog.list({ ...query, limit: 200 }, strict).models.map(({ id }) => id));
		const lost = [...kept].find(
			(id) => !tight.has(id) && app.catalog.explain(id, query, { related: [], checked: strict })?.visible === false,
		);
		if (lost === undefined) throw new Error('Both lists are the same.');
		const [hidden] = app.catalog.explain(lost, query, { related: [], checked: strict })?.hidden_by ?? [];
		expect(hidden).toMatchObject({ filter: 'fits', value: expect.any(Number) });
		expect(Number(hidden?.value)).toBeGreaterThan(23 * 1024 ** 3);
	});
});
