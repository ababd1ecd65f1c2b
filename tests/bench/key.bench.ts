// Does the time of a refusal tell how much of a key was right? A figure to look at, not a test: clocks are noisy.
import { randomBytes } from 'node:crypto';
import { it } from 'vitest';
import { Sessions } from '#lib/server/session.ts';
import { median, report } from './report.ts';

const key = 'k'.repeat(40);
const candidates = { prefix: `x${key.slice(1)}`, suffix: `${key.slice(1)}x` };

/** Nanoseconds of one refusal. */
function refuse(sessions: Sessions, apiKey: string, address: string): number {
	const start = process.hrtime.bigint();
	sessions.admit({ authorization: null, apiKey, cookie: null, address });
	return Number(process.hrtime.bigint() - start);
}

it('refuses a key that is wrong at its start and one that is wrong at its end in the same time', () => {
	const sessions = new Sessions({ key, now: () => 0, random: randomBytes });
	const tries = 5000;
	const took = { prefix: new Array<number>(), suffix: new Array<number>() };
	for (let at = -500; at < tries; at += 1) {
		const order = at % 2 === 0 ? (['prefix', 'suffix'] as const) : (['suffix', 'prefix'] as const);
		for (const name of order) {
			const ns = refuse(sessions, candidates[name], `${name} ${Math.floor(at / 1000)}`);
			if (at >= 0) took[name].push(ns);
		}
	}
	const all = [...took.prefix, ...took.suffix].toSorted((a, b) => a - b);
	const noise = (all[Math.floor(all.length * 0.75)] ?? 0) - (all[Math.floor(all.length * 0.25)] ?? 0);
	const value = Math.abs(median(took.prefix) - median(took.suffix));
	report({
		id: 'key-timing',
		what: `difference between refusing a wrong start and a wrong end of a key, median of ${tries}`,
		ours: `${value.toFixed(0)} ns, middle half spread over ${noise.toFixed(0)} ns`,
		peer: '',
		value,
		aim: 'within the spread',
		met: value <= noise,
	});
});
