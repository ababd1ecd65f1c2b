// Features of a running server: pages are told at once what another process switched, and settings are checked at start.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '#lib/server/database.ts';
import { loadChatModelsWorker } from '#lib/server/features.ts';
import { Flags } from '#lib/server/flags.ts';
import { migrate } from '#lib/server/migrations.ts';
import { ensureBuilt, modeldex, startServer } from '../support/built-server.ts';

vi.setConfig({ testTimeout: 60_000 }); // each server is a process, and the machine may be busy

const { flag, variable } = loadChatModelsWorker;
let home: string;

beforeAll(() => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-features-'));
}, 180_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What a page of this server was told. */
async function toldBy(url: string): Promise<boolean> {
	const text = await (await fetch(`${url}/models`)).text();
	return /loadChatModelsWorker:(true|false)/.exec(text)?.[1] === 'true';
}

describe('the feature of loading chat models in a worker', () => {
	it('is on unless told otherwise, and follows what another process switches', async () => {
		const directory = join(home, 'data');
		const server = await startServer({ MODELDEX_HOME: directory });
		expect(await toldBy(server.url)).toBe(true);
		const { database } = openDatabase({ directory, now: () => new Date(), prepare: migrate });
		const flags = new Flags({ database, environment: new Map(), date: () => new Date() });
		flags.disable(flag, 'test');
		expect(await toldBy(server.url)).toBe(false);
		flags.enable(flag, 'test');
		expect(await toldBy(server.url)).toBe(true);
		flags.setPercent(flag, 0, 'test');
		expect(await toldBy(server.url)).toBe(false);
		database.close();
		await server.stop();
	});

	it('is what the environment or the option says', async () => {
		const told = await startServer({ [variable]: 'off' });
		expect(await toldBy(told.url)).toBe(false);
		await told.stop();
		const asked = await startServer({ [variable]: 'off' }, ['--load-chat-models-worker', '100%']);
		expect(await toldBy(asked.url)).toBe(true);
		await asked.stop();
	});

	it('does not start with a value that cannot be read', async () => {
		expect(await modeldex(['serve'], { [variable]: '150%' })).toEqual({
			code: 2,
			stdout: '',
			stderr: `${variable} is set to something that is not on, off or a percentage such as 25%.\n`,
		});
	});
});
