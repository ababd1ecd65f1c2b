// Streams of a provider gone bad: endless lines, bytes that are no text, events nobody asked for, words after the end.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import { startGateway, type GatewayRig } from '../../support/gateway-rig.ts';
import { hear, labProvider, question } from '../../support/provider-rig.ts';

const chunk = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
const finish = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;

/** Writes at the reader's pace until it leaves or `most` pieces are written. */
async function pour(response: ServerResponse, piece: Buffer, most: number): Promise<void> {
	response.setMaxListeners(0);
	for (let at = 0; at < most && !response.destroyed; at += 1) {
		if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
		written += piece.length;
	}
	response.end();
}

const megabyte = Buffer.alloc(2 ** 20, 'x');
let written = 0;
/** What each model of the provider answers. */
const answers: Record<string, (response: ServerResponse) => unknown> = {
	'one-line': (response) => pour(response, megabyte, 200),
	'one-event': (response) => pour(response, Buffer.from(`data: ${'x'.repeat(2 ** 20)}\n`), 200),
	'after-words': (response) => {
		response.write(chunk('Hello'));
		response.write('data: ');
		return pour(response, megabyte, 200);
	},
	'odd-bytes': (response) => {
		response.write(chunk('good'));
		response.write(
			Buffer.concat([
				Buffer.from('data: {"choices":[{"delta":{"content":"'),
				Buffer.from([0xff, 0xfe]),
				Buffer.from('"}}]}\n\n'),
			]),
		);
		response.end(finish);
	},
	'zero-bytes': (response) => {
		response.write(Buffer.from('data: {"choices":[{"delta":{"content":"a\u0000b"}}]}\n\n'));
		response.end(finish);
	},
	'strange-events': (response) => {
		response.write('event: execute\ndata: {"command":"rm"}\n\nid: 9\nretry: 1\n\n');
		response.write(chunk('<img src=x onerror=alert(1)></script>'));
		response.end(finish);
	},
	'after-the-end': (response) =>
		response.end(`${chunk('all')}${finish}${chunk(' and more')}data: {"error":{"message":"late"}}\n\n`),
	'endless-signs': (response) => pour(response, Buffer.from(': still here\n\n'), 1e9),
};

let server: Server;
let url = '';
beforeAll(async () => {
	server = createServer((request, response) => {
		let text = '';
		request.on('data', (part) => (text += part));
		request.on('end', () => {
			response.on('error', () => {});
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			void answers[JSON.parse(text).model]?.(response);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const at = server.address();
	url = `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}/v1`;
});
afterAll(() => {
	server.closeAllConnections();
	server.close();
});

async function heard(model: string) {
	written = 0;
	const { failure, reply } = await hear(labProvider(url), question(model));
	return { kind: failure instanceof CallFailure ? failure.kind : failure, said: JSON.stringify(reply) };
}

describe('a stream', () => {
	it.each(['one-line', 'one-event'])('[S59] of %s without an end is given up after a few megabytes', async (model) => {
		expect((await heard(model)).kind).toBe('malformed');
		expect(written).toBeLessThan(40 * 2 ** 20);
	});

	it('[S59] that turns endless after its first words is cut there', async () => {
		expect(await heard('after-words')).toMatchObject({ kind: 'cut', said: expect.stringContaining('Hello') });
		expect(written).toBeLessThan(40 * 2 ** 20);
	});

	it('[S59] with bytes that are no letters has marks in their place, and zeros in JSON end it', async () => {
		expect(await heard('odd-bytes')).toMatchObject({ kind: null, said: expect.stringContaining('good\ufffd\ufffd') });
		expect((await heard('zero-bytes')).kind).toBe('malformed');
	});

	it('[S59] with events of other names has no power, and tags stay letters', async () => {
		const { kind, said } = await heard('strange-events');
		expect(kind).toBeNull();
		expect(JSON.parse(said).choices[0].message.content).toBe('<img src=x onerror=alert(1)></script>');
		expect(JSON.parse(said).choices).toHaveLength(1);
	});

	it('[S59] has ended with its end, whatever comes behind it', async () => {
		const { kind, said } = await heard('after-the-end');
		expect([kind, JSON.parse(said).choices[0].message.content]).toEqual([null, 'all']);
	});
});

describe('the gateway before such a provider', () => {
	let gateway: GatewayRig;
	beforeAll(async () => {
		const lab = { type: 'openai-compatible', base_url: url };
		const config = {
			providers: { lab },
			tiers: { fast: { strategy: 'first' as const, providers: ['lab/endless-signs'], timeout: 400 } },
			experiments: { check: { strategy: 'first' as const, providers: ['lab/endless-signs'] } },
			defaults: { tier: 'fast', experiment: 'check' },
		};
		gateway = await startGateway({ config });
	});
	afterAll(() => gateway.close());

	const ask = (model: string, more: object = {}) =>
		fetch(`${gateway.url}/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ model, messages: [{ role: 'user', content: 'What?' }], stream: true, ...more }),
		});

	it('[S59] ends a stream that breaks its form with an error event, and with no end of its own', async () => {
		const text = await (await ask('lab/after-words')).text();
		expect(text).toContain('Hello');
		expect(text).toContain('"code":"stream_cut"');
		expect(text).not.toContain('[DONE]');
		expect(gateway.bugs).toEqual([]);
	});

	it('[S59] waits for signs of life without content no longer than the time it has', async () => {
		const text = await (await ask('tier:fast')).text();
		expect(text).toContain('"code":"upstream_timeout"');
		expect(text).not.toContain('[DONE]');
		await new Promise<void>((resolve) => {
			const look = () => server.getConnections((_, count) => (count === 0 ? resolve() : setImmediate(look)));
			look();
		});
	});
});
