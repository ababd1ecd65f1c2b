// Runs a fake provider by hand: `node tests/support/fake-provider-cli.mjs [port] [scripts.json]`; the file maps models to scripts.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [port = '3950', file] = process.argv.slice(2);
const scripts = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
const vite = await createServer({
	root,
	configFile: false,
	appType: 'custom',
	server: { middlewareMode: true, ws: false },
});
const { startFakeProvider } = await vite.ssrLoadModule('/tests/support/fake-provider.ts');
const provider = await startFakeProvider({ port: Number(port), scripts });
process.stdout.write(`${provider.url} answers for every model. Ctrl-C ends it.\n`);
for (const signal of ['SIGINT', 'SIGTERM']) {
	process.on(signal, () => {
		process.stdout.write(`${JSON.stringify(provider.stats)}\n`);
		void Promise.all([provider.close(), vite.close()]).then(() => process.exit(0));
	});
}
