// Runs the fake Hub by hand: `node tests/support/fake-hub-cli.mjs [port] [models]`, then start the app with HF_ENDPOINT.
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [port = '3900', models = '5000'] = process.argv.slice(2);
const vite = await createServer({
	root,
	configFile: false,
	appType: 'custom',
	server: { middlewareMode: true, ws: false },
});
const { startFakeHub } = await vite.ssrLoadModule('/tests/support/fake-hub.ts');
const { fakeModels } = await vite.ssrLoadModule('/tests/support/fake-hub-models.ts');
const hub = await startFakeHub({ repos: fakeModels(Number(models)), port: Number(port), latencyMs: 50 });
process.stdout.write(`HF_ENDPOINT=${hub.url} holds ${models} models. Ctrl-C ends it.\n`);
for (const signal of ['SIGINT', 'SIGTERM']) {
	process.on(signal, () => void Promise.all([hub.close(), vite.close()]).then(() => process.exit(0)));
}
