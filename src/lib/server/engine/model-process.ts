// One child process with one model: orders in, answers out, a limit of time for every stage, and an end whatever happens.
import { spawn, type ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { Failure, isFailureCode } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import program from '#lib/server/engine/child-program.ts?worker-source';
import { workedMs } from '#lib/server/engine/process-time.ts';
import type { FromChild, Piece, Stage, ToChild, WorkName, Works } from '#lib/server/engine/messages.ts';
import { firstStages, stageRules } from '#lib/server/engine/stages.ts';

/** How long a child may take to notice that its work was cancelled, before it is ended. */
const cancelMs = 2_000;
/** How often a stage's limit may begin anew while others keep the child from working, and how long that may go on. */
const mostTurns = 10;
const mostWaitMs = 300_000;
/** Memory of the child's own heap; weights and activations lie outside of it. */
const heapMegabytes = 1_024;

interface ProcessOptions {
	clock: Clock;
	/** Folder in which the child runs. */
	folder: string;
	/** Other limits than `stageRules`, for tests. */
	limits?: Partial<Record<Stage, number>>;
	/** Called once when the child is gone. */
	onEnd: () => void;
}

/** Who waits for an order's answer. */
interface Waiting {
	name: WorkName;
	hear: ((piece: Piece) => void) | undefined;
	resolve: (answer: unknown) => void;
	reject: (error: unknown) => void;
}

interface AskOptions {
	signal?: AbortSignal | undefined;
	/** Hears what a model has written while it writes. */
	hear?: (piece: Piece) => void;
}

/** Is this an answer to such an order? The other side is our own program, so that its outline is enough. */
function isAnswer<N extends WorkName>(name: N, value: unknown): value is Works[N]['answer'] {
	if (typeof value !== 'object' || value === null) return false;
	if (name === 'load' || name === 'prepare') return 'rssAfter' in value;
	return name === 'generate' ? 'text' in value : Array.isArray(value);
}

/**
 * For glibc, others take no notice: memory that loading a model gives back is kept for its next step, where asking the
 * system for it again would cost a quarter of the time that loading takes. The sizes are 32 MiB (the most there is) for
 * what is asked for singly, 256 MiB that are kept, 64 MiB that are asked for at a time.
 */
const allocation =
	'glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456:glibc.malloc.top_pad=67108864';

/** The environment of the child: what a program needs to run, and no key of anybody. */
function childEnvironment(): NodeJS.ProcessEnv {
	const { PATH, HOME, TMPDIR, TEMP, SystemRoot, LANG } = process.env;
	return { PATH, HOME, TMPDIR, TEMP, SystemRoot, LANG, HF_HUB_OFFLINE: '1', GLIBC_TUNABLES: allocation };
}

/** Behind our own server, and not so far that a busy machine hardly comes to it: four fifths of everybody else's share. */
const stepsBack = 1;
/** Node's number for the least urgent of all. */
const lowestPriority = 19;

/** Lets others go first. A system that does not allow it runs the child as it is. */
function stepBack(pid: number): void {
	try {
		setPriority(pid, Math.min(lowestPriority, getPriority() + stepsBack));
	} catch {
		// it ended already, or a container forbids it
	}
}

/** A child that runs a model. It ends with `end`, with its owner, or when it breaks; then every order fails. */
export class ModelProcess {
	readonly #options: ProcessOptions;
	readonly #child: ChildProcess;
	readonly #waiting = new Map<number, Waiting>();
	readonly #ended: Promise<void>;
	#nextId = 1;
	#stage: Stage = 'library';
	#stopTimer = () => {};
	#end: Failure | null = null;
	#stderr = '';
	#onEnd: () => void;
	/** Largest size of the child so far, in bytes; 0 before its first answer. */
	peakBytes = 0;

	constructor(options: ProcessOptions) {
		this.#options = options;
		this.#onEnd = options.onEnd;
		const flags = [`--max-old-space-size=${heapMegabytes}`, '-'];
		this.#child = spawn(process.execPath, flags, {
			cwd: options.folder,
			env: childEnvironment(),
			stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
			serialization: 'advanced',
			windowsHide: true,
		});
		// Before it has threads: they take over the priority of the one that starts them.
		if (this.#child.pid !== undefined) stepBack(this.#child.pid);
		this.#child.stdin?.on('error', () => undefined); // the child ended before it had read its program: `exit` tells
		this.#child.stdin?.end(program);
		this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-2000)));
		this.#child.on('message', (message: FromChild) => this.#take(message));
		this.#child.on('error', () => this.#lost(null));
		this.#ended = new Promise((resolve) => {
			this.#child.once('exit', (_code, signal) => {
				this.#lost(signal);
				resolve();
			});
		});
	}

	/** The child's number; null when it could not be started. */
	get pid(): number | null {
		return this.#child.pid ?? null;
	}

	get isAlive(): boolean {
		return this.#end === null;
	}

	/** Gives the child to another owner, who hears of its end instead of the one before. */
	adopt(onEnd: () => void): void {
		this.#onEnd = onEnd;
	}

	/**
	 * Has an order carried out. Rejects with the stage's failure when the child breaks or takes too long, which ends it,
	 * and with the signal's reason when it is aborted: the child then has two seconds to finish what it is at.
	 */
	ask<N extends WorkName>(
		name: N,
		order: Works[N]['order'],
		{ signal, hear }: AskOptions = {},
	): Promise<Works[N]['answer']> {
		const id = this.#nextId;
		this.#nextId += 1;
		return new Promise((resolve, reject) => {
			if (this.#end !== null) return reject(this.#end);
			if (signal?.aborted) return reject(signal.reason);
			const stop = () => this.#cancel(id, signal?.reason);
			const settle = () => signal?.removeEventListener('abort', stop);
			this.#waiting.set(id, {
				...{ name, hear },
				resolve: (answer) => {
					settle();
					if (signal?.aborted) reject(signal.reason);
					else if (isAnswer(name, answer)) resolve(answer);
					else reject(new Failure('engine_failed', 'The model gave an answer of another kind.'));
				},
				reject: (error) => {
					settle();
					reject(error);
				},
			});
			this.#send({ id, name, order });
			if (this.#waiting.size === 1) this.#enter(firstStages[name]);
			signal?.addEventListener('abort', stop, { once: true });
		});
	}

	/** Ends the child and waits until it is gone. */
	async end(failure = new Failure('engine_failed', 'The model was unloaded.')): Promise<void> {
		this.#kill(failure);
		await this.#ended;
	}

	#send(message: { id: number; name: WorkName; order: unknown } | ToChild): void {
		if (!this.#child.connected) return;
		// A message to a child that dies meanwhile fails; its exit is what is told.
		this.#child.send(message, () => undefined);
	}

	#take(message: FromChild): void {
		if ('stage' in message) return this.#enter(message.stage);
		const waiting = this.#waiting.get(message.id);
		if ('piece' in message) {
			this.#enter(this.#stage); // each piece has the stage's time anew
			return waiting?.hear?.(message.piece);
		}
		this.#waiting.delete(message.id);
		this.#next();
		if (waiting === undefined) return;
		if ('failed' in message) {
			const { code, message: said } = message.failed;
			return waiting.reject(new Failure(isFailureCode(code) ? code : 'engine_failed', said));
		}
		this.peakBytes = Math.max(this.peakBytes, message.peak);
		waiting.resolve(message.answer);
	}

	/** The child takes orders in the order in which they were given: the first of those that wait is begun now. */
	#next(): void {
		const [first] = this.#waiting.values();
		if (first === undefined) this.#stopTimer();
		else this.#enter(firstStages[first.name]);
	}

	#enter(stage: Stage): void {
		this.#stage = stage;
		const limit = this.#options.limits?.[stage] ?? stageRules[stage].limitMs;
		this.#watch(stage, limit, { from: this.#worked(), turn: 1 });
	}

	#worked(): number | null {
		return this.#child.pid === undefined ? null : workedMs(this.#child.pid);
	}

	/** Ends the child when the limit of a stage is over, unless it hardly got to work: then it has that time again. */
	#watch(stage: Stage, limit: number, { from, turn }: { from: number | null; turn: number }): void {
		this.#stopTimer();
		this.#stopTimer = this.#options.clock.after(limit, () => {
			const now = this.#worked();
			const isStarved = from !== null && now !== null && now - from < limit / 2;
			const mayWait = turn < mostTurns && limit * (turn + 1) <= mostWaitMs;
			if (isStarved && mayWait) return this.#watch(stage, limit, { from, turn: turn + 1 });
			const { late, says } = stageRules[stage];
			const seconds = Math.round((limit * turn) / 100) / 10;
			this.#kill(new Failure(late, `The model took more than ${seconds} s for ${says} and was stopped.`));
		});
	}

	/** An order that waits its turn in the child is forgotten by both; the running one is asked to stop, then made to. */
	#cancel(id: number, reason: unknown): void {
		const waiting = this.#waiting.get(id);
		if (waiting === undefined) return;
		this.#send({ id, name: 'stop' });
		const [running] = this.#waiting.keys();
		if (running !== id) {
			this.#waiting.delete(id);
			return waiting.reject(reason);
		}
		const unset = this.#options.clock.after(cancelMs, () => {
			if (this.#waiting.has(id))
				this.#kill(new Failure('engine_failed', 'The model did not stop when asked to and was ended.'));
		});
		const { resolve, reject } = waiting;
		this.#waiting.set(id, {
			...waiting,
			resolve: (answer) => {
				unset();
				resolve(answer);
			},
			reject: (error) => {
				unset();
				reject(error);
			},
		});
	}

	#lost(signal: NodeJS.Signals | null): void {
		const { died, says } = stageRules[this.#stage];
		const isOutOfMemory = /heap out of memory|allocation failed|bad_alloc/i.test(this.#stderr) || signal === 'SIGKILL';
		const why = isOutOfMemory ? ' (it may have run out of memory)' : '';
		this.#finish(new Failure(died, `The process of the model ended while ${says}${why}.`));
	}

	#kill(failure: Failure): void {
		this.#finish(failure);
		this.#child.kill('SIGKILL');
	}

	#finish(failure: Failure): void {
		if (this.#end !== null) return;
		this.#end = failure;
		this.#stopTimer();
		for (const { reject } of this.#waiting.values()) reject(failure);
		this.#waiting.clear();
		this.#onEnd();
	}
}
