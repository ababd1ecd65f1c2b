// Replaces a worker's `fetch` by one that asks the scripted server of the page.
import { streamed } from './scripted-server.ts';

const channel = new BroadcastChannel('scripted-server');
const calls = new Map<number, ReturnType<typeof streamed>>();

channel.onmessage = ({ data: { call, status, text, end, broken } }) => {
	const asker = calls.get(call)?.asker;
	if (status !== undefined) asker?.open(status);
	if (text !== undefined) asker?.text(text);
	if (end) asker?.end();
	if (broken) asker?.break();
};

globalThis.fetch = (input, init) =>
	new Promise((resolve, reject) => {
		const call = Math.random();
		const answer = streamed(resolve, reject);
		calls.set(call, answer);
		init?.signal?.addEventListener('abort', () => {
			channel.postMessage({ call, aborted: true });
			answer.abort();
		});
		channel.postMessage({ call, path: String(input), method: init?.method ?? 'GET', body: String(init?.body ?? '') });
	});
