// The rules at the door, one by one: which Host, Origin, body type and URL come in.
import { describe, expect, it } from 'vitest';
import { checkListener, isLoopback, localPath, refusal, type Ask, type House } from '#lib/server/guard.ts';

const house: House = {
	port: 3000,
	host: '127.0.0.1',
	origin: null,
	localAddress: '127.0.0.1',
	secrets: ['our-own-long-key'],
};

function ask(headers: Record<string, string>, method = 'GET', url = '/api/models'): Ask {
	const all: Record<string, string> = { host: 'localhost:3000', ...headers };
	return { method, url, header: (name) => all[name] ?? null };
}

const code = (request: Ask, at: House = house) => refusal(request, at)?.code ?? 'in';

describe('Host', () => {
	it.each(['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST:3000', 'localhost.:3000', 'Localhost.:3000'])(
		'answers to %s',
		(host) => expect(code(ask({ host }))).toBe('in'),
	);

	it.each([
		'evil.example',
		'evil.example:3000',
		'127.0.0.1.evil.example:3000',
		'localhost.evil.example:3000',
		'localhost',
		'localhost:3001',
		'localhost:',
		'localhost:3000:3000',
		'user@localhost:3000',
		'localhost:3000/x',
		'[::1:3000',
		'0.0.0.0:3000',
		'127.0.0.2:3000',
		'10.0.0.5:3000',
		'',
		' ',
		'a, b',
	])('does not answer to "%s"', (host) => expect(code(ask({ host }))).toBe('host_not_allowed'));

	it('answers to the configured origin, with its default port too', () => {
		const at = { ...house, origin: 'https://models.example' };
		expect(code(ask({ host: 'models.example' }), at)).toBe('in');
		expect(code(ask({ host: 'MODELS.example:443' }), at)).toBe('in');
		expect(code(ask({ host: 'models.example:3000' }), at)).toBe('host_not_allowed');
		expect(code(ask({ host: 'models.example:3000' }), { ...at, origin: 'http://models.example:3000' })).toBe('in');
	});

	it('answers to the name it was told to listen on, and to the address a neighbour really reached', () => {
		expect(code(ask({ host: 'box.lan:3000' }), { ...house, host: 'box.lan' })).toBe('in');
		const open = { ...house, host: '0.0.0.0', localAddress: '::ffff:192.168.1.5' };
		expect(code(ask({ host: '192.168.1.5:3000' }), open)).toBe('in');
		expect(code(ask({ host: '192.168.1.6:3000' }), open)).toBe('host_not_allowed');
		expect(code(ask({ host: '[fe80::1]:3000' }), { ...open, localAddress: 'fe80::1%eth0' })).toBe('in');
	});

	it('takes any port of this machine where its own is not known', () => {
		expect(code(ask({ host: 'localhost:5173' }), { ...house, port: null })).toBe('in');
		expect(code(ask({ host: 'evil.example:5173' }), { ...house, port: null })).toBe('host_not_allowed');
	});
});

describe('Origin', () => {
	const types = [
		'application/json',
		'text/plain',
		'application/x-www-form-urlencoded',
		'multipart/form-data',
		'TEXT/PLAIN',
	];

	it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('[S10] refuses a foreign %s whatever its body', (method) => {
		for (const type of [...types, 'application/json;charset=x', undefined]) {
			for (const origin of ['https://evil.example', 'null', 'http://localhost:5173', 'http://127.0.0.1:3000', '']) {
				const body: Record<string, string> = type === undefined ? {} : { 'content-type': type, 'content-length': '2' };
				expect(code(ask({ origin, ...body }, method))).toBe('cross_origin');
			}
		}
	});

	it('[S07] refuses what the browser calls foreign, a neighbouring port too', () => {
		for (const site of ['cross-site', 'same-site']) {
			expect(code(ask({ 'sec-fetch-site': site }, 'POST'))).toBe('cross_origin');
			expect(code(ask({ 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }))).toBe('cross_origin');
		}
	});

	it('lets links from other sites and our own pages in', () => {
		expect(code(ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }))).toBe('in');
		expect(code(ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 'GET', '/models'))).toBe('in');
		const own = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' };
		expect(code(ask(own, 'POST'))).toBe('in');
		const at = { ...house, origin: 'https://models.example' };
		expect(code(ask({ host: 'models.example', origin: 'https://models.example' }, 'DELETE'), at)).toBe('in');
	});

	it('lets programs in, which send neither header', () => {
		expect(code(ask({ 'content-type': 'application/json', 'content-length': '2' }, 'POST'))).toBe('in');
	});
});

describe('body type', () => {
	const send = (type: string | null, url = '/api/models/configs', length = '2') => {
		const media: Record<string, string> = type === null ? {} : { 'content-type': type };
		return code(ask({ ...media, 'content-length': length }, 'POST', url));
	};

	it('is JSON for programs', () => {
		for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON']) {
			expect(send(type)).toBe('in');
		}
		for (const type of ['text/plain', 'TEXT/PLAIN', 'application/x-www-form-urlencoded', 'application/jsonx', null]) {
			expect(send(type)).toBe('unsupported_media_type');
		}
		expect(send('text/plain', '/v1/chat/completions')).toBe('unsupported_media_type');
		expect(send('text/plain', '/%61pi/models/configs')).toBe('unsupported_media_type');
		expect(code(ask({ 'transfer-encoding': 'chunked' }, 'POST'))).toBe('unsupported_media_type');
	});

	it('does not matter without a body, or on pages', () => {
		expect(send(null, '/api/x', '0')).toBe('in');
		expect(send('application/x-www-form-urlencoded', '/sign-in')).toBe('in');
	});
});

describe('body size', () => {
	const send = (url: string, headers: Record<string, string>) =>
		code(ask({ 'content-type': 'application/json', ...headers }, 'POST', url));

	it('is a megabyte at most, except where a list of models may come in', () => {
		expect(send('/api/models/configs', { 'content-length': '1048576' })).toBe('in');
		expect(send('/api/models/configs', { 'content-length': '1048577' })).toBe('payload_too_large');
		expect(send('/api/discovery', { 'content-length': '30000000' })).toBe('in');
		expect(send('/sign-in', { 'content-length': '2000000' })).toBe('payload_too_large');
		expect(send('/sign-in', { 'transfer-encoding': 'chunked' })).toBe('in');
		expect(send('/api/models/configs', { 'transfer-encoding': 'chunked' })).toBe('in');
	});
});

describe('keys in the URL', () => {
	it.each([
		'/models?key=abc',
		'/models?q=x&api_key=abc',
		'/models?API-KEY=abc',
		'/api/models?hf_token=abc',
		'/api/models?access_token=abc',
		'/api/models/our-own-long-key',
		'/api/models?q=our%2Down%2Dlong%2Dkey',
		`/api/models/hf_${'A'.repeat(30)}`,
		`/api/models?q=sk-${'a1'.repeat(20)}`,
	])('refuses %s', (url) => expect(code(ask({}, 'GET', url))).toBe('key_in_url'));

	it.each(['/models?q=key', '/models?key=', '/api/models/org/sk-learn-small-model', '/models?family=hf_transformers'])(
		'lets %s in',
		(url) => expect(code(ask({}, 'GET', url))).toBe('in'),
	);
});

describe('checkListener', () => {
	it('refuses to be open to others without a key', () => {
		const sentence = 'Refusing to listen on 0.0.0.0 without an API key. Set MODELDEX_KEY or bind to 127.0.0.1.';
		expect(() => checkListener('0.0.0.0', null)).toThrow(sentence);
		for (const host of ['::', '[::]', '192.168.1.5', 'box.lan', '127.0.0.1.evil.example', '0']) {
			expect(() => checkListener(host, null)).toThrow('Refusing to listen');
			expect(() => checkListener(host, 'key')).not.toThrow();
		}
		for (const host of ['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', 'LOCALHOST']) {
			expect(isLoopback(host)).toBe(true);
			expect(() => checkListener(host, null)).not.toThrow();
		}
	});
});

describe('localPath', () => {
	it('leads nowhere else', () => {
		expect(localPath('/models?family=Qwen&q=a%20b')).toBe('/models?family=Qwen&q=a%20b');
		for (const bad of [
			null,
			'',
			'models',
			'//evil.example',
			'/\\evil.example',
			'https://evil.example',
			'/a\r\nx: y',
			'/\u202e',
			'/a\\b',
		]) {
			expect(localPath(bad)).toBe('/');
		}
	});
});
