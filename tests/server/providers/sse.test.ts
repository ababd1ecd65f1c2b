// Events come out the same however their bytes were cut.
import { describe, expect, it } from 'vitest';
import { SseOverflow, SseParser, type SseFrame } from '#lib/server/providers/sse.ts';
import { seeded } from '../../support/seeded.ts';

function parsed(parts: Iterable<Uint8Array>): SseFrame[] {
	const parser = new SseParser();
	const frames: SseFrame[] = [];
	for (const part of parts) frames.push(...parser.push(part));
	return [...frames, ...parser.end()];
}

function* cut(bytes: Buffer, size: () => number): Generator<Buffer> {
	for (let at = 0; at < bytes.length;) {
		const next = at + Math.max(1, size());
		yield bytes.subarray(at, next);
		at = next;
	}
}

const lines = [
	': keep-alive',
	'',
	'data: {"a":"ünï🙂"}',
	'',
	'event: ping',
	'data:no space',
	'',
	'id: 7',
	'retry: 10',
	'',
	'data: first',
	'data: second',
	'data',
	'',
	'event: forgotten',
	'',
	'data: [DONE]',
	'',
	'',
];
const wanted: SseFrame[] = [
	{ name: null, data: null },
	{ name: null, data: '{"a":"ünï🙂"}' },
	{ name: 'ping', data: 'no space' },
	{ name: null, data: 'first\nsecond\n' },
	{ name: null, data: '[DONE]' },
];

describe('events', () => {
	it.each(['\n', '\r\n', '\r'])('come whole with line ends %j, in one packet and byte by byte', (end) => {
		const bytes = Buffer.from(lines.join(end));
		expect(parsed([bytes])).toEqual(wanted);
		expect(parsed(cut(bytes, () => 1))).toEqual(wanted);
	});

	it('begin behind a byte order mark, in one packet and byte by byte, and keep one that stands later', () => {
		const bytes = Buffer.from('\ufeffdata: a\n\ndata: \ufeffb\n\n');
		for (const parts of [[bytes], cut(bytes, () => 1), cut(bytes, () => 2), cut(bytes, () => 13)]) {
			expect(parsed(parts).map(({ data }) => data)).toEqual(['a', '\ufeffb']);
		}
	});

	it('have marks in place of bytes that are no letters, wherever these begin', () => {
		const bytes = Buffer.concat([
			Buffer.from('data: a\n\ndata: '),
			Buffer.from([0xc3, 0x28, 0xf0, 0x9f]),
			Buffer.from('\n\n'),
		]);
		const whole = parsed([bytes]);
		expect(whole.map(({ data }) => data)).toEqual(['a', '\ufffd(\ufffd']);
		expect(parsed(cut(bytes, () => 1))).toEqual(whole);
		expect(parsed(cut(bytes, () => 16))).toEqual(whole);
	});

	it('come whole wherever they were cut', () => {
		const random = seeded(7);
		for (let round = 0; round < 300; round += 1) {
			const end = ['\n', '\r\n', '\r'][round % 3] ?? '\n';
			const bytes = Buffer.from(lines.join(end));
			expect(parsed(cut(bytes, () => Math.floor(random() * 9)))).toEqual(wanted);
		}
	});

	it('count at the end without an empty line after them, and not without data', () => {
		expect(parsed([Buffer.from('data: x')])).toEqual([{ name: null, data: 'x' }]);
		expect(parsed([Buffer.from('event: x\n')])).toEqual([]);
	});

	it('without an end are given up', () => {
		const parser = new SseParser();
		const part = Buffer.alloc(1024 * 1024, 'x');
		expect(() => {
			for (let at = 0; at < 20; at += 1) parser.push(part);
		}).toThrow(SseOverflow);
	});
});
