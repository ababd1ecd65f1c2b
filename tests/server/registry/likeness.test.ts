// `compare: embedding`: answers in other words count as one by the vectors of the model that the file names, at its own threshold.
import { describe, expect, it } from 'vitest';
import { modelsConfigSchema } from '#lib/core/registry/config.ts';
import { CallFailure } from '#lib/core/registry/call.ts';
import { faultLine, readYaml } from '#lib/server/registry/yaml.ts';
import type { Script, Step } from '../../support/fake-candidates.ts';
import { A, B, C, routeRig, threeProviders } from '../../support/route-rig.ts';

const model = 'v/vectors';
const says = (text: string, ms = 50): Step[] => [{ wait: ms }, { say: text }];

/** Vectors by what a text says: felines one way, everything else another. */
const vectors: Script = ({ operation, body }) => {
	expect(operation).toBe('embeddings');
	const texts: unknown[] = Array.isArray(body['input']) ? body['input'] : [];
	const rows = texts.map((text, index) => ({ index, embedding: /cat|tabby/.test(String(text)) ? [3, 0.2] : [0, 4] }));
	return [{ wait: 50 }, { reply: { object: 'list', data: rows.reverse() } }, { tokens: { input_uncached: 40 } }];
};

function rig(scripts: Record<string, Script>, more: object = {}) {
	const consensus = { compare: 'embedding' as const, embedding: model, threshold: 0.9, ...more };
	const t = { strategy: 'consensus' as const, providers: [A, B, C], consensus };
	const prices = { vectors: { input: 1, output: 0 } };
	const providers = { ...threeProviders, v: { type: 'cloud', prices } };
	return routeRig({ config: { providers, tiers: { t } }, scripts: { [model]: vectors, ...scripts } });
}

describe('compare: embedding', () => {
	it('takes answers in other words for one, and pays the model that compared them', async () => {
		const room = rig({ [A]: says('a dog'), [B]: says('a cat'), [C]: says('the tabby', 90) });
		const { text, record } = await room.ask({});
		expect(text).toBe('a cat');
		expect(record.consensus).toMatchObject({ comparator: 'embedding', agreement: 2 / 3, is_reached: true });
		const compared = record.attempts.filter(({ cause }) => cause === 'compare');
		expect(compared.length).toBeGreaterThan(0);
		expect(compared[0]).toMatchObject({ candidate: model, outcome: 'lost', cost_nano: 40_000 });
		expect(room.bugs).toEqual([]);
	});

	it('reads vectors by their number, in whatever order they come', async () => {
		const room = rig({ [A]: says('a dog', 50), [B]: says('a cow', 60), [C]: says('the tabby', 70) });
		const { record } = await room.ask({});
		const [dog, cow, tabby] = record.consensus?.votes.map(({ cluster }) => cluster) ?? [];
		expect([dog === cow, dog === tabby]).toEqual([true, false]);
		const sizes = room.fake.calls.map(({ body }) => (Array.isArray(body['input']) ? body['input'].length : 0));
		expect(Math.max(...sizes)).toBeGreaterThan(1);
	});

	it('sends no answer twice', async () => {
		const room = rig({ [A]: says('a dog', 10), [B]: says('a cat', 20), [C]: says('a cat', 90) });
		await room.ask({});
		const sent = room.fake.calls.filter(({ candidate }) => candidate === model).flatMap(({ body }) => body['input']);
		expect(sent).toEqual(['a dog', 'a cat']);
	});

	it('never takes a no for a yes, however alike the vectors are', async () => {
		const scripts = { [A]: says('it is a cat'), [B]: says('it is not a cat'), [C]: says('7 cats') };
		expect((await rig(scripts).ask({})).failure?.code).toBe('no_consensus');
	});

	it('says why answers could not be compared', async () => {
		const gone: Step[] = [{ fail: new CallFailure('auth', 'The key is refused.', { status: 401 }) }];
		const { failure } = await rig({ [model]: gone, [A]: says('x'), [B]: says('x'), [C]: says('x') }).ask({});
		expect(failure).toMatchObject({ code: 'no_consensus' });
		expect(failure?.message).toContain('v/vectors gave no vectors: The key is refused.');
		const short: Step[] = [{ reply: { data: [{ embedding: [] }] } }];
		const other = await rig({ [model]: short, [A]: says('x'), [B]: says('x'), [C]: says('x') }).ask({});
		expect(other.failure?.message).toContain('did not give a vector for each answer');
	});

	it('is refused in a file without the model, with its place', () => {
		const text = 'version: 1\ntiers:\n  t:\n    strategy: consensus\n    providers: [a/x, b/y]\n    consensus:\n';
		const told = readYaml('r.yaml', `${text}      compare: embedding\n`, modelsConfigSchema).faults.map(faultLine);
		expect(told.join()).toMatch(/^r\.yaml:\d+:\d+ tiers\.t\.consensus\.embedding: names the model whose vectors/);
	});
});
