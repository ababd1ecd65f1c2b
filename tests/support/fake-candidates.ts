// Providers that follow a script on any clock: delays, texts, failures, stalls; they count what is open and what was aborted.
import {
	CallFailure,
	type CallEvent,
	type CallProvider,
	type CandidateCall,
	type Usage,
} from '#lib/core/registry/call.ts';
import { noUsage } from '#lib/core/registry/usage.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';

/** One step of an answer. */
export type Step =
	| { wait: number }
	| { say: string }
	| { role: true }
	| { alive: true }
	| { tokens: Partial<Usage> }
	| { fail: CallFailure }
	| { reply: Record<string, unknown> }
	| { stall: true };

export type Script = Step[] | ((call: CandidateCall, number: number) => Step[]);

/** A chunk in OpenAI's streaming shape. */
export function chunkOf(content: string | null): Record<string, unknown> {
	const delta = content === null ? { role: 'assistant', content: '' } : { content };
	return { object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: null }] };
}

/** The text of the answer in these events. */
export function textOf(events: readonly CallEvent[]): string {
	return events
		.map((event) => {
			if (event.type === 'reply') return JSON.parse(JSON.stringify(event.reply)).choices?.[0]?.message?.content ?? '';
			if (event.type !== 'chunk') return '';
			return JSON.parse(JSON.stringify(event.chunk)).choices?.[0]?.delta?.content ?? '';
		})
		.join('');
}

/** All scripted providers of one test. Scripts are by `provider/model`; the number counts calls to that candidate from 0. */
export class FakeCandidates {
	readonly calls: { candidate: string; at: number; body: Readonly<Record<string, unknown>> }[] = [];
	readonly aborted: { candidate: string; reason: unknown }[] = [];
	open = 0;
	mostOpen = 0;
	readonly #clock: Clock;
	readonly #scripts: Record<string, Script>;

	constructor(clock: Clock, scripts: Record<string, Script>) {
		this.#clock = clock;
		this.#scripts = scripts;
	}

	/** Calls that a candidate got. */
	count(candidate: string): number {
		return this.calls.filter((call) => call.candidate === candidate).length;
	}

	provider = (name: string): CallProvider | null => {
		if (!Object.keys(this.#scripts).some((candidate) => candidate.startsWith(`${name}/`))) return null;
		return { name, call: (call, signal) => this.#call(`${name}/${call.model}`, call, signal) };
	};

	async *#call(candidate: string, call: CandidateCall, signal: AbortSignal): AsyncGenerator<CallEvent> {
		const script = this.#scripts[candidate];
		const number = this.count(candidate);
		this.calls.push({ candidate, at: this.#clock.ticks(), body: call.body });
		this.open += 1;
		this.mostOpen = Math.max(this.mostOpen, this.open);
		try {
			if (script === undefined) throw new CallFailure('not_found', 'There is no such model.', { status: 404 });
			for (const step of typeof script === 'function' ? script(call, number) : script) {
				if (signal.aborted) throw signal.reason;
				if ('wait' in step) await sleep(this.#clock, step.wait, signal);
				else if ('stall' in step) await sleep(this.#clock, 1e12, signal);
				else if ('fail' in step) throw step.fail;
				else if ('alive' in step) yield { type: 'alive' };
				else if ('role' in step) yield { type: 'chunk', chunk: chunkOf(null), content: false };
				else if ('reply' in step) yield { type: 'reply', reply: step.reply };
				else if ('tokens' in step) {
					yield { type: 'usage', usage: { ...noUsage, estimated: false, ...step.tokens } };
				} else yield { type: 'chunk', chunk: chunkOf(step.say), content: true };
			}
		} finally {
			this.open -= 1;
			if (signal.aborted) this.aborted.push({ candidate, reason: signal.reason });
		}
	}
}
