// GET /api/telemetry over a real app: what was told a moment ago is in the answer, and stays after a restart.
import type { RequestEvent } from '@sveltejs/kit';
import { expect, it, vi } from 'vitest';
import type { TelemetryReport } from '#lib/core/telemetry.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { GET } from '../../src/routes/api/telemetry/+server.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000 }); // an app is made twice, and the machine may be busy

const home = temporaryFolder();
const start = () => {
	const settings = readSettings({ MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' }, () => null);
	return createApp({ settings, version: 'test', background: false });
};

async function ask(app: App): Promise<TelemetryReport> {
	const event = { locals: { app } } as unknown as RequestEvent<Record<string, string>, '/api/telemetry'>;
	const answer = await GET(event);
	expect(answer.headers.get('cache-control')).toBe('no-store');
	return answer.json();
}

it('answers what was counted, through restarts', async () => {
	const first = await start();
	expect(await ask(first)).toMatchObject({ since: null, windows: { run: null }, runs: [] });
	first.telemetry.fetched('200', 42);
	first.telemetry.classified('gen');
	expect((await ask(first)).windows.run?.fetches).toEqual([{ name: '200', count: 1 }]);
	first.telemetry.classified('encoder');
	await first.close();
	const second = await start();
	const { windows, since } = await ask(second);
	expect(since).not.toBeNull();
	expect(windows.all.classes.map(({ name }) => name).sort()).toEqual(['encoder', 'gen']);
	expect(windows.all.durations).toMatchObject({ count: 1, bars: [{ from_ms: 32, to_ms: 64, count: 1 }] });
	await second.close();
});
