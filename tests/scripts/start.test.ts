// `npm start` as a process: it serves, and nothing goes on serving when npm is gone.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cleanEnvironment, ensureBuilt, freePort, healthOf, projectFolder } from '../support/built-server.ts';

const home = mkdtempSync(join(tmpdir(), 'modeldex-start-'));
const left: ChildProcess[] = [];

beforeAll(ensureBuilt, 180_000);
afterAll(() => {
	for (const child of left) child.kill('SIGKILL');
	rmSync(home, { recursive: true, force: true });
});

async function npmStart(): Promise<{ npm: ChildProcess; port: number; output: () => string }> {
	const port = await freePort();
	const env = { ...cleanEnvironment(home), PORT: String(port), NODE_ENV: 'production', npm_config_omit: 'dev' };
	const npm = spawn('npm', ['start'], { cwd: projectFolder, env });
	left.push(npm);
	let text = '';
	npm.stdout.on('data', (chunk) => (text += chunk));
	npm.stderr.on('data', (chunk) => (text += chunk));
	await vi.waitFor(() => expect(text).toContain('Modeldex is ready'), { timeout: 20_000, interval: 50 });
	return { npm, port, output: () => text };
}

describe.runIf(process.platform !== 'win32')('npm start', () => {
	it('serves without installing or building again, in a production environment too', async () => {
		const { npm, port, output } = await npmStart();
		expect(output()).not.toMatch(/Installing|Building/);
		expect(await healthOf(port)).toBe('ok');
		npm.kill('SIGTERM');
		await vi.waitFor(async () => expect(await healthOf(port)).toBe('down'), { timeout: 3_000, interval: 50 });
	}, 30_000);

	it('leaves nothing behind when npm is killed', async () => {
		const { npm, port } = await npmStart();
		npm.kill('SIGKILL');
		await vi.waitFor(async () => expect(await healthOf(port)).toBe('down'), { timeout: 3_000, interval: 50 });
	}, 30_000);
});
