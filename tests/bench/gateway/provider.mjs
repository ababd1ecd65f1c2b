// A fake provider in a process of its own, as light as it can be: what it costs must not hide what a gateway costs.
import { createServer } from 'node:http';

/** What each model does: milliseconds until it answers, their spread, pieces of its text, pause between pieces. */
const models = {
	short: { pieces: 4 },
	long: { pieces: 50 },
	near: { pieces: 4, wait: 5 },
	far: { pieces: 4, wait: 60, spread: 20 },
	farther: { pieces: 4, wait: 60, spread: 20 },
	endless: { pieces: Infinity, every: 20 },
};
const counts = { taken: 0, aborted: 0, lastAbort: 0 };
const words = ['Hello', ' from', ' here', '.'];

/** @param {string} model @param {object} choice @param {object} [more] */
function frame(model, choice, more = {}) {
	const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_790_000_000, model };
	return Buffer.from(`data: ${JSON.stringify({ ...head, choices: choice === null ? [] : [choice], ...more })}\n\n`);
}

const delta = (given, finish_reason = null) => ({ index: 0, delta: given, finish_reason });
const textOf = (pieces) => Array.from({ length: pieces }, (_, at) => words[at % words.length]);
const usageOf = (pieces) => ({ prompt_tokens: 20, completion_tokens: pieces, total_tokens: 20 + pieces });

/** The answers of every model that ends, made once: the frames of a stream, and the same in one piece. */
const answers = Object.fromEntries(
	Object.entries(models)
		.filter(([, { pieces }]) => Number.isFinite(pieces))
		.map(([model, { pieces }]) => {
			const frames = [
				frame(model, delta({ role: 'assistant', content: '' })),
				...textOf(pieces).map((content) => frame(model, delta({ content }))),
				frame(model, delta({}, 'stop')),
			];
			const message = { role: 'assistant', content: textOf(pieces).join('') };
			const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
			const head = { id: 'chatcmpl-bench', object: 'chat.completion', created: 1_790_000_000, model };
			const whole = Buffer.from(JSON.stringify({ ...head, choices, usage: usageOf(pieces) }));
			return [model, { frames, whole, usage: frame(model, null, { usage: usageOf(pieces) }) }];
		}),
);
const done = Buffer.from('data: [DONE]\n\n');

function stream(response, model, wantsUsage) {
	response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
	const { every } = models[model];
	if (every === undefined) {
		for (const bytes of answers[model].frames) response.write(bytes);
		if (wantsUsage) response.write(answers[model].usage);
		return void response.end(done);
	}
	const next = () => response.write(frame(model, delta({ content: ' more' })));
	next();
	const timer = setInterval(next, every);
	response.once('close', () => clearInterval(timer));
}

function answer(response, body) {
	const { model, stream: isStream, stream_options: options } = body;
	if (models[model] === undefined) return void response.writeHead(404).end('{"error":{"message":"no such model"}}');
	const { wait = 0, spread = 0 } = models[model];
	const say = () => {
		if (isStream) return stream(response, model, options?.include_usage === true);
		const { whole } = answers[model];
		response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length }).end(whole);
	};
	if (wait === 0) return say();
	const timer = setTimeout(say, wait + spread * (2 * Math.random() - 1));
	response.once('close', () => clearTimeout(timer));
}

const server = createServer((request, response) => {
	if (request.method === 'GET') return void response.end(JSON.stringify(counts));
	const parts = [];
	request.on('data', (part) => parts.push(part));
	request.on('end', () => {
		counts.taken += 1;
		response.once('close', () => {
			if (response.writableFinished) return;
			counts.aborted += 1;
			counts.lastAbort = performance.timeOrigin + performance.now();
		});
		answer(response, JSON.parse(Buffer.concat(parts).toString()));
	});
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
