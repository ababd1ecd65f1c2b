// What reading a configuration costs beside JSON.parse of the same text: over real files in one run.
import { expect, it } from 'vitest';
import { mlxModels } from '../support/mlx-configs.ts';
import { realConfigs } from '../support/real-configs.ts';
import { median, report } from './report.ts';
import { shipped } from './shipped.ts';

/** The real files when they are there, else the six constructed ones, as they would be written. */
function texts(): { id: string; text: string }[] {
	const real = realConfigs().map(({ row, text }) => ({ id: row.id, text }));
	if (real.length > 0) return real;
	return mlxModels.map(({ id, config }) => ({ id, text: JSON.stringify(config, null, 2) }));
}

const { normalize, parseConfigText } = await shipped();
const rounds = process.env.BENCH_QUICK ? 5 : 15;
const passes = 30;

type File = { id: string; text: string };
const workers = {
	parse: ({ text }: File): unknown => JSON.parse(text),
	lenient: ({ text }: File): unknown => parseConfigText(text),
	whole: ({ id, text }: File): unknown => normalize({ id, source: 'hub', revision: null, fetchedAt: '', config: text }),
};
type Worker = keyof typeof workers;
type Cost = Record<Worker, number>;
const order: Worker[] = ['parse', 'lenient', 'whole'];

/**
 * Microseconds per text, each worker in loops of its own over all texts, the order turned from pass to pass. Taking turns
 * at every text in one fixed order would flatter whoever comes second: it finds the text warm, the first finds it cold.
 */
function measure(files: File[]): Cost {
	const cost: Cost = { parse: 0, lenient: 0, whole: 0 };
	for (let pass = 0; pass < passes; pass += 1) {
		for (let turn = 0; turn < order.length; turn += 1) {
			const name = order[(pass + turn) % order.length] ?? 'parse';
			const start = performance.now();
			for (const file of files) workers[name](file);
			cost[name] += performance.now() - start;
		}
	}
	const each = 1000 / passes / files.length;
	return { parse: cost.parse * each, lenient: cost.lenient * each, whole: cost.whole * each };
}

it('reads a configuration at a small multiple of parsing it', () => {
	const files = texts().filter(({ text }) => parseConfigText(text).ok && !/[:[,]\s*-?(?:NaN|Infinity)/.test(text));
	// Twice, so that all three are compiled by the time that counts.
	measure(files);
	measure(files);
	const figures = Array.from({ length: rounds }, () => measure(files));
	const claim = (id: string, what: string, part: Worker, aim: number) => {
		const value = median(figures.map((figure) => figure[part] / figure.parse));
		const ours = `${median(figures.map((figure) => figure[part])).toFixed(1)} µs`;
		const peer = `JSON.parse ${median(figures.map(({ parse }) => parse)).toFixed(1)} µs`;
		report({ id, what, ours, peer, value, aim: `≤ ${aim} × JSON.parse`, met: value <= aim });
	};
	claim('config-text', `lenient reading with limits, ${files.length} configurations`, 'lenient', 1.5);
	claim('normalize', `all facts with evidence, ${files.length} configurations`, 'whole', 3);
	expect(files.length).toBeGreaterThan(0);
});
