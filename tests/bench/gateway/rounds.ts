// Rounds of load on several targets in turn: each round in another order, so that a busy moment hits nobody alone.
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../../support/built-server.ts';
import { median } from '../report.ts';
import type { Target } from './targets.ts';

/** What one load came to. Milliseconds; `rate` is calls per second, `first` the middle of the times to the first byte. */
export interface Figures {
	p50: number;
	p90: number;
	p99: number;
	rate: number;
	first: number;
	errors: number;
	/** Processor seconds of the target per thousand calls; null where this system does not tell. */
	processor: number | null;
}

/** What is asked in one load. */
export interface Load {
	model: string;
	isStream?: boolean;
	callers: number;
	calls: number;
}

/** The request that every target gets: the same chat, under the target's own name for the model. */
export function chatOf(target: Target, { model, isStream = false }: Pick<Load, 'model' | 'isStream'>) {
	const system = 'You are a helpful assistant who answers in one short sentence and never asks anything back.';
	const body = {
		model: target.model(model),
		messages: [
			{ role: 'system', content: system },
			{ role: 'user', content: 'What is the capital of the country whose flag has a red maple leaf in its middle?' },
		],
		temperature: 0.2,
		max_tokens: 64,
		...(isStream ? { stream: true } : {}),
	};
	return {
		origin: target.origin,
		path: '/v1/chat/completions',
		headers: target.headers,
		body: JSON.stringify(body),
	};
}

/** Processor seconds of a process so far; null where the system has no such file. */
function processorSeconds(pid: number): number | null {
	try {
		const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
			.replace(/^.*\) /s, '')
			.split(' ');
		return (Number(fields[11]) + Number(fields[12])) / 100;
	} catch {
		return null; // not this kind of system
	}
}

/** Memory that a process holds, in bytes; null where the system does not tell. */
export function residentBytes({ pid }: Target): number | null {
	try {
		const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
		return kilobytes === undefined ? null : Number(kilobytes) * 1024;
	} catch {
		return null; // not this kind of system
	}
}

/** The process that makes the load. */
export class Client {
	readonly #child: ChildProcess;

	constructor() {
		const path = join(projectFolder, 'tests/bench/gateway/client.mjs');
		this.#child = fork(path, [], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
	}

	/** Gives a job and waits for its figures. */
	run<T>(kind: 'load' | 'burst' | 'leave', job: object): Promise<T> {
		return new Promise((resolve, reject) => {
			const failed = () => reject(new Error('The process that makes the load ended.'));
			this.#child.once('exit', failed);
			this.#child.once('message', (told: { figures?: T; failure?: string }) => {
				this.#child.off('exit', failed);
				if (told.figures === undefined) reject(new Error(told.failure));
				else resolve(told.figures);
			});
			this.#child.send({ kind, job });
		});
	}

	/** One load on one target. Throws when any call of it failed: half an answer is no figure. */
	async load(target: Target, { callers, calls, ...asked }: Load): Promise<Figures> {
		const before = processorSeconds(target.pid);
		const figures = await this.run<Omit<Figures, 'processor'>>('load', { ...chatOf(target, asked), callers, calls });
		const after = processorSeconds(target.pid);
		if (figures.errors > 0) throw new Error(`${figures.errors} of ${calls} calls of ${target.name} failed.`);
		const processor = before === null || after === null ? null : ((after - before) / calls) * 1000;
		return { ...figures, processor };
	}

	end(): void {
		this.#child.disconnect();
	}
}

/** The figures of every target, one entry per round. */
export type Rounds = Map<Target['name'], Figures[]>;

/** Runs the same load on every target, round by round, each round beginning with another one. */
export async function inTurn(client: Client, targets: readonly Target[], load: Load, rounds: number): Promise<Rounds> {
	const found: Rounds = new Map(targets.map(({ name }) => [name, []]));
	for (let round = 0; round < rounds; round += 1) {
		const order = targets.map((_, at) => targets[(at + round) % targets.length]).filter((one) => one !== undefined);
		for (const target of order) found.get(target.name)?.push(await client.load(target, load));
	}
	return found;
}

/** The middle over the rounds of one figure of one target; NaN where that target was not there. */
export function middle(rounds: Rounds, name: Target['name'], figure: keyof Figures): number {
	return median((rounds.get(name) ?? []).map((one) => one[figure] ?? Number.NaN));
}

/** The middle over the rounds of a ratio: each round's two figures were taken within seconds of each other. */
export function ratio(rounds: Rounds, names: [Target['name'], Target['name']], figure: keyof Figures): number {
	const [ours = [], theirs = []] = names.map((name) => rounds.get(name));
	return median(ours.map((one, at) => (one[figure] ?? Number.NaN) / (theirs[at]?.[figure] ?? Number.NaN)));
}

const columns = ['p50', 'p90', 'p99', 'first', 'rate', 'processor'] as const;

/** A table of one load for people: the middle over the rounds, and least to most of the calls per second. */
export function tableOf(title: string, rounds: Rounds): string {
	const lines = [...rounds].map(([name, all]) => {
		const rates = all.map(({ rate }) => rate);
		const cells = columns.map((column) => `${column} ${middle(rounds, name, column).toPrecision(4)}`.padEnd(16));
		const span = `rate ${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)} in ${all.length} rounds`;
		return `  ${name.padEnd(8)} ${cells.join(' ')} ${span}`;
	});
	return [title, ...lines, ''].join('\n');
}
