// `modeldex serve` as a process: its one line, its end, and what stands in its way.
import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
	cleanEnvironment,
	ensureBuilt,
	freePort,
	healthOf,
	modeldex,
	projectFolder,
	startServer,
	type BuiltServer,
} from '../support/built-server.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes on a machine that may be busy

const home = temporaryFolder();
const running: BuiltServer[] = [];

async function start(...words: string[]): Promise<BuiltServer> {
	const server = await startServer({}, words);
	running.push(server);
	return server;
}

beforeAll(ensureBuilt, 180_000);
afterAll(() => Promise.all(running.map((server) => server.stop())));

describe('modeldex serve', () => {
	it('says one line when it is ready', async () => {
		const server = await start();
		expect(server.output()).toMatch(/^Modeldex is ready on http:\/\/127\.0\.0\.1:\d+( · [\d,]+ models)?\n$/);
	});

	it('ends with 0 within two seconds of SIGTERM', async () => {
		const server = await start();
		const started = performance.now();
		server.process.kill('SIGTERM');
		expect(await server.ended).toBe(0);
		expect(performance.now() - started).toBeLessThan(2000);
	});

	it('takes flags in place of the environment', async () => {
		const server = await start('--origin', 'https://models.example');
		expect(server.output()).toContain('ready on https://models.example');
	});

	it('prints one document with --json', async () => {
		const env = cleanEnvironment(home);
		const child = spawn(process.execPath, [join(projectFolder, 'bin/modeldex.js'), 'serve', '--json'], { env });
		let text = '';
		child.stdout.on('data', (chunk) => (text += chunk));
		while (!text.includes('}')) await new Promise((resolve) => child.stdout.once('data', resolve));
		child.kill('SIGTERM');
		await new Promise((resolve) => child.once('exit', resolve));
		expect(JSON.parse(text)).toMatchObject({ schemaVersion: 1, url: expect.stringMatching(/^http:/) });
	});

	it('goes on when nobody reads its output any more', async () => {
		const port = await freePort();
		const env = { ...cleanEnvironment('/nonexistent'), PORT: String(port), MODELDEX_HOME: running[0]?.home };
		const child = spawn(process.execPath, [join(projectFolder, 'bin/modeldex.js'), 'serve'], { env });
		child.stdout.destroy();
		child.stderr.destroy();
		const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
		await vi.waitFor(async () => expect(await healthOf(port)).toBe('ok'), { timeout: 10_000, interval: 50 });
		child.kill('SIGTERM');
		expect(await ended).toBe(0);
	});

	it.each([
		['a taken port', [], () => ({ PORT: String(running[0]?.port) }), /^Port \d+ on 127\.0\.0\.1 is in use; .*\.\n$/],
		['a malformed port', ['--port', 'eighty'], () => ({}), /^PORT is set to something that is not a port number.*\n$/],
		[
			'an unknown setting',
			[],
			() => ({ MODELDEX_COLOUR: 'x' }),
			/^There is no setting MODELDEX_COLOUR; known are .*\n$/,
		],
		['an origin with a path', ['--origin', 'https://a.example/x'], () => ({}), /^ORIGIN is set to something .*\n$/],
		[
			'an address of another machine',
			['--host', '203.0.113.7'],
			() => ({ MODELDEX_KEY: 'k'.repeat(20) }),
			/^203\.0\.113\.7 is not .*\n$/,
		],
		['an unknown option', ['--foo'], () => ({}), /^There is no option "--foo"\. .*\n$/],
		['a stray word', ['now'], () => ({}), /^There is one argument too many: "now"\. .*\n$/],
		['an option without its value', ['--port'], () => ({}), /^--port needs a value: <number>\. .*\n$/],
		['a value where none belongs', ['--offline=x'], () => ({}), /^--offline takes no value\. .*\n$/],
	])('says what is wrong with %s in one sentence', async (_, words, env, sentence) => {
		const { code, stdout, stderr } = await modeldex(['serve', ...words], env());
		expect(stderr).toMatch(sentence);
		expect([code, stdout]).toEqual([2, '']);
	});

	it('gives failures as one object with --json', async () => {
		const { code, stdout } = await modeldex(['serve', '--port', 'x', '--json']);
		expect(code).toBe(2);
		expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, error: { code: 'usage' } });
	});
});

describe('the bin', () => {
	it('works through a symbolic link', async () => {
		const server = running[0] ?? (await start());
		const link = join(server.home, 'modeldex');
		symlinkSync(join(projectFolder, 'bin/modeldex.js'), link);
		const child = spawn(process.execPath, [link, '--version'], { env: cleanEnvironment(server.home) });
		const text = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
		expect(text).toMatch(/^\d+\.\d+\.\d+\n$/);
	});
});
