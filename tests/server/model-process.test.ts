// The process of a model among others: limits of time count its own work, it goes last, and one waits ready for the next.
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import { ChildEngine } from '#lib/server/engine/child-engine.ts';
import { ModelProcess } from '#lib/server/engine/model-process.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { workedMs } from '#lib/server/engine/process-time.ts';
import { findLibrary, runtimesAt } from '#lib/server/engine/runtime-library.ts';
import { SpareProcess } from '#lib/server/engine/spare-process.ts';
import { projectFolder } from '../support/built-server.ts';
import { engineRoom } from '../support/engine-room.ts';
import { engineFor, isRunning } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { causalModel } from '../support/tiny-causal.ts';
import { putModel } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const mean = { prefix: '', pooling: 'mean' as const, maxTokens: 64, mostChunks: 16 };
const places = new ModelPlaces({ cache: '/nowhere', inventory: { files: async () => null }, stores: [] });
const find = (split?: string) =>
	places.find(putModel(`${temporaryFolder()}/model`, embeddingModel(split === undefined ? {} : { split })), {
		allowFolder: true,
	});
const ground = { library: runtimesAt('/nowhere'), folder: projectFolder, threads: 1 };

afterEach(() => void vi.unstubAllEnvs());

/** Resolves once the clock has as many timers as wanted. */
async function timers(clock: VirtualClock, count: number): Promise<void> {
	while (clock.waiting !== count) await new Promise((resolve) => setImmediate(resolve));
}

describe('the process of a model', () => {
	it('goes behind everything else that runs', async () => {
		const engine = await engineFor(embeddingModel());
		await engine.load();
		expect(getPriority(engine.pid ?? 0)).toBeGreaterThan(getPriority(process.pid));
	});

	it('has its time again when others kept it from working, but not for ever', async ({ skip }) => {
		if (workedMs(process.pid) === null) return skip('this system does not tell how long a process has worked');
		const clock = new VirtualClock();
		const hour = 3_600_000;
		const engine = new ChildEngine({ ...ground, place: await find('(a+)+$'), clock, limits: { tokenize: 20_000 } });
		await engine.load();
		await timers(clock, 0);
		const endless = engine.embed(`${'a'.repeat(40)}!`, mean);
		const ended = expect(endless).rejects.toMatchObject({ code: 'tokenizer_rejected' });
		await timers(clock, 1);
		// Stopped, it works as little as on a machine that has no time for it.
		process.kill(engine.pid ?? 0, 'SIGSTOP');
		await clock.leap(20_000);
		expect(isRunning(engine.pid)).toBe(true);
		expect(clock.waiting).toBe(1);
		await clock.leap(hour);
		await ended;
		expect(engine.pid).toBeNull();
	});

	it('is told how long it worked by the system, and nothing of one that is gone', ({ skip }) => {
		if (workedMs(process.pid) === null) return skip('this system does not tell how long a process has worked');
		const { user, system } = process.cpuUsage();
		const ours = (user + system) / 1000;
		expect(Math.abs((workedMs(process.pid) ?? 0) - ours)).toBeLessThan(1000);
		expect(workedMs(2 ** 30)).toBeNull();
	});
});

describe('a model that writes', () => {
	const messages = [{ role: 'user' as const, content: 'Answer one letter' }];
	const order = (maxTokens: number) => ({ messages, maxTokens, temperature: 0, streams: true });

	async function writer(): Promise<ModelProcess> {
		const { folder, subfolder, fileName, dtype, maxTokens } = await places.find(
			putModel(`${temporaryFolder()}/model`, causalModel()),
			{ allowFolder: true },
		);
		const child = new ModelProcess({ clock: machineClock, folder: projectFolder, onEnd: () => undefined });
		afterAll(() => child.end());
		const files = { folder, subfolder, fileName, dtype, maxTokens };
		await child.ask('load', { library: findLibrary(), runtime: 'onnx', kind: 'causal', threads: 1, ...files });
		return child;
	}

	it('stops after the next token when nobody reads on, and then does what comes next', async () => {
		const child = await writer();
		const left = new AbortController();
		const hear = ({ tokens }: { tokens: number }) => {
			if (tokens > 2) left.abort(new Error('enough'));
		};
		// More than it could write before it would be ended for not stopping.
		const writing = child.ask('generate', order(1_000_000), { signal: left.signal, hear });
		const next = child.ask('generate', order(1));
		await expect(writing).rejects.toThrow('enough');
		expect(await next).toMatchObject({ tokens: 1, isComplete: false });
	});

	it('goes on for one reader when another, who waits for his turn, leaves', async () => {
		const child = await writer();
		const left = new AbortController();
		const hear = () => left.abort(new Error('enough'));
		const [first, second] = [
			child.ask('generate', order(200), { hear }),
			child.ask('generate', order(200), { signal: left.signal }),
		];
		await expect(second).rejects.toThrow('enough');
		expect(await first).toMatchObject({ tokens: 200 });
		expect(await child.ask('generate', order(2))).toMatchObject({ tokens: 2 });
	});
});

describe('the process in waiting', () => {
	it('becomes the next model’s, and is ended when nobody needs it', async () => {
		const clock = new VirtualClock();
		const spare = new SpareProcess({ clock: machineClock, folder: projectFolder });
		await spare.prepare(findLibrary(), 'onnx');
		const waiting = spare.pid;
		const engine = new ChildEngine({ ...ground, place: await find(), clock, spare });
		await engine.load();
		expect(engine.pid).toBe(waiting);
		expect(spare.pid).toBeNull();
		expect((await engine.embed('cat', mean)).vectors).toHaveLength(1);
		await engine.unload();
		expect(isRunning(waiting)).toBe(false);
		await spare.prepare(findLibrary(), 'onnx');
		const second = spare.pid;
		expect(await spare.drop()).toBe(true);
		expect(isRunning(second)).toBe(false);
		expect(await spare.drop()).toBe(false);
	});

	it('has been through what is slow the first time, leaves no file of that, and does without where none can be written', async () => {
		const [folder, place] = [temporaryFolder(), await find()];
		const spare = new SpareProcess({ clock: machineClock, folder: projectFolder });
		afterAll(() => spare.drop());
		vi.stubEnv('TMPDIR', folder);
		const prepared = await spare.prepare(findLibrary(), 'onnx');
		expect(prepared?.isWarm).toBe(true);
		expect(prepared?.rssAfter).toBeLessThan(200 * 2 ** 20);
		expect(readdirSync(folder)).toEqual([]);
		await spare.drop();
		vi.stubEnv('TMPDIR', join(folder, 'nowhere'));
		expect(await spare.prepare(findLibrary(), 'onnx')).toMatchObject({ isWarm: false });
		const engine = new ChildEngine({ ...ground, place, clock: machineClock, spare });
		expect((await engine.embed('cat', mean)).vectors).toHaveLength(1);
		await engine.unload();
	});

	it('is not taken for another library, and gone for good when it breaks', async () => {
		const spare = new SpareProcess({ clock: machineClock, folder: projectFolder });
		await spare.prepare(findLibrary(), 'onnx');
		expect(spare.take('file:///other.mjs', () => undefined)).toBeNull();
		const { pid } = spare;
		process.kill(pid ?? 0, 'SIGKILL');
		while (spare.pid !== null) await new Promise((resolve) => setImmediate(resolve));
		const engine = new ChildEngine({ ...ground, place: await find(), clock: machineClock, spare });
		await engine.load();
		expect(engine.pid).not.toBe(pid);
		await engine.unload();
		// A library that is not there ends the process, and nothing waits.
		await spare.prepare('file:///nowhere/library.mjs', 'onnx');
		expect(spare.pid).toBeNull();
	});

	it('waits while a model is loaded where memory allows it, and makes room first', async () => {
		let available = 64 * 2 ** 30;
		const models = { first: embeddingModel(), second: embeddingModel(), third: embeddingModel() };
		const room = engineRoom({ models, keepsSpare: true, availableBytes: () => available });
		const use = (name: string) => room.engines.use(name, {}, async ({ engine }) => engine.embed('cat', mean));
		expect(room.engines.waitingPid).toBeNull();
		await use('first');
		const waiting = room.engines.waitingPid;
		expect(isRunning(waiting)).toBe(true);
		await use('second');
		expect(room.engines.list().map(({ pid }) => pid)).toContain(waiting);
		const next = room.engines.waitingPid;
		expect(isRunning(next)).toBe(true);
		available = 600 * 2 ** 20;
		await expect(use('third')).rejects.toMatchObject({ code: 'not_enough_memory' });
		expect(room.engines.waitingPid).toBeNull();
		expect(isRunning(next)).toBe(false);
		available = 64 * 2 ** 30;
		await use('third');
		const last = room.engines.waitingPid;
		await room.engines.close();
		expect(isRunning(last)).toBe(false);
	});
});
