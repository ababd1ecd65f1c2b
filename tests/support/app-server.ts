// Starts the built app as a person would (`modeldex serve`), on a free port and a data directory of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface AppServer {
	url: string;
	/** The data directory; removed by `stop` unless it was handed in. */
	home: string;
	/** Everything the server wrote so far. */
	output(): string;
	/** Ends the server (SIGTERM) and resolves with its exit code. */
	stop(): Promise<number | null>;
	process: ChildProcess;
}

interface AppServerOptions {
	/** Data directory to reuse; a fresh empty one otherwise. */
	home?: string;
	/** Extra environment. Without HF_ENDPOINT the Hub is switched off (HF_HUB_OFFLINE=1). */
	env?: Record<string, string>;
	args?: string[];
}

function environment(home: string, extra: Record<string, string>): NodeJS.ProcessEnv {
	const env: NodeJS.ProcessEnv = {};
	for (const [name, value] of Object.entries(process.env)) {
		if (!/^(HF_|HUGGING|MODELDEX_|TRANSFORMERS_|OLLAMA_|LLAMA_|XDG_|HTTPS?_PROXY|PORT$|HOST$|ORIGIN$)/i.test(name))
			env[name] = value;
	}
	const offline: Record<string, string> = extra.HF_ENDPOINT ? {} : { HF_HUB_OFFLINE: '1' };
	// Models of the person who runs the tests are none of ours.
	return {
		...env,
		...offline,
		HOME: home,
		PORT: '0',
		MODELDEX_HOME: home,
		HF_HOME: join(home, 'huggingface'),
		...extra,
	};
}

/** Starts the built server; rejects with its output when it ends before it is ready. */
export async function startApp({ home, env = {}, args = [] }: AppServerOptions = {}): Promise<AppServer> {
	const folder = home ?? mkdtempSync(join(tmpdir(), 'modeldex-app-'));
	const child = spawn(process.execPath, [join(root, 'bin/modeldex.js'), 'serve', ...args], {
		env: environment(folder, env),
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let text = '';
	const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
	const url = await new Promise<string>((resolve, reject) => {
		const read = (chunk: Buffer) => {
			text += chunk.toString();
			const found = /ready on (https?:\/\/\S+)/.exec(text);
			if (found?.[1]) resolve(found[1]);
		};
		child.stdout.on('data', read);
		child.stderr.on('data', read);
		void ended.then((code) => reject(new Error(`modeldex serve ended with ${code}:\n${text}`)));
	});
	return {
		url,
		home: folder,
		output: () => text,
		process: child,
		stop: async () => {
			child.kill('SIGTERM');
			const code = await ended;
			if (home === undefined) rmSync(folder, { recursive: true, force: true });
			return code;
		},
	};
}
