// Candidates of a simulation: how soon they begin, how fast they write, how often and how they fail.
import { z } from 'zod';
import { CallFailure, type CallEvent, type CallProvider, type CandidateCall } from '#lib/core/registry/call.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import { estimateInput, guessUsage } from '#lib/core/registry/usage.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';

const ms = z.number().min(0).max(3_600_000);
const share = z.number().min(0).max(1);

/** Half of the answers are faster than `p50`, five in a hundred slower than `p95`. A bare number is always the same. */
const spread = z.union([ms, z.strictObject({ p50: ms, p95: ms })]);

const failureClasses = [
	'network',
	'overloaded',
	'rate_limit',
	'conflict',
	'auth',
	'credit',
	'not_found',
	'context_length',
	'content_filter',
	'bad_request',
	'malformed',
	'cut',
] as const;

/** How one candidate behaves. */
export const scriptSchema = z.strictObject({
	first_content_ms: spread.default(400),
	tokens: z.number().int().min(1).max(100_000).default(200),
	tokens_per_second: z.number().min(0.1).max(100_000).default(60),
	failures: z
		.array(
			z.strictObject({
				class: z.enum(failureClasses),
				share,
				after_ms: ms.default(50),
				retry_after_ms: ms.optional(),
			}),
		)
		.max(20)
		.default([]),
	/** Share of calls that never say anything. */
	stalls: share.default(0),
	/** Share of calls that stop in the middle of the answer. */
	stalls_midway: share.default(0),
	/** Everything fails between these times of the simulation. */
	outage: z.strictObject({ from_ms: ms, to_ms: ms }).optional(),
	answers: z.array(z.string().max(10_000)).min(1).max(20).optional(),
});

export type CandidateScript = z.infer<typeof scriptSchema>;

/** Chance that repeats with its seed (mulberry32). */
export function repeatable(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** The 95th percentile of the normal distribution in standard deviations. */
const z95 = 1.6449;

function draw(value: CandidateScript['first_content_ms'], random: () => number): number {
	if (typeof value === 'number') return value;
	const { p50, p95 } = value;
	if (p50 <= 0 || p95 <= p50) return p50;
	const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
	return p50 * Math.exp((Math.log(p95 / p50) / z95) * normal);
}

function chunk(content: string): CallEvent {
	const choices = [{ index: 0, delta: { content }, finish_reason: null }];
	return { type: 'chunk', chunk: { object: 'chat.completion.chunk', choices }, content: true };
}

const forever = 1e12;
/** An answer comes in so many pieces: enough to see a cut, few enough to simulate thousands. */
const pieces = 4;

/** Speaks for one candidate. */
async function* speak(
	script: CandidateScript,
	call: CandidateCall,
	{ clock, random, signal }: { clock: Clock; random: () => number; signal: AbortSignal },
): AsyncGenerator<CallEvent> {
	const { failures, stalls, stalls_midway, outage, tokens, tokens_per_second } = script;
	const now = clock.ticks();
	if (outage !== undefined && now >= outage.from_ms && now < outage.to_ms) {
		await sleep(clock, 50, signal);
		throw new CallFailure('overloaded', 'The candidate is down.', { status: 503 });
	}
	let chance = random();
	const midway = random() < stalls_midway;
	const failure = failures.find(({ share: part }) => (chance -= part) < 0);
	if (failure !== undefined && failure.class !== 'cut') {
		await sleep(clock, failure.after_ms, signal);
		throw new CallFailure(failure.class, 'As scripted.', { retryAfterMs: failure.retry_after_ms ?? null });
	}
	await sleep(clock, random() < stalls ? forever : draw(script.first_content_ms, random), signal);
	const asked = call.body['max_tokens'];
	const written = Math.min(tokens, typeof asked === 'number' ? asked : Infinity);
	const [answer] = script.answers ?? ['word '.repeat(written)];
	const text = script.answers?.[Math.floor(random() * script.answers.length)] ?? answer ?? '';
	const size = Math.ceil(text.length / pieces);
	for (let piece = 0; piece < pieces; piece += 1) {
		yield chunk(text.slice(piece * size, (piece + 1) * size) || ' ');
		if (piece === 1 && midway) await sleep(clock, forever, signal);
		if (piece === 1 && failure !== undefined) throw new CallFailure('cut', 'As scripted.');
		if (piece < pieces - 1) await sleep(clock, (written / tokens_per_second / (pieces - 1)) * 1000, signal);
	}
	yield { type: 'usage', usage: { ...guessUsage(estimateInput(call.body), written), estimated: false } };
}

/** The providers of a simulation: each candidate by its script, others by the usual one. */
export function scriptedProviders(
	scripts: Readonly<Record<string, CandidateScript>>,
	{ clock, random }: { clock: Clock; random: () => number },
): (name: string) => CallProvider {
	const usual = scriptSchema.parse({});
	return (name) => ({
		name,
		call: (call, signal) => speak(scripts[`${name}/${call.model}`] ?? usual, call, { clock, random, signal }),
	});
}

type Line = RequestRecord['attempts'][number];

async function* again(line: Line | undefined, clock: Clock, signal: AbortSignal): AsyncGenerator<CallEvent> {
	if (line === undefined) throw new CallFailure('not_found', 'The record has no further try at this candidate.');
	const { first_content_ms, outcome, usage } = line;
	// Where no times were kept, everything comes at once.
	const started_ms = line.started_ms ?? 0;
	const ended_ms = line.ended_ms ?? started_ms;
	if (first_content_ms !== null) {
		await sleep(clock, first_content_ms - started_ms, signal);
		yield chunk('x'.repeat(Math.max(1, line.characters)));
	}
	await sleep(clock, ended_ms - (first_content_ms ?? started_ms), signal);
	if (line.class !== null && line.class !== 'client_abort') {
		if (line.class.startsWith('timeout.')) await sleep(clock, forever, signal);
		throw new CallFailure(line.class, line.message ?? 'As recorded.', { status: line.status });
	}
	// It was ended before it was through: how it would have gone on, nobody knows.
	if (outcome !== 'won') await sleep(clock, forever, signal);
	if (first_content_ms === null) yield chunk('x');
	if (usage !== null) yield { type: 'usage', usage };
}

/** The providers of a recorded request, each try as it went. */
export function recordedProviders(record: RequestRecord, clock: Clock): (name: string) => CallProvider {
	const made = new Map<string, number>();
	return (name) => ({
		name,
		call: (call, signal) => {
			const candidate = `${name}/${call.model}`;
			const lines = record.attempts.filter((line) => line.candidate === candidate && line.outcome !== 'skipped');
			const number = made.get(candidate) ?? 0;
			made.set(candidate, number + 1);
			return again(lines[number], clock, signal);
		},
	});
}
