// Everything about one model while the Hub may not be asked, or fails.
import { describe, expect, it } from 'vitest';
import { ask, config, copyHere, detailOf, ends, fakeHub, house, qwen, start } from '../support/details-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub } from '../support/fake-hub.ts';
import { blankRecord } from '../support/records.ts';

describe('offline', () => {
	it('a model of the catalog shows its row; files and card say that they are not here', async () => {
		const fake = await fakeHub(qwen);
		const { details, catalog } = house(fake, { offline: true });
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), downloads: 7, revision: 'a'.repeat(40) }]);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.entry.downloads).toBe(7);
		expect(detail.problems.map(({ part, code }) => [part, code])).toEqual([
			['characteristics', 'offline'],
			['files', 'offline'],
			['card', 'offline'],
		]);
		expect(fake.stats.requests).toEqual([]);
	});

	it('a model on this machine shows its own specs, files and card', async () => {
		const commit = 'b'.repeat(40);
		const root = copyHere('Qwen/Qwen3-8B', commit, {
			'README.md': '# Local',
			'config.json': config,
			'model.safetensors': '12345',
		});
		const { details, catalog } = house(await fakeHub(qwen), { offline: true, root });
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), origin: 'local' }]);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail).toMatchObject({
			files_source: 'local',
			revision: commit,
			card: { markdown: '# Local' },
			problems: [],
		});
		expect(detail.files.map(({ path, size }) => [path, size])).toEqual([
			['README.md', 7],
			['config.json', config.length],
			['model.safetensors', 5],
		]);
		expect(detail.characteristics).toMatchObject({ source: 'local', num_hidden_layers: 36 });
	});

	it('in other letters is found all the same', async () => {
		const { details, catalog } = house(await fakeHub(), { offline: true });
		catalog.upsert([blankRecord('Qwen/Qwen3-8B')]);
		expect(await ask('qwen/QWEN3-8b', { details })).toEqual({ status: 307, location: '/api/models/Qwen/Qwen3-8B' });
	});
});

describe('a Hub in trouble', () => {
	it('costs only the part that failed', async () => {
		const fake = await fakeHub(qwen);
		fake.fault({ match: '/tree/', fault: { kind: 'status', status: 403 } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toMatchObject([{ part: 'files' }]);
		expect(detail.card.markdown).toContain('Hello');
		expect(detail.characteristics?.model_type).toBe('qwen3');
	});

	it('leaves the list and the card that were read before', async () => {
		const fake = await fakeHub(qwen);
		let time = start;
		const { details, catalog } = house(fake, { now: () => time });
		await detailOf('Qwen/Qwen3-8B', { details });
		time += 3_600_000;
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), revision: 'c'.repeat(40), as_of: '2026-12-01T00:00:00Z' }]);
		fake.fault({ match: /\/tree\/|README/, fault: { kind: 'status', status: 403 } });
		const later = await detailOf('Qwen/Qwen3-8B', { details });
		expect(later).toMatchObject({ files_source: 'cache', card: { markdown: expect.stringContaining('Hello') } });
		expect(later.files).toHaveLength(5);
	});

	it('a commit that a rewritten history took away gives way to the newest one', async () => {
		const fake = await fakeHub(qwen);
		const { details, catalog } = house(fake);
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), revision: 'c'.repeat(40) }]);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toEqual([]);
		expect(detail.files).toHaveLength(5);
		expect(detail.card.markdown).toContain('Hello');
	});

	it('a card that fails to come is a problem of the card alone', async () => {
		const fake = await fakeHub(qwen);
		fake.fault({ match: 'README.md', fault: { kind: 'status', status: 403, body: 'no' } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toMatchObject([{ part: 'card' }]);
		expect(detail.files).toHaveLength(5);
	});

	it('nothing is asked any more once the reader has left', async () => {
		const fake = await startFakeHub({ repos: [fakeRepo(qwen)], latencyMs: 5_000 });
		ends.push(() => fake.close());
		const { details } = house(fake);
		const leaving = new AbortController();
		const asked = ask('Qwen/Qwen3-8B', { details, signal: leaving.signal });
		const left = expect(asked).rejects.toMatchObject({ name: 'AbortError' });
		await expect.poll(() => fake.stats.open).toBeGreaterThan(0);
		leaving.abort();
		await left;
		await expect.poll(() => fake.stats.open).toBe(0);
	});
});
