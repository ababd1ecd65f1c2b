// The library as a program uses it: models by spec with providers of its own, tiers from one setting, and what it refuses.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import { modelsConfigSchema } from '#lib/core/registry/config.ts';
import { machineClock } from '#lib/server/clock.ts';
import {
	buildTiers,
	createModels,
	defaultTierNames,
	getModelsForTier,
	getTiersForModel,
	modelResultSchema,
	printValidationResults,
	safeValidateModelsConfig,
	validateModelsConfig,
	validateTierConfig,
} from '#lib/server/library/registry.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { FakeCandidates } from '../../support/fake-candidates.ts';
import { temporaryFolder } from '../../support/folder.ts';

const fake = new FakeCandidates(machineClock, {
	'mine/a': [{ fail: new CallFailure('not_found', 'Gone.') }],
	'mine/b': [{ say: 'hello' }, { tokens: { input_uncached: 3, output_text: 2 } }],
});
const mine = fake.provider('mine');
if (mine === null) throw new Error('no provider');
const body = { messages: [{ role: 'user', content: 'hi' }] };
const prices = { b: { input: 1, output: 1 } };

describe('createModels', () => {
	it('answers by tier with result, usage, cost and what was tried, and keeps figures', async () => {
		const models = createModels({
			callers: { mine },
			providers: { mine: { type: 'openai-compatible', prices } },
			tiers: { fast: { strategy: 'fallback', providers: ['mine/a', 'mine/b'], onUnknownPrice: 'allow' } },
			defaultTier: 'fast',
			env: {},
		});
		const result = await models.model('tier:fast', { userId: 'ann' }).generate(body);
		expect(modelResultSchema.parse(result)).toMatchObject({
			provider: 'mine',
			model: 'b',
			text: 'hello',
			costUsd: 5e-9 * 1000,
			attempted: ['mine/a', 'mine/b'],
			fallbackReason: 'mine/a: not_found',
		});
		expect(models.request(result.id).served).toBe('mine/b');
		expect(models.usage().users).toMatchObject([{ name: 'ann', requests: 1, successes: 1 }]);
		const { events, done } = await models.model('mine/b').stream(body);
		for await (const event of events) expect(event.type).not.toBe('reply');
		expect((await done).outcome).toBe('ok');
		await models.close();
	});

	it('takes users’ files and other providers while it runs', async () => {
		const folder = temporaryFolderPath;
		const models = createModels({ callers: { mine }, env: {} });
		const path = join(folder, 'ann.yaml');
		writeFileSync(
			path,
			'experiments: { quick: { strategy: first, providers: [mine/b] } }\ndefaults: { experiment: quick }\n',
		);
		expect(() => models.model('user:ann', { userId: 'ann' })).toThrow('No default experiment');
		models.loadUserConfig('ann', path);
		expect((await models.model('user:ann', { userId: 'ann' }).generate(body)).text).toBe('hello');
		expect(() => models.model('user:ann', { userId: 'bob' })).toThrow('only be asked for by that user');
		models.updateProvider('mine', { type: 'openai-compatible', enabled: false });
		await expect(models.model('mine/b').generate(body)).rejects.toMatchObject({ code: 'no_candidate' });
		expect(() => models.updateProvider('x y', { type: 'openai' })).toThrow('x y');
		await models.close();
	});

	it('keeps what was in force when a change is not right', async () => {
		const models = createModels({ callers: { mine }, providers: { lab: { type: 'ollama' } }, env: {} });
		const lab = { type: 'openai-compatible', base_url: 'http://example.org/v1' };
		expect(() => models.updateProvider('lab', lab)).toThrow('providers.lab.base_url');
		expect(() => models.updateProvider('lab', { type: 'local' })).toThrow('providers.lab');
		expect(() =>
			models.configure({ tiers: { t: { strategy: 'first', providers: ['mine/b'] } }, defaultTier: 'x' }),
		).toThrow('There is no tier "x"');
		expect(() => models.configure({ experiments: { e: { strategy: 'first', providers: ['nobody/b'] } } })).toThrow(
			'There is no provider "nobody"',
		);
		expect((await models.model('mine/b').generate(body)).text).toBe('hello');
		expect(() => models.model('lab/any')).not.toThrow();
		const path = join(temporaryFolderPath, 'lost.yaml');
		writeFileSync(path, 'experiments: { quick: { strategy: first, providers: [nobody/b] } }\n');
		expect(() => models.loadUserConfig('ann', path)).toThrow('experiments.quick.providers.0');
		for (const bound of [{ maxCost: -1 }, { timeoutMs: NaN }, { timeoutMs: 0 }])
			expect(() => models.model('mine/b', bound)).toThrow('has to be a number');
		await models.close();
	});

	it('switches strategies on and off for users', async () => {
		const models = createModels({
			callers: { mine },
			tiers: { fast: { strategy: 'fallback', providers: ['mine/b', 'mine/a'], onUnknownPrice: 'allow' } },
			defaultTier: 'fast',
			rollout: { percent: 0, testUsers: ['eve'] },
			env: {},
		});
		const strategy = async (userId: string) => (await models.getModel({ userId }).generate(body)).strategy;
		expect(await strategy('ann')).toBe('first');
		expect(await strategy('eve')).toBe('fallback');
		models.addTestUser('ann');
		expect(await strategy('ann')).toBe('fallback');
		models.disableModels();
		expect(await strategy('eve')).toBe('first');
		models.enableModels();
		expect(await strategy('bob')).toBe('fallback');
		models.setRolloutPercent(0);
		expect(await strategy('bob')).toBe('first');
		expect(await strategy('ann')).toBe('fallback');
		expect(() => models.setRolloutPercent(101)).toThrow('percent');
		expect(models.getModel({ model: 'mine/b' }).spec).toBe('mine/b');
		await models.close();
	});

	it('keeps no cost anywhere when it shall not', async () => {
		const models = createModels({
			callers: { mine },
			providers: { mine: { type: 'openai-compatible', prices } },
			trackCost: false,
			env: {},
		});
		const { id, costUsd } = await models.model('mine/b').generate(body);
		expect(costUsd).toBeGreaterThan(0);
		const { cost, attempts } = models.request(id);
		expect([cost.total, ...attempts.map(({ cost_nano: nano }) => nano)]).toEqual([null, null]);
		await models.close();
	});

	it('refuses what is not right, with the place', () => {
		expect(() => createModels({ tiers: { t: { strategy: 'first', providers: ['nobody/x'] } } })).toThrow(
			'There is no provider "nobody"',
		);
		expect(() => validateModelsConfig({ version: 1, tiers: { t: { strategy: 'race', providers: ['a/b'] } } })).toThrow(
			'tiers.t.providers',
		);
		expect(safeValidateModelsConfig({ version: 1 }).success).toBe(true);
		expect(safeValidateModelsConfig({ version: 1, x: 1 }).success).toBe(false);
	});
});

describe('tiers from one setting', () => {
	const of = (prefix: string) => Object.fromEntries(defaultTierNames.map((name) => [name, `${prefix}-${name}`]));
	const setting = { openai: of('gpt'), groq: { nano: ['tiny', 'small'], high: 'gpt-high' } };

	it('follow the current provider, race where speed counts, and cover all nine names', () => {
		const tiers = buildTiers(setting);
		expect(Object.keys(tiers).sort()).toEqual([...defaultTierNames].sort());
		expect(tiers.nano).toEqual({ strategy: 'race', providers: ['openai/gpt-nano', 'groq/tiny', 'groq/small'] });
		expect(tiers.high).toEqual({ strategy: 'first', providers: ['openai/gpt-high', 'groq/gpt-high'] });
		expect(buildTiers(setting, { provider: 'groq' }).high?.providers[0]).toBe('groq/gpt-high');
		expect(Object.keys(buildTiers(setting, { provider: 'groq', others: false }))).toEqual(['nano', 'high']);
		expect(() => buildTiers(setting, { provider: 'x' })).toThrow('there are openai, groq');
	});

	it('are looked up both ways, as many as there are', () => {
		const tiers = buildTiers({ openai: { low: 'm', high: 'm' } });
		const config = modelsConfigSchema.parse({ version: 1, providers: { openai: { type: 'openai' } }, tiers });
		expect(getModelsForTier(config, 'low')).toEqual(['openai/m']);
		expect(getTiersForModel(config, 'openai/m')).toEqual(['low', 'high']);
		const found = validateTierConfig(config, surroundings({}), ['low', 'medium']);
		expect(found.success).toBe(false);
		expect(found.errors.map(({ code }) => code)).toEqual(expect.arrayContaining(['no_key', 'missing_tier']));
		expect(found.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['orphan_tier', 'unknown_model']));
		const lines: string[] = [];
		printValidationResults(found, (line) => lines.push(line));
		expect(lines.join('\n')).toContain('The tier "medium" is missing.');
	});
});

const temporaryFolderPath = temporaryFolder();
