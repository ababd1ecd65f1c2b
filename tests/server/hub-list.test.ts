// Listing models from a Hub on loopback: pages, field lists, odd rows, and a Hub that leads in circles.
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { usualExpand } from '#lib/server/hub-list.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { collect, hubRig } from '../support/hub-rig.ts';

/** What was listed before the failure, and the failure. */
async function untilFailure(pages: AsyncIterable<{ rows: ListingFacts[] }>): Promise<[ListingFacts[], unknown]> {
	const rows: ListingFacts[] = [];
	try {
		for await (const page of pages) rows.push(...page.rows);
	} catch (error) {
		return [rows, error];
	}
	return [rows, null];
}

describe('Hub.list', () => {
	it('reads 2,500 models in three pages through a canonical Link, each once, most downloaded first', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(2500) });
		const rows = await collect(hub.list({ sort: 'downloads' }));
		expect(rows).toHaveLength(2500);
		expect(new Set(rows.map(({ id }) => id)).size).toBe(2500);
		expect(fake.stats.requests).toHaveLength(3);
		const downloads = rows.map((row) => row.downloads ?? 0);
		expect(downloads).toEqual([...downloads].sort((a, b) => b - a));
		expect(hub.online).toBe(true);
		expect(hub.budget().api).toMatchObject({ remaining: 497, quota: 500 });
	});

	it('stops at the number asked for', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(300) });
		expect(await collect(hub.list({ most: 120, pageSize: 50 }))).toHaveLength(120);
		expect(fake.stats.requests).toHaveLength(3);
	});

	it('goes on where an earlier listing stopped', async () => {
		const { hub } = await hubRig({ repos: fakeModels(60) });
		const first = await hub.list({ pageSize: 25 }).next();
		const cursor = first.value?.cursor ?? null;
		const rest = await collect(hub.list({ pageSize: 25, cursor }));
		expect(rest).toHaveLength(35);
	});

	it('translates rows and leaves out templates', async () => {
		const base = { relation: 'quantized', models: [{ _id: 'a'.repeat(24), id: 'acme/base' }] };
		const repo = fakeRepo({
			id: 'acme/Chat-7B',
			tags: ['gguf', 'license:apache-2.0'],
			gated: 'auto',
			pipeline_tag: 'text-generation',
			config: { model_type: 'qwen2', tokenizer_config: { chat_template: 'x'.repeat(9000), eos_token: '</s>' } },
			safetensors: { parameters: { BF16: 7 }, total: 7 },
			gguf: { total: 8, architecture: 'qwen2', context_length: 4096, chat_template: 'x' },
			baseModels: base,
		});
		const { hub } = await hubRig({ repos: [repo] });
		const [row] = await collect(hub.list({}));
		expect(row).toMatchObject({
			id: 'acme/Chat-7B',
			hub_id: repo._id,
			sha: repo.refs.main,
			author: 'acme',
			license: 'apache-2.0',
			gated: 'auto',
			config: { model_type: 'qwen2', tokenizer_config: { eos_token: '</s>' } },
			safetensors: { parameters: { BF16: 7 }, total: 7 },
			gguf: { total: 8, architecture: 'qwen2', context_length: 4096 },
			base_models: { relation: 'quantized', ids: ['acme/base'] },
		});
		expect(JSON.stringify(row)).not.toContain('chat_template');
	});

	it('recovers from a refused field by the names the Hub gives, and remembers them', async () => {
		const expandable = usualExpand.filter((name) => name !== 'gguf' && name !== 'baseModels');
		const { fake, hub } = await hubRig({ repos: fakeModels(10), expandable });
		expect(await collect(hub.list({}))).toHaveLength(10);
		expect(fake.stats.requests.map(({ status }) => status)).toEqual([400, 200]);
		expect(await collect(hub.list({}))).toHaveLength(10);
		expect(fake.stats.requests).toHaveLength(3);
		expect(fake.stats.requests[2]?.path).not.toContain('gguf');
	});

	it('keeps good rows beside odd ones, and ignores keys it does not know', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(5) });
		fake.fault({
			match: '/api/models?',
			fault: {
				kind: 'json',
				change: (rows) => [
					null,
					7,
					[null],
					{ id: '../../etc/passwd' },
					{
						id: 'acme/odd',
						gated: true,
						downloads: 'many',
						tags: [1, 'x', null],
						sha: '../x',
						likes: -1,
						whatever: {},
					},
					JSON.parse('{"id":"acme/proto","__proto__":{"polluted":true},"config":{"__proto__":{"polluted":true}}}'),
					...(Array.isArray(rows) ? rows : []),
				],
			},
		});
		const page = await hub.list({}).next();
		expect(page.value?.odd).toBe(4);
		const rows = page.value?.rows ?? [];
		expect(rows).toHaveLength(7);
		expect(rows[0]).toEqual({ id: 'acme/odd', author: 'acme', gated: 'manual', tags: ['x'] });
		expect(Reflect.get({}, 'polluted')).toBeUndefined();
	});

	it.each([
		['HTML', '<html>sign in to the wifi</html>'],
		['half a JSON', '[{"id":"a/b"'],
		['nothing', ''],
		['null', 'null'],
		['an object with an error', '{"error":"slow down"}'],
	])('asks once more when it gets %s in place of a list', async (_, body) => {
		const { fake, hub } = await hubRig({ repos: fakeModels(3) });
		fake.fault({ match: '/api/models?', times: 1, fault: { kind: 'body', body } });
		expect(await collect(hub.list({}))).toHaveLength(3);
		fake.fault({ match: '/api/models?', fault: { kind: 'body', body } });
		await expect(collect(hub.list({}))).rejects.toMatchObject({ code: 'hub_error', status: 502 });
		expect(fake.stats.requests).toHaveLength(4);
	});

	it('reads a list behind a byte order mark', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(3) });
		fake.fault({ match: '/api/models?', fault: { kind: 'body', body: '\ufeff[{"id":"a/b"}]' } });
		expect(await collect(hub.list({}))).toEqual([{ id: 'a/b', author: 'a' }]);
	});
});

describe('a Hub whose pages lead astray', () => {
	const link = (target: (link: string) => string) => ({
		kind: 'headers' as const,
		change: (headers: Record<string, string>) => ({ ...headers, link: target(headers.link ?? '') }),
	});

	it('[S35] stops at a page that leads to itself, and keeps what was read', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(30) });
		fake.fault({ match: 'cursor=', fault: link(() => `<${fake.url}/api/models?cursor=same>; rel="next"`) });
		const [rows, error] = await untilFailure(hub.list({ pageSize: 10 }));
		expect(error).toMatchObject({ code: 'pagination_loop', status: 502 });
		expect(rows.length).toBeGreaterThanOrEqual(20);
		expect(fake.stats.requests.length).toBeLessThanOrEqual(5);
	});

	it('stops at an empty page with a next one', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(30) });
		let page = 0;
		fake.fault({
			match: '/api/models?',
			fault: link(() => `<${fake.url}/api/models?cursor=${(page += 1)}>; rel="next"`),
		});
		fake.fault({ match: 'cursor=', fault: { kind: 'body', body: '[]' } });
		const [rows, error] = await untilFailure(hub.list({ pageSize: 10 }));
		expect(error).toBeInstanceOf(Failure);
		expect(rows).toHaveLength(10);
		expect(fake.stats.requests.length).toBeLessThanOrEqual(5);
	});

	it('[S34] never leaves its endpoint for a next page, with or without the token', async () => {
		const { fake, hub, another } = await hubRig({
			repos: fakeModels(30),
			users: [{ token: 'hf_testtoken', name: 'ada' }],
		});
		const foreign = (await hubRig()).fake;
		fake.fault({ match: '/api/models?', fault: link((own) => own.replace('https://huggingface.co', foreign.url)) });
		expect(await collect(another({ token: 'hf_testtoken' }).list({ pageSize: 10 }))).toHaveLength(30);
		expect(await collect(hub.list({ pageSize: 10 }))).toHaveLength(30);
		expect(foreign.stats.requests).toHaveLength(0);
	});

	it('gives a model once that moves between pages while the list is read', async () => {
		const { fake, hub } = await hubRig({ repos: fakeModels(30) });
		const again = fake.world.repos[3];
		fake.fault({
			match: 'cursor=',
			times: 1,
			fault: {
				kind: 'json',
				change: (rows) => [...(Array.isArray(rows) ? rows : []), { _id: again?._id, id: again?.id }],
			},
		});
		const ids = (await collect(hub.list({ pageSize: 10 }))).map(({ id }) => id);
		expect(new Set(ids).size).toBe(ids.length);
		expect(ids).toHaveLength(30);
	});
});
