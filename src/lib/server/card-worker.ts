// The worker thread that renders cards: takes one order at a time, always replies.
import { parentPort } from 'node:worker_threads';
import { renderCard, type CardOrder } from '#lib/server/card-rendering.ts';

parentPort?.on('message', (order: CardOrder) => {
	parentPort?.postMessage(renderCard(order, () => performance.now()));
});
