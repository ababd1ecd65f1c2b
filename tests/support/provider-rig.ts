// One provider of ours in front of a fake one: calls it and keeps what comes.
import type { CallEvent, CandidateCall, Operation } from '#lib/core/registry/call.ts';
import { ReplyFold } from '#lib/core/openai-fold.ts';
import { machineClock } from '#lib/server/clock.ts';
import { HttpProvider, type ProviderSettings } from '#lib/server/providers/providers.ts';
import type { FakeProvider } from './fake-provider.ts';

/** A provider named `lab` at this address, with the key `sk-lab-canary-000` unless told otherwise. */
export function labProvider(baseUrl: string, settings: Partial<ProviderSettings> = {}, env = {}): HttpProvider {
	const all = { name: 'lab', type: 'openai-compatible', baseUrl, keyVariable: 'LAB_KEY', headers: {}, ...settings };
	const ground = { env: { LAB_KEY: 'sk-lab-canary-000', ...env }, clock: machineClock, proxy: null, version: '0.0.0' };
	return new HttpProvider(all, ground);
}

/** A call of this model with one question, and more fields of the body. */
export function question(
	model: string,
	body: Record<string, unknown> = {},
	operation: Operation = 'chat',
): CandidateCall {
	const messages = [{ role: 'user', content: 'What?' }];
	const asked =
		operation === 'chat' ? { messages } : operation === 'completions' ? { prompt: 'What?' } : { input: ['a', 'b'] };
	return { operation, model, body: { model: `lab/${model}`, ...asked, ...body } };
}

export interface Heard {
	events: CallEvent[];
	/** What went wrong; null when nothing did. */
	failure: unknown;
	/** The chunks put together, or the plain answer. */
	reply: Readonly<Record<string, unknown>>;
}

/** Calls to the end, or to the first failure. */
export async function hear(
	provider: HttpProvider,
	call: CandidateCall,
	signal = new AbortController().signal,
): Promise<Heard> {
	const events: CallEvent[] = [];
	const fold = new ReplyFold(call.operation);
	let failure: unknown = null;
	try {
		for await (const event of provider.call(call, signal)) {
			events.push(event);
			if (event.type === 'chunk') fold.add(event.chunk);
			if (event.type === 'reply') fold.addReply(event.reply);
		}
	} catch (error) {
		failure = error;
	}
	return { events, failure, reply: fold.reply() };
}

/** Waits until nothing is being answered any more. */
export async function quiet({ until, stats }: FakeProvider): Promise<void> {
	await until(() => stats.active === 0);
}
