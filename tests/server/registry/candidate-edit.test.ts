// A model of the lab behind a tier: one edit of the registry file, checked and remembered like every other, nothing else touched.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestEvent } from '@sveltejs/kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { POST } from '../../../src/routes/api/registry/candidates/+server.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { causalModel } from '../../support/tiny-causal.ts';
import { putModel } from '../../support/tiny-graph.ts';
import { embeddingModel, pairModel } from '../../support/tiny-onnx.ts';

const home = temporaryFolder();
const file = join(home, 'registry.yaml');
let app: App;

beforeAll(async () => {
	const models = { vectors: embeddingModel(), talker: causalModel(), pairs: pairModel() };
	for (const [name, files] of Object.entries(models)) putModel(join(home, 'models', name), files);
	const settings = readSettings({ MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' }, () => null);
	app = await createApp({ settings, version: '1.2.3', background: false });
}, 60_000);
afterAll(() => app.close());

async function place(body: unknown) {
	const request = new Request('http://127.0.0.1/x', { method: 'POST', body: JSON.stringify(body) });
	return (await POST({ request, locals: { app } } as unknown as RequestEvent as never)).json();
}

async function begin(text: string): Promise<void> {
	if (text === '') rmSync(file, { force: true });
	else writeFileSync(file, text);
	await app.routing.registryFile.save(text === '' ? 'version: 1\n' : text);
}

describe('a model of this machine', () => {
	beforeEach(() => begin(''));

	it('stands behind a new tier and answers there', async () => {
		const placed = await place({ model: 'vectors', tier: 'labels' });
		expect(placed).toEqual({ spec: 'tier:labels', candidate: 'local/vectors', operation: 'embeddings', is_new: true });
		expect(readFileSync(file, 'utf8')).toContain('local/vectors');
		const routed = await app.routing.router.run(
			{
				...{ spec: 'tier:labels', operation: 'embeddings', body: { input: ['cat'] }, user: null, key: null },
				...{ wantsStream: false, options: {} },
			},
			new AbortController().signal,
		);
		for await (const _ of routed.events); // read to its end
		expect((await routed.done).served).toBe('local/vectors');
	});

	it('comes last where the tier is there, keeps every comment, and stands there once', async () => {
		const text = `# ours
version: 1
providers:
  mine: { type: local } # this machine
  ollama: { type: openai-compatible, base_url: "http://127.0.0.1:1/v1" }
tiers:
  labels:
    strategy: first # as agreed
    providers: [ollama/x]
`;
		await begin(text);
		expect(await place({ model: 'talker', tier: 'labels' })).toMatchObject({ candidate: 'mine/talker', is_new: true });
		const after = readFileSync(file, 'utf8');
		for (const word of ['# ours', '# this machine', '# as agreed']) expect(after).toContain(word);
		expect(app.routing.registry.config.tiers['labels']).toMatchObject({
			strategy: 'first',
			providers: [{ model: 'ollama/x' }, { model: 'mine/talker' }],
		});
		expect(app.routing.registryFile.versions().length).toBeGreaterThan(1);
		expect(await place({ model: 'talker', tier: 'labels' })).toMatchObject({ is_new: false });
		expect(readFileSync(file, 'utf8')).toBe(after);
	});

	it.each([
		['pairs', 'labels', 'unsupported_operation', 'neither chats nor vectors'],
		['nowhere', 'labels', 'model_not_installed', 'nowhere'],
		['vectors', 'Bad Name', 'invalid_body', 'tier'],
	])('%s behind %s is refused with %s', async (model, tier, code, says) => {
		const before = readFileSync(file, 'utf8');
		const refusal = await place({ model, tier }).catch((error: unknown) => error);
		expect(refusal).toMatchObject({ code });
		expect(String(refusal)).toContain(says);
		expect(readFileSync(file, 'utf8')).toBe(before);
	});

	it('is not put into a file with faults', async () => {
		writeFileSync(file, 'version: 1\ntiers: [\n');
		await expect(place({ model: 'vectors', tier: 'labels' })).rejects.toMatchObject({ code: 'invalid_config' });
		expect(readFileSync(file, 'utf8')).toBe('version: 1\ntiers: [\n');
	});
});
