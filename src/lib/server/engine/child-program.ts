// The process that runs one model: takes orders one after the other, tells what it is at, always replies.
import { Failure } from '#lib/core/failure.ts';
import { runtimeFailure } from '#lib/core/runtime-words.ts';
import { ChildModel } from '#lib/server/engine/child-model.ts';
import { LlamaModel } from '#lib/server/engine/llama-model.ts';
import type { RunningModel, Tell } from '#lib/server/engine/running-model.ts';
import { firstStages } from '#lib/server/engine/stages.ts';
import { warmUp } from '#lib/server/engine/warm-up.ts';
import type { FromChild, ToChild } from '#lib/server/engine/messages.ts';

let model: RunningModel | null = null;
let last: Promise<void> = Promise.resolve();
/** Number of the order at hand; orders come in rising numbers. */
let current = 0;
/** Orders that nobody waits for any more and that were not begun yet. */
const forgotten = new Set<number>();

/** Texts are split one after the other without a word in between for so long. */
const quietMs = 100;

function say(message: FromChild): void {
	process.send?.(message);
}

function loaded(): RunningModel {
	if (model === null) throw new Failure('engine_failed', 'No model is loaded.');
	return model;
}

async function answerTo(message: Exclude<ToChild, { name: 'stop' }>, tell: Tell): Promise<unknown> {
	if (message.name === 'prepare') {
		const { library, runtime } = message.order;
		await import(/* @vite-ignore */ library);
		// Without it the next model only takes longer to load.
		const isWarm =
			runtime === 'onnx' &&
			(await warmUp(library).then(
				() => true,
				() => false,
			));
		return { rssAfter: process.memoryUsage.rss(), isWarm };
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
	return loaded().generate(message.order, tell, (piece) => say({ id: message.id, piece }));
}

async function handle(message: Exclude<ToChild, { name: 'stop' }>): Promise<void> {
	const { id } = message;
	current = id;
	if (forgotten.delete(id)) return;
	let stage = firstStages[message.name];
	let toldAt = performance.now();
	// The server's clock for a stage starts when it is told. Splitting has a limit for each text, so that it is told again.
	const tell: Tell = (entered) => {
		const now = performance.now();
		if (entered !== stage || (entered === 'tokenize' && now - toldAt > quietMs)) {
			toldAt = now;
			say({ id, stage: entered });
		}
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
	if (message.name === 'stop') {
		if (message.id === current) model?.stop();
		else if (message.id > current) forgotten.add(message.id);
	} else last = last.then(() => handle(message));
});
// The server is gone: nothing is left to work for.
process.on('disconnect', () => process.exit(0));
