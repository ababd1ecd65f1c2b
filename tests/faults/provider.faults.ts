// A bad provider: it refuses three in ten, breaks off after any word. Callers get whole answers or are told of the end.
import { afterAll, describe, expect, it } from 'vitest';
import type { Script } from '../support/fake-provider-script.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { startGateway } from '../support/gateway-rig.ts';
import { seeded } from '../support/seeded.ts';

const requests = Number(process.env.FAULT_REQUESTS ?? 2000);
const words = ['one ', 'two ', 'three ', 'four ', 'five ', 'six ', 'seven ', 'eight.'];
const other = ['something ', 'else ', 'entirely.'];
const random = seeded(4);
const faulty: Script[] = Array.from({ length: requests * 3 }, () =>
	random() < 0.3 ? { status: 503, body: { error: { message: 'down', type: 'server_error' } } } : { text: words },
);
const fake = await startFakeProvider({ scripts: { a: faulty, b: { text: other } } });
const gateway = await startGateway({
	config: {
		providers: { lab: { type: 'openai-compatible', base_url: fake.url, maxConcurrent: 100 } },
		tiers: { safe: { strategy: 'fallback', providers: ['lab/a', 'lab/b'] } },
	},
});
afterAll(async () => {
	await gateway.close();
	await fake.close();
});

const ask = (model: string, stream: boolean) =>
	fetch(`${gateway.url}/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
	});

/** The words of a stream, whether it says that it is whole, and whether it says that it failed. */
async function read(response: Response): Promise<{ text: string; isDone: boolean; isFailed: boolean }> {
	const frames = (await response.text())
		.split('\n\n')
		.filter((frame) => frame.startsWith('data: '))
		.map((frame) => frame.slice('data: '.length));
	const chunks = frames.filter((frame) => frame !== '[DONE]').map((frame) => JSON.parse(frame));
	return {
		text: chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join(''),
		isDone: frames.at(-1) === '[DONE]',
		isFailed: response.status >= 400 || chunks.some((chunk) => 'error' in chunk),
	};
}

describe('[F28] a provider that refuses three in ten, with another behind it', () => {
	it(`serves ${requests} requests`, async () => {
		let served = 0;
		let left = requests;
		const took: number[] = [];
		const caller = async () => {
			while ((left -= 1) >= 0) {
				const start = performance.now();
				const response = await ask('tier:safe', false);
				const reply = await response.json();
				took.push(performance.now() - start);
				const text = reply.choices?.[0]?.message?.content;
				if (response.status === 200 && [words.join(''), other.join('')].includes(text)) served += 1;
			}
		};
		await Promise.all(Array.from({ length: 8 }, caller));
		took.sort((a, b) => a - b);
		const p99 = Math.round(took[Math.floor(took.length * 0.99)] ?? 0);
		const asked = fake.requests.filter(({ model }) => model === 'a').length;
		process.stdout.write(`${JSON.stringify({ id: 'F28', requests, served, asked_a: asked, p99_ms: p99 })}\n`);
		expect(served / requests).toBeGreaterThanOrEqual(0.999);
		expect(asked).toBeLessThan(requests * 1.5);
		expect(gateway.bugs).toEqual([]);
	});
});

describe('[F30] a stream that ends after any word', () => {
	const ends = (at: number): [string, Script][] => [
		['not at all', { text: words }],
		['without a finish', { text: words, endAt: at }],
		['with an error', { text: words, errorAt: at }],
		['with nonsense', { text: words, malformedAt: at }],
		['in the middle of its bytes', { text: words, resetAt: 40 + at * 150 }],
		['in halves of characters', { text: words.map((word) => `${word}é`), endAt: at, writes: 'bytes' }],
	];

	it('is whole, or told to be broken, and never made of two', async () => {
		const figures = { id: 'F30', streams: 0, whole: 0, failed: 0, silent: 0, mixed: 0 };
		for (let at = 0; at <= words.length; at += 1) {
			for (const [, script] of ends(at)) {
				fake.set(`s${figures.streams}`, script);
				const { text, isDone, isFailed } = await read(await ask(`lab/s${figures.streams}`, true));
				const whole = (script.text ?? []).join('');
				figures.streams += 1;
				if (!whole.startsWith(text)) figures.mixed += 1;
				else if (isDone && text === whole && !isFailed) figures.whole += 1;
				else if (isFailed && !isDone) figures.failed += 1;
				else figures.silent += 1;
			}
		}
		process.stdout.write(`${JSON.stringify(figures)}\n`);
		expect([figures.silent, figures.mixed]).toEqual([0, 0]);
		expect(figures.whole).toBeGreaterThan(words.length);
		expect(figures.failed).toBeGreaterThan(words.length);
	});
});
