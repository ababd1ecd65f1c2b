// The built server on a real socket, and plain requests to it.
import { afterAll, beforeAll, vi } from 'vitest';
import { ensureBuilt, plain, startServer, type BuiltServer } from './built-server.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes on a machine that may be busy

export let server: BuiltServer;

beforeAll(async () => {
	ensureBuilt();
	server = await startServer();
}, 180_000);
afterAll(() => server.stop());

export const own = () => `Host: 127.0.0.1:${server.port}`;
export const get = (path: string, headers: string[] = []) => plain(server.port, `GET ${path}`, [own(), ...headers]);
export const errorCode = (body: string) => JSON.parse(body).error.code;
