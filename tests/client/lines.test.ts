// Bodies read line by line, however the network cut them: NDJSON, server-sent events, and the gateway's answer to a page.
import { describe, expect, it } from 'vitest';
import { readLines, type Fetch } from '#lib/client/api.ts';
import { eventsOf } from '#lib/client/event-stream.ts';
import { linesOf } from '#lib/client/lines.ts';
import { streamChat } from '#lib/client/registry-chat.ts';

/** A body that arrives in pieces of so many bytes; `left` says whether its reader stopped early. */
function body(text: string, size: number) {
	const bytes = new TextEncoder().encode(text);
	const state = { left: false };
	let at = 0;
	const stream = new ReadableStream<Uint8Array>({
		pull: (controller) => {
			if (at >= bytes.length) return controller.close();
			controller.enqueue(bytes.slice(at, at + size));
			at += size;
		},
		cancel: () => void (state.left = true),
	});
	return { stream, state };
}

async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
	const found: Value[] = [];
	for await (const value of values) found.push(value);
	return found;
}

const sizes = [1, 2, 3, 7, 1000];

describe('lines', () => {
	it('are the same wherever the body is cut, even inside a letter or an end of line', async () => {
		for (const size of sizes) {
			expect(await all(linesOf(body('één\r\ntwo\n\n☃ three', size).stream))).toEqual(['één', 'two', '', '☃ three']);
			expect(await all(linesOf(body('one\n', size).stream))).toEqual(['one']);
		}
		expect(await all(linesOf(body('', 1).stream))).toEqual([]);
	});

	it('end the request when their reader has enough', async () => {
		const { stream, state } = body('1\n2\n3\n', 2);
		for await (const value of readLines(stream)) {
			expect(value).toBe(1);
			break;
		}
		expect(state.left).toBe(true);
	});

	it('of NDJSON are values; a line that is none is told', async () => {
		for (const size of sizes)
			expect(await all(readLines(body('{"a":1}\n\n[2]', size).stream))).toEqual([{ a: 1 }, [2]]);
		await expect(all(readLines(body('{"a":\n', 9).stream))).rejects.toMatchObject({ code: 'bad_answer' });
	});

	it('of an event stream are events; comments are none, and one that breaks off never came', async () => {
		const text = 'retry: 9\n\n: here\n\nevent: download\nid: 4\ndata: {"a":\ndata: 1}\n\ndata:x\n\ndata: half';
		for (const size of sizes) {
			expect(await all(eventsOf(body(text, size).stream))).toEqual([
				{ event: 'download', id: '4', data: '{"a":\n1}' },
				{ event: 'message', id: '', data: 'x' },
			]);
		}
	});
});

describe('an answer of the gateway', () => {
	const piece = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
	const asked = (text: string, size: number) => {
		const fetch: Fetch = async () =>
			new Response(body(text, size).stream, { headers: { 'x-modeldex-request': 'R', 'x-modeldex-model': 'lab/a' } });
		const wish = { model: 'tier:fast', messages: [{ role: 'user' as const, content: 'hello' }] };
		return all(streamChat(wish, { fetch, signal: new AbortController().signal }));
	};

	it('comes as its head and then its text, until it says that it is done', async () => {
		const text = `: still here\n\n${piece('Hel')}${piece('lo')}data: [DONE]\n\n${piece('never')}`;
		for (const size of sizes) {
			expect(await asked(text, size)).toEqual([
				{ type: 'head', request: 'R', model: 'lab/a' },
				{ type: 'text', text: 'Hel' },
				{ type: 'text', text: 'lo' },
			]);
		}
	});

	it('that fails in its midst says the reason', async () => {
		const text = `${piece('Hel')}data: {"error":{"code":"all_failed","message":"Nobody answered."}}\n\n`;
		await expect(asked(text, 5)).rejects.toMatchObject({ code: 'all_failed', message: 'Nobody answered.' });
	});
});
