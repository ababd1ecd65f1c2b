// `modeldex serve`: the built app behind our own listener, until a signal ends it.
import { request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { mostOrderBytes } from '#lib/core/discovery-order.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Settings } from '#lib/server/config.ts';
import { logOf, settingsOf } from '#lib/server/environment.ts';
import { mostRequestBytes } from '#lib/server/gateway-wire.ts';
import { checkListener, isLoopback } from '#lib/server/guard.ts';
import { doorEvent, Listener, schemeHeader, type Answer, type Door } from '#lib/server/listener.ts';
import type { Log } from '#lib/server/log.ts';
import { command } from './command.ts';
import { settingOptions, withOptions } from './settings.ts';
import type { Terminal } from './terminal.ts';

const flags = [
	'port',
	'host',
	'origin',
	'home',
	'config',
	'endpoint',
	'cache',
	'offline',
	'proxy',
	'max-models',
	'log',
	'log-level',
	'load-chat-models-worker',
];
/** Keys shorter than this can be guessed; said once, when other machines can try. */
const shortKey = 16;
const handlerSchema = z.object({ handler: z.custom<Answer>((value) => typeof value === 'function') });
/** The largest body that any route takes. */
const mostBodyBytes = Math.max(mostOrderBytes, mostRequestBytes);
const healthSchema = z.object({ status: z.string(), catalog: z.object({ models: z.number() }).optional() });

/**
 * What the framework's handler is told through the environment: our settings, no belief in proxy headers, and the
 * largest body any route takes (the guard and each route hold the others to less).
 */
function tellHandler(env: NodeJS.ProcessEnv, settings: Settings): void {
	for (const name of ['ADDRESS_HEADER', 'HOST_HEADER', 'PORT_HEADER', 'XFF_DEPTH', 'ORIGIN']) delete process.env[name];
	Object.assign(process.env, env, { PROTOCOL_HEADER: schemeHeader, BODY_SIZE_LIMIT: String(mostBodyBytes) });
	if (settings.origin !== null) process.env.ORIGIN = settings.origin;
}

/** SvelteKit's event for the end of a process; the app answers with the promise to wait for. */
async function announceEnd(): Promise<void> {
	const events: NodeJS.EventEmitter = process;
	const work: Promise<unknown>[] = [];
	events.emit('sveltekit:shutdown', 'SIGTERM', (promise: Promise<unknown>) => work.push(promise));
	await Promise.allSettled(work);
}

interface HealthAsk {
	port: number;
	settings: Settings;
}

/** The built app: the gateway's own door in front of the framework's handler. */
async function loadAnswer(path: string): Promise<Answer> {
	const events: NodeJS.EventEmitter = process;
	let door: Door = () => false;
	const take = (made: Door) => void (door = made);
	events.once(doorEvent, take);
	try {
		const { handler } = handlerSchema.parse(await import(/* @vite-ignore */ pathToFileURL(path).href));
		return (request, response, next) => (door(request, response) ? undefined : handler(request, response, next));
	} finally {
		events.off(doorEvent, take);
	}
}

/** One look at our own health over the wire, as a monitor would take it; null when there was no answer. */
function askHealth({ port, settings }: HealthAsk): Promise<z.infer<typeof healthSchema> | null> {
	const wildcard = /^(0\.0\.0\.0|\[?::\]?)$/.test(settings.host);
	const host = wildcard ? '127.0.0.1' : settings.host.replace(/^\[|\]$/g, '');
	const headers = settings.key === null ? {} : { authorization: `Bearer ${settings.key}` };
	return new Promise((resolve) => {
		const asked = request({ host, port, path: '/api/health', headers, timeout: 5_000 }, (response) => {
			let text = '';
			response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
			response.on('end', () => {
				try {
					resolve(healthSchema.parse(JSON.parse(text)));
				} catch {
					resolve(null); // not our health: something else answers there
				}
			});
		});
		asked.on('timeout', () => asked.destroy());
		asked.on('error', () => resolve(null));
		asked.end();
	});
}

/** Number of models once health is `ok`; null when it does not say. */
async function modelsWhenReady(ask: HealthAsk): Promise<number | null> {
	for (;;) {
		const health = await askHealth(ask);
		if (health === null || health.status !== 'starting') return health?.catalog?.models ?? null;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

/** A failure of the built app: its classes are not ours, its words are. */
function toldFailure(error: unknown): unknown {
	const told = z.object({ name: z.literal('Failure'), message: z.string() }).safeParse(error);
	return told.success && !(error instanceof Failure) ? new Failure('usage', told.data.message) : error;
}

function watchProcess(log: Log): void {
	for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined); // a closed pipe ends no server
	process.on('unhandledRejection', (error) => {
		log.bug('unhandled_rejection', error);
	});
	process.on('uncaughtException', (error) => {
		log.bug('uncaught_exception', error);
		process.exit(1);
	});
}

/** Settles at the first signal to end; the second one ends the process at once. */
function untilSignal(): Promise<void> {
	return new Promise((resolve) => {
		let seen = false;
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
			process.on(signal, () => {
				if (seen) process.exit(signal === 'SIGINT' ? 130 : 143);
				seen = true;
				resolve();
			});
		}
	});
}

async function serve(env: NodeJS.ProcessEnv, terminal: Terminal): Promise<number> {
	const settings = settingsOf(env);
	checkListener(settings.host, settings.key);
	const log = logOf(settings);
	watchProcess(log);
	const ended = untilSignal();
	const listener = new Listener({
		settings,
		load: async () => {
			tellHandler(env, settings);
			return await loadAnswer(join(terminal.build, 'handler.js'));
		},
		onStop: announceEnd,
		onError: (error) => void log.bug('request_failed', error),
		// The guard holds every route but those that take more to a megabyte.
		limits: { bodyBytes: mostBodyBytes },
	});
	await listener.listen();
	if (settings.key !== null && settings.key.length < shortKey && !isLoopback(settings.host)) {
		terminal.note(`The key is short: use ${shortKey} or more characters where other machines can try it.`);
	}
	const started = Promise.all([listener.ready(), modelsWhenReady({ port: listener.port, settings })]);
	const models = await Promise.race([started.then(([, count]) => count), ended.then(() => null)]).catch((error) => {
		throw toldFailure(error);
	});
	sayReady(listener.url, models, terminal);
	// People read the line above; whoever collects events gets the same as one.
	const isCollected = settings.logFormat === 'json';
	if (isCollected) log.info('ready', { url: listener.url, models });
	await ended;
	if (isCollected) log.info('stopping', {});
	await listener.stop();
	return 0;
}

function sayReady(url: string, models: number | null, terminal: Terminal): void {
	if (terminal.json) terminal.document({ url, models });
	else terminal.line(`Modeldex is ready on ${url}${models === null ? '' : ` · ${models.toLocaleString('en')} models`}`);
}

/** Serves the pages and the API until it is told to end. */
export const serveCommand = command({
	name: 'serve',
	summary: 'serve the pages and the API on this machine',
	args: z.strictObject(settingOptions(flags)),
	run: (args, terminal) => serve(withOptions(terminal.env, args), terminal),
});
