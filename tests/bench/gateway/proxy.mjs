// The least that a gateway in Node can do: read the body, parse it, name the model, send it on, and pass the reply through.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [, , origin = ''] = process.argv;
const pool = new Pool(origin, { connections: 128, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

async function pass(request, response) {
	const parts = [];
	for await (const part of request) parts.push(part);
	const body = JSON.parse(Buffer.concat(parts).toString());
	body.model = body.model.slice(body.model.indexOf('/') + 1);
	const headers = { 'content-type': 'application/json', authorization: 'Bearer of-the-provider' };
	const leaving = new AbortController();
	response.once('close', () => leaving.abort());
	const sent = { path: request.url, method: 'POST', headers, body: JSON.stringify(body), signal: leaving.signal };
	const reply = await pool.request(sent);
	const { 'content-type': type, 'content-length': length } = reply.headers;
	response.writeHead(
		reply.statusCode,
		length === undefined ? { 'content-type': type } : { 'content-type': type, 'content-length': length },
	);
	for await (const part of reply.body) response.write(part);
	response.end();
}

const server = createServer((request, response) => {
	pass(request, response).catch(() => response.destroy()); // whoever asked has left, or the provider has
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
