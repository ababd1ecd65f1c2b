// The process that runs one model: takes orders one after the other, tells what it is at, always replies.
import { Failure } from '#lib/core/failure.ts';
import { runtimeFailure } from '#lib/core/runtime-words.ts';
import { ChildModel, type RunningModel, type Tell } from '#lib/server/engine/child-model.ts';
import { LlamaModel } from '#lib/server/engine/llama-model.ts';
import type { FromChild, ToChild } from '#lib/server/engine/messages.ts';

let model: RunningModel | null = null;
let last: Promise<void> = Promise.resolve();

function say(message: FromChild): void {
	process.send?.(message);
}

function loaded(): RunningModel {
	if (model === null) throw new Failure('engine_failed', 'No model is loaded.');
	return model;
}

async function answerTo(message: Exclude<ToChild, { name: 'stop' }>, tell: Tell): Promise<unknown> {
	if (message.name === 'prepare') {
		tell('library');
		await import(/* @vite-ignore */ message.order.library);
		return { rssAfter: process.memoryUsage.rss() };
	}
	if (message.name === 'load') {
		const rssBefore = process.memoryUsage.rss();
		const { order } = message;
		model = order.runtime === 'llama' ? await LlamaModel.load(order, tell) : await ChildModel.load(order, tell);
		return { rssBefore, rssAfter: process.memoryUsage.rss(), hasCache: model.hasCache };
	}
	if (message.name === 'embed') return loaded().embed(message.order, tell);
	if (message.name === 'pair') return loaded().pair(message.order, tell);
	if (message.name === 'choose') return loaded().choose(message.order, tell);
	return loaded().generate(message.order, tell);
}

async function handle(message: Exclude<ToChild, { name: 'stop' }>): Promise<void> {
	const { id } = message;
	let stage = '';
	// Told once per stage and message: the server's clock for the stage starts with it. Tokenizing starts anew for each text.
	const tell: Tell = (entered) => {
		if (entered !== stage || entered === 'tokenize') say({ id, stage: entered });
		stage = entered;
	};
	try {
		const answer = await answerTo(message, tell);
		say({ id, answer, peak: process.resourceUsage().maxRSS * 1024 });
	} catch (error) {
		const { code, message: said } = runtimeFailure(error, 'engine_failed', 'The model failed');
		say({ id, failed: { code, message: said } });
	}
}

process.on('message', (message: ToChild) => {
	if (message.name === 'stop') model?.stop();
	else last = last.then(() => handle(message));
});
// The server is gone: nothing is left to work for.
process.on('disconnect', () => process.exit(0));
