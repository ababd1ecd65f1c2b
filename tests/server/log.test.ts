// The log: one line per event, whatever its fields hold, and no secret in any of them.
import { describe, expect, it } from 'vitest';
import { Log } from '#lib/server/log.ts';

function make() {
	const lines: string[] = [];
	const secrets = ['own key 1', null, 'abc'];
	const log = new Log({ write: (line) => lines.push(line), now: () => 0, id: () => 'id-1', secrets });
	return { lines, log };
}

describe('Log', () => {
	it('[S21] writes one JSON line without anything that ends a line or moves a cursor', () => {
		const { lines, log } = make();
		log.error('bad', { name: 'a\r\nb\u001b[2J\u202e\u009b\u2028', count: 1, none: null });
		expect(lines).toHaveLength(1);
		expect(lines[0]).toMatch(/^[\u0020-\u007e]+$/);
		const fields = { time: '1970-01-01T00:00:00.000Z', level: 'error', event: 'bad', count: 1, none: null };
		expect(JSON.parse(lines[0] ?? '')).toEqual({ ...fields, name: 'a\r\nb\u001b[2J\u202e\u009b\u2028' });
	});

	it('blanks the secrets it knows and everything that looks like one', () => {
		const { lines, log } = make();
		log.info('note', {
			a: 'with own key 1 inside',
			b: 'Bearer xyz and hf_CANARYCANARY',
			c: 'abc is too short to be a secret',
		});
		expect(lines[0]).not.toMatch(/own key|xyz|CANARY/);
		expect(lines[0]).toContain('abc is too short');
	});

	it('gives a bug an id, with its trace and its cause', () => {
		const { lines, log } = make();
		expect(
			log.bug('request_failed', new Error('outer', { cause: new Error('inner sk-CANARYCANARY') }), { path: '/x' }),
		).toBe('id-1');
		expect(JSON.parse(lines[0] ?? '')).toMatchObject({
			id: 'id-1',
			path: '/x',
			stack: expect.stringContaining('outer'),
			cause: expect.stringContaining('inner'),
		});
		expect(lines[0]).not.toContain('CANARY');
		log.bug('odd', 'a text that was thrown');
		expect(JSON.parse(lines[1] ?? '').stack).toBe('a text that was thrown');
	});

	it('keeps lines short', () => {
		const { lines, log } = make();
		log.error('long', { text: 'x'.repeat(100_000) });
		expect(lines[0]?.length).toBeLessThan(9000);
	});

	it('leaves out what matters less than the level', () => {
		const lines: string[] = [];
		const log = new Log({ write: (line) => lines.push(line), now: () => 0, id: () => '', secrets: [], level: 'warn' });
		log.debug('a', {});
		log.info('b', {});
		log.warn('c', {});
		log.error('d', {});
		expect(lines.map((line) => JSON.parse(line).event)).toEqual(['c', 'd']);
		expect([log.isOn('info'), log.isOn('error')]).toEqual([false, true]);
	});

	it('writes lines for people, in which no field can look like an event of its own', () => {
		const lines: string[] = [];
		const log = new Log({
			write: (line) => lines.push(line),
			now: () => 0,
			id: () => 'id-1',
			secrets: ['own key 1'],
			format: 'text',
		});
		log.info('request', { path: '/models', query: 'a b\n1970 error fake', key: 'own key 1', ms: 3 });
		expect(lines[0]).toBe(
			'1970-01-01T00:00:00.000Z info  request path=/models query="a b\\n1970 error fake" key="•••" ms=3',
		);
		log.bug('odd', new Error('first\n1970-01-01 error forged\u001b[2J'));
		const [head, ...rest] = (lines[1] ?? '').split('\n');
		expect(head).toBe('1970-01-01T00:00:00.000Z error odd id=id-1');
		expect(rest.length).toBeGreaterThan(2);
		expect(rest.every((line) => line.startsWith('    '))).toBe(true);
		expect(lines[1]).not.toContain('\u001b');
	});
});
