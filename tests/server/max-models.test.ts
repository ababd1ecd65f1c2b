// The most models that are loaded at once, as a setting: what it does to loaded models, how it is shown, what it refuses.
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { settingsReport } from '#lib/server/settings-report.ts';
import { isRunning } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { putModel } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';

let app: App | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

const settingsWith = (env: Record<string, string>) =>
	readSettings({ HOME: '/nowhere', HF_HUB_OFFLINE: '1', ...env }, () => null);

/** An app over three tiny models, each used once; gives the names and processes that were loaded after each. */
async function usedInTurn(env: Record<string, string>) {
	const home = temporaryFolder();
	for (const name of ['first', 'second', 'third']) putModel(join(home, 'data/models', name), embeddingModel());
	const settings = settingsWith({ HOME: home, MODELDEX_HOME: join(home, 'data'), ...env });
	app = await createApp({ settings, version: '0', background: false });
	const after: { name: string; pid: number | null }[][] = [];
	for (const name of ['first', 'second', 'first', 'third']) {
		await app.engines.use(name, { force: true }, async () => undefined);
		after.push(app.engines.list().map(({ name: loaded, pid }) => ({ name: loaded, pid })));
	}
	return after;
}

describe('MODELDEX_MAX_MODELS', () => {
	it('lets the model used longest ago go when another one would be too many', async () => {
		const after = await usedInTurn({ MODELDEX_MAX_MODELS: '2' });
		expect(after.map((loaded) => loaded.map(({ name }) => name))).toEqual([
			['first'],
			['first', 'second'],
			['second', 'first'],
			['first', 'third'],
		]);
		const second = after[1]?.find(({ name }) => name === 'second');
		expect(isRunning(second?.pid ?? null)).toBe(false);
	});

	it('keeps as many as fit when it is not set', async () => {
		const after = await usedInTurn({});
		expect(after.at(-1)?.map(({ name }) => name)).toEqual(['second', 'first', 'third']);
	});

	it('is shown among the settings, with who set it', () => {
		const shown = (env: Record<string, string>) =>
			settingsReport(settingsWith(env)).find(({ variable }) => variable === 'MODELDEX_MAX_MODELS');
		expect(shown({ MODELDEX_MAX_MODELS: ' 2 ' })).toMatchObject({ flag: 'max-models', value: '2', isGiven: true });
		expect(shown({})).toMatchObject({ value: 'as many as fit', isGiven: false });
	});

	it.each(['0', '-1', '1.5', 'two', '101', '1e2'])('refuses %s', (value) => {
		expect(() => settingsWith({ MODELDEX_MAX_MODELS: value })).toThrow(
			'MODELDEX_MAX_MODELS is set to something that is not a whole number from 1 to 100.',
		);
	});
});
