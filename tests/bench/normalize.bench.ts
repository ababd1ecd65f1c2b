// What reading a configuration costs beside JSON.parse of the same text: over real files in one run.
import { expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { parseConfigText } from '#lib/core/config-text.ts';
import { mlxModels } from '../support/mlx-configs.ts';
import { realConfigs } from '../support/real-configs.ts';
import { median, report } from './report.ts';

/** The real files when they are there, else the six constructed ones, as they would be written. */
function texts(): { id: string; text: string }[] {
	const real = realConfigs().map(({ row, text }) => ({ id: row.id, text }));
	if (real.length > 0) return real;
	return mlxModels.map(({ id, config }) => ({ id, text: JSON.stringify(config, null, 2) }));
}

const rounds = process.env.BENCH_QUICK ? 5 : 15;
const passes = 30;

interface Cost {
	parse: number;
	lenient: number;
	whole: number;
}

/**
 * Microseconds per text for JSON.parse, the lenient reader and the whole normalizer. They take turns at every text, so
 * that all three meet the same machine: other work, cold caches and garbage collection fall on each alike.
 */
function measure(files: { id: string; text: string }[]): Cost {
	const cost = { parse: 0, lenient: 0, whole: 0 };
	for (let pass = 0; pass < passes; pass += 1) {
		for (const { id, text } of files) {
			const start = performance.now();
			JSON.parse(text);
			const parsed = performance.now();
			parseConfigText(text);
			const read = performance.now();
			normalize({ id, source: 'hub', revision: null, fetchedAt: '', config: text });
			cost.parse += parsed - start;
			cost.lenient += read - parsed;
			cost.whole += performance.now() - read;
		}
	}
	const each = 1000 / passes / files.length;
	return { parse: cost.parse * each, lenient: cost.lenient * each, whole: cost.whole * each };
}

it('reads a configuration at a small multiple of parsing it', () => {
	const files = texts().filter(({ text }) => parseConfigText(text).ok && !/[:[,]\s*-?(?:NaN|Infinity)/.test(text));
	measure(files);
	const figures = Array.from({ length: rounds }, () => measure(files));
	const claim = (id: string, what: string, part: 'lenient' | 'whole', aim: number) => {
		const value = median(figures.map((figure) => figure[part] / figure.parse));
		const ours = `${median(figures.map((figure) => figure[part])).toFixed(1)} µs`;
		const peer = `JSON.parse ${median(figures.map(({ parse }) => parse)).toFixed(1)} µs`;
		report({ id, what, ours, peer, value, aim: `≤ ${aim} × JSON.parse`, met: value <= aim });
	};
	claim('config-text', `lenient reading with limits, ${files.length} configurations`, 'lenient', 1.5);
	claim('normalize', `all facts with evidence, ${files.length} configurations`, 'whole', 3);
	expect(files.length).toBeGreaterThan(0);
});
