// `modeldex serve`: the built app behind a plain Node server on one address.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** Starts the server on HOST and PORT and says so in one line. */
export async function serve(): Promise<void> {
	const port = Number(process.env.PORT ?? 3000);
	const host = process.env.HOST ?? '127.0.0.1';
	const path = fileURLToPath(new URL('../handler.js', import.meta.url));
	const { handler } = await import(/* @vite-ignore */ path);
	const server = createServer(handler);
	server.listen(port, host, () => process.stdout.write(`Modeldex is ready on http://${host}:${port}\n`));
}
