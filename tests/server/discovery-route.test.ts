// The routes of discovery over a real app and a loopback Hub: lines, refusals, cancelling, and readers that leave.
import type { RequestEvent } from '@sveltejs/kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DiscoveryMessage } from '#lib/core/discovery.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { POST } from '../../src/routes/api/discovery/+server.ts';
import { DELETE } from '../../src/routes/api/discovery/[id]/+server.ts';
import { silentModels, told } from '../support/discovery-rig.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/folder.ts';

const home = temporaryFolder();
let fake: FakeHub;
let app: App;

beforeAll(async () => {
	fake = await startFakeHub({ repos: [...silentModels(60), ...fakeModels(100)], direct: true });
	const settings = readSettings({ MODELDEX_HOME: home, HOME: home, HF_ENDPOINT: fake.url }, () => null);
	app = await createApp({ settings, version: '1.2.3', background: false });
});
afterAll(async () => {
	await app.close();
	await fake.close();
});
beforeEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const url = new URL('http://127.0.0.1/api/discovery');

async function post(body: unknown, signal?: AbortSignal): Promise<Response> {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	const request = new Request(url, { method: 'POST', body: text, ...(signal === undefined ? {} : { signal }) });
	return POST({ url, request, locals: { app } } as unknown as RequestEvent<Record<string, string>, '/api/discovery'>);
}

async function remove(id: string): Promise<Response> {
	const event = { url, params: { id }, locals: { app } };
	return DELETE(event as unknown as RequestEvent<{ id: string }, '/api/discovery/[id]'>);
}

const lines = (text: string): DiscoveryMessage[] =>
	text
		.split('\n')
		.filter(Boolean)
		.map((line) => JSON.parse(line));

/** The first lines of a body, and the reader that goes on. */
async function begin(response: Response) {
	const reader = response.body?.getReader();
	if (reader === undefined) throw new Error('no body');
	const first = new TextDecoder().decode((await reader.read()).value);
	const rest = async () => {
		let text = first;
		for (let part = await reader.read(); !part.done; part = await reader.read()) {
			text += new TextDecoder().decode(part.value);
		}
		return lines(text);
	};
	return { reader, rest };
}

describe('POST /api/discovery', () => {
	it('answers with one message a line, under the name it was given', async () => {
		const answer = await post({ action: 'listChatModels', id: 'page-1', params: { maxCandidates: 20 } });
		expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
		expect(answer.headers.get('x-accel-buffering')).toBe('no');
		const { done, messages } = told(lines(await answer.text()));
		expect(messages.every(({ id }) => id === 'page-1')).toBe(true);
		expect(done.meta).toMatchObject({ fetched: 160 });
		expect(done.models.filter(({ excluded_by }) => excluded_by === 'candidate-limit').length).toBeGreaterThan(30);
	}, 30_000);

	it('names a run that has no name', async () => {
		const { done } = told(lines(await (await post({ params: { listLimit: 1, maxCandidates: 0 } })).text()));
		expect(done.id).toMatch(/^[\w-]{8,}$/);
	});

	it.each([
		['{"what": 1}', 'unknown_field', /"what"/],
		['{"params": {"surprise": 1}}', 'unknown_field', /"surprise"/],
		['{"params": {"concurrency": 0}}', 'invalid_body', /concurrency.*1 to 64/],
		['{"params": {"hfToken": "hf_secret secret"}}', 'invalid_body', /^(?!.*hf_secret)/],
		['[]', 'invalid_body', /./],
		['{', 'invalid_json', /./],
	])('refuses %s', async (body, code, sentence) => {
		await expect(post(body)).rejects.toMatchObject({ code, status: 400, message: expect.stringMatching(sentence) });
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('takes a list of many thousand models', async () => {
		const models = Array.from({ length: 12_000 }, (_, i) => ({
			id: `hand/Model-${i}`,
			tags: ['a', 'b'],
			pipeline_tag: 'text-generation',
			model_type: 'llama',
			architectures: ['LlamaForCausalLM'],
		}));
		const { done } = told(lines(await (await post({ params: { models, maxCandidates: 0 } })).text()));
		expect(done.models).toHaveLength(12_000);
		expect(done.meta.requests).toBe(0);
	}, 60_000);

	it('ends what it asked for when its reader leaves', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const { reader } = await begin(await post({ params: { maxCandidates: 50 } }));
		await expect.poll(() => fake.stats.open).toBeGreaterThan(0);
		await reader.cancel();
		await expect.poll(() => fake.stats.open, { timeout: 5000, interval: 5 }).toBe(0);
	}, 30_000);

	it('ends with a last line when the request is aborted', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const leaving = new AbortController();
		const { rest } = await begin(await post({ id: 'tab', params: { maxCandidates: 55 } }, leaving.signal));
		leaving.abort();
		expect((await rest()).at(-1)).toMatchObject({ action: 'listChatModels:done', meta: { cancelled: true } });
	}, 30_000);
});

describe('DELETE /api/discovery/{id}', () => {
	it('ends the run of that name, once', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const { rest } = await begin(await post({ id: 'long', params: { maxCandidates: 60 } }));
		expect((await remove('long')).status).toBe(204);
		const messages = await rest();
		expect(messages.filter(({ action }) => action === 'listChatModels:done')).toMatchObject([
			{ id: 'long', meta: { cancelled: true } },
		]);
		await expect(remove('long')).rejects.toMatchObject({ code: 'not_found', status: 404 });
	}, 30_000);

	it('knows no other', async () => {
		await expect(remove('nobody')).rejects.toMatchObject({ message: expect.stringContaining('"nobody"') });
	});
});
