// The web worker of discovery: requests in, batches of messages out; everything it does is in its actions.
import { browserFetch } from '#lib/client/api.ts';
import { discoveryActions } from '#lib/client/discovery-action.ts';
import { WorkerShell } from '#lib/client/worker-shell.ts';

const shell = new WorkerShell({
	actions: discoveryActions({ fetch: browserFetch }),
	post: (notes) => self.postMessage(notes),
});
self.addEventListener('message', (event) => shell.receive(event.data));
