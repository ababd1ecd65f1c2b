// Settings: the environment read once at the door, with a clear sentence for every malformed or unknown value.
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { parseRollout, type RolloutSetting } from '#lib/core/registry/rollout.ts';
import { features } from '#lib/server/features.ts';
import { logLevels, type LogLevel } from '#lib/server/log.ts';
import type { SearchedRoot } from '#lib/server/inventory/found.ts';
import { toolRoots } from '#lib/server/inventory/roots.ts';

/** Everything the process is told from outside. Paths are absolute; null means not set. */
export interface Settings {
	port: number;
	host: string;
	/** Fixed public origin, such as `https://models.example`; null: derived from the Host header on loopback. */
	origin: string | null;
	/** Data directory: database, state, locks. */
	home: string;
	/** Key that a listener beyond loopback requires; also accepted on loopback when set. */
	key: string | null;
	/** Path of the registry YAML; null when there is none. */
	registryFile: string | null;
	/** Base address of the Hub without a trailing slash. */
	hubEndpoint: string;
	hubToken: string | null;
	/** Where the token is from: the name of a variable or the path of a file; null without a token. */
	hubTokenFrom: string | null;
	hubCache: string;
	/** Folders that are searched for models, the shared cache first. */
	localRoots: readonly SearchedRoot[];
	/** Where Hugging Face tools keep pieces of files; all of it can be fetched again. */
	xetCache: string;
	/** True: no packet may leave for the Hub. */
	offline: boolean;
	proxy: string | null;
	/** Models that may be loaded at the same time; null for as many as the memory holds. */
	maxModels: number | null;
	/** How the log is written: lines for people, or a JSON object per line. */
	logFormat: (typeof logFormats)[number];
	/** What is left out of the log: everything below this level. */
	logLevel: LogLevel;
	/** Names of the settings that were given; all others are as usual. */
	given: ReadonlySet<string>;
	/** What the environment says about features, by flag; those it does not speak of are not in it. */
	features: ReadonlyMap<string, RolloutSetting>;
}

/** One setting as help and the README show it. `flag` is its command line name; null where a flag would show a secret. */
export interface SettingRow {
	name: string;
	flag: string | null;
	/** What stands for the value in help; null for a yes-or-no setting. */
	value: string | null;
	fallback: string;
	about: string;
}

/** Every setting, in the order of the README. */
export const settingRows: readonly SettingRow[] = [
	{ name: 'PORT', flag: 'port', value: 'number', fallback: '3000', about: 'port to listen on; 0 takes a free one' },
	{ name: 'HOST', flag: 'host', value: 'address', fallback: '127.0.0.1', about: 'address to listen on' },
	{
		name: 'ORIGIN',
		flag: 'origin',
		value: 'address',
		fallback: 'none',
		about: 'public address when something stands in front, such as https://models.example',
	},
	{
		name: 'MODELDEX_HOME',
		flag: 'home',
		value: 'folder',
		fallback: 'the XDG data folder',
		about: 'data folder: database, state, locks',
	},
	{
		name: 'MODELDEX_KEY',
		flag: null,
		value: 'key',
		fallback: 'none',
		about: 'key that pages ask for once and programs send as a bearer token; required to listen beyond this machine',
	},
	{
		name: 'MODELDEX_CONFIG',
		flag: 'config',
		value: 'file',
		fallback: 'home/registry.yaml',
		about: 'registry file (YAML): providers, tiers and experiments; read again when it changes',
	},
	{
		name: 'HF_ENDPOINT',
		flag: 'endpoint',
		value: 'address',
		fallback: 'https://huggingface.co',
		about: 'address of the Hub or a mirror of it',
	},
	{ name: 'HF_TOKEN', flag: null, value: 'token', fallback: 'the token file', about: 'access token for the Hub' },
	{ name: 'HF_TOKEN_PATH', flag: null, value: 'file', fallback: 'token in HF_HOME', about: 'file with that token' },
	{
		name: 'HF_HOME',
		flag: null,
		value: 'folder',
		fallback: '~/.cache/huggingface',
		about: 'where Hugging Face tools keep things',
	},
	{
		name: 'HF_HUB_CACHE',
		flag: 'cache',
		value: 'folder',
		fallback: 'hub in HF_HOME',
		about: 'model files, shared with other tools',
	},
	{ name: 'HF_HUB_OFFLINE', flag: 'offline', value: null, fallback: '0', about: 'ask nothing of the Hub' },
	{ name: 'HTTPS_PROXY', flag: 'proxy', value: 'address', fallback: 'none', about: 'proxy on the way to the Hub' },
	{
		name: 'MODELDEX_MAX_MODELS',
		flag: 'max-models',
		value: 'number',
		fallback: 'as many as fit',
		about: 'most models that are loaded at the same time; the one used longest ago is let go for another',
	},
	...features.map(({ flag, variable, fallback, about }) => ({
		name: variable,
		flag,
		value: 'share',
		fallback: fallback ? 'on' : 'off',
		about,
	})),
	{
		name: 'MODELDEX_LOG',
		flag: 'log',
		value: 'format',
		fallback: 'text',
		about: 'the log on stderr: text for people, or json, one object per event',
	},
	{
		name: 'MODELDEX_LOG_LEVEL',
		flag: 'log-level',
		value: 'level',
		fallback: 'info',
		about: 'least that is logged: debug (every request), info, warn or error',
	},
	{ name: 'NO_COLOR', flag: null, value: 'anything', fallback: 'none', about: 'no colour on the terminal' },
];

/** Forms of the log. */
export const logFormats = ['text', 'json'] as const;

const ours = new Set(settingRows.map((row) => row.name).filter((name) => name.startsWith('MODELDEX_')));

const portSchema = z.coerce.number().int().min(0).max(65535);

/** True for the Hub client's spellings of yes: 1, ON, YES, TRUE in any case. Everything else is false. */
function isTrue(value: string | undefined): boolean {
	return /^(1|on|yes|true)$/i.test(value?.trim() ?? '');
}

function wrong(name: string, wanted: string): Failure {
	return new Failure('usage', `${name} is set to something that is not ${wanted}.`);
}

/** One of a few words; what is not set is the first. */
function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, words: readonly T[], fallback: T): T {
	const value = env[name]?.trim().toLowerCase() ?? '';
	const found = value === '' ? fallback : words.find((word) => word === value);
	if (found === undefined) throw wrong(name, `one of ${words.join(', ')}`);
	return found;
}

/** A count from 1 to 100; null when it is not set. */
function countOf(env: NodeJS.ProcessEnv, name: string): number | null {
	const value = env[name]?.trim() ?? '';
	if (value === '') return null;
	if (!/^[1-9]\d?$|^100$/.test(value)) throw wrong(name, 'a whole number from 1 to 100');
	return Number(value);
}

/** Names of settings that hold a value, besides what is only another spelling. */
function givenNames(env: NodeJS.ProcessEnv): Set<string> {
	return new Set(settingRows.map(({ name }) => name).filter((name) => (env[name]?.trim() ?? '') !== ''));
}

function expand(path: string, env: NodeJS.ProcessEnv): string {
	const home = env.HOME ?? homedir();
	const opened = path.replace(/^~(?=$|\/|\\)/, home).replace(/\$(\w+)|\$\{(\w+)\}/g, (_, a, b) => env[a ?? b] ?? '');
	return isAbsolute(opened) ? opened : resolve(opened);
}

function url(name: string, value: string): string {
	try {
		const parsed = new URL(value);
		if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw wrong(name, 'an http or https address');
		return value.replace(/\/+$/, '');
	} catch (error) {
		throw error instanceof Failure ? error : wrong(name, 'an http or https address');
	}
}

/** The origin alone: a path in it would never be part of what browsers send. */
function origin(value: string): string {
	const parsed = new URL(url('ORIGIN', value));
	if (parsed.pathname !== '/' || parsed.search !== '') throw wrong('ORIGIN', 'an address without a path');
	return parsed.origin;
}

/** Where Hugging Face tools keep things: `HF_HOME`, else the XDG cache directory (rules of the Python client). */
function hubHome(env: NodeJS.ProcessEnv): string {
	if (env.HF_HOME) return expand(env.HF_HOME, env);
	const cache = env.XDG_CACHE_HOME ? expand(env.XDG_CACHE_HOME, env) : join(env.HOME ?? homedir(), '.cache');
	return join(cache, 'huggingface');
}

function dataDirectory(env: NodeJS.ProcessEnv): string {
	if (env.MODELDEX_HOME) return expand(env.MODELDEX_HOME, env);
	if (env.XDG_DATA_HOME) return join(expand(env.XDG_DATA_HOME, env), 'modeldex');
	if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'modeldex');
	return join(env.HOME ?? homedir(), '.local', 'share', 'modeldex');
}

/** Reads a token file; returns null when there is none or it is empty. */
export type ReadText = (path: string) => string | null;

type HubSettings = Pick<
	Settings,
	'hubEndpoint' | 'hubToken' | 'hubTokenFrom' | 'hubCache' | 'xetCache' | 'offline' | 'proxy'
>;

function readHub(env: NodeJS.ProcessEnv, readText: ReadText): HubSettings {
	const home = hubHome(env);
	const tokenPath = env.HF_TOKEN_PATH ? expand(env.HF_TOKEN_PATH, env) : join(home, 'token');
	const named = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'].find((name) => env[name] !== undefined);
	const token = (named === undefined ? (readText(tokenPath) ?? '') : (env[named] ?? '')).trim();
	const cache = env.HF_HUB_CACHE ?? env.HUGGINGFACE_HUB_CACHE;
	const proxy = env.HTTPS_PROXY || env.https_proxy;
	return {
		hubEndpoint: env.HF_ENDPOINT ? url('HF_ENDPOINT', env.HF_ENDPOINT) : 'https://huggingface.co',
		hubToken: token === '' ? null : token,
		hubTokenFrom: token === '' ? null : (named ?? tokenPath),
		hubCache: cache ? expand(cache, env) : join(home, 'hub'),
		xetCache: join(home, 'xet'),
		offline: isTrue(env.HF_HUB_OFFLINE) || isTrue(env.TRANSFORMERS_OFFLINE),
		proxy: proxy ? url('HTTPS_PROXY', proxy) : null,
	};
}

function readFeatures(env: NodeJS.ProcessEnv): Map<string, RolloutSetting> {
	const told = new Map<string, RolloutSetting>();
	for (const { flag, variable } of features) {
		const value = env[variable]?.trim() ?? '';
		if (value === '') continue;
		const setting = parseRollout(value);
		if (setting === null) throw wrong(variable, 'on, off or a percentage such as 25%');
		told.set(flag, setting);
	}
	return told;
}

/**
 * Settings from the environment. Throws `usage` with one sentence for a malformed value or an unknown `MODELDEX_*`
 * name; the sentence never repeats the value, which could be a key pasted into the wrong place.
 */
export function readSettings(env: NodeJS.ProcessEnv, readText: ReadText): Settings {
	for (const name of Object.keys(env)) {
		if (name.startsWith('MODELDEX_') && !ours.has(name)) {
			throw new Failure('usage', `There is no setting ${name}; known are ${[...ours].join(', ')}.`);
		}
	}
	const port = portSchema.safeParse(env.PORT?.trim() || 3000);
	if (!port.success) throw wrong('PORT', 'a port number from 0 to 65535');
	const home = dataDirectory(env);
	const hub = readHub(env, readText);
	const expanded = (path: string) => expand(path, env);
	const places = { env, platform: process.platform, readText, expand: expanded, hubCache: hub.hubCache, home };
	return {
		port: port.data,
		host: env.HOST?.trim() || '127.0.0.1',
		origin: env.ORIGIN ? origin(env.ORIGIN) : null,
		home,
		key: env.MODELDEX_KEY?.trim() || null,
		registryFile: env.MODELDEX_CONFIG ? expand(env.MODELDEX_CONFIG, env) : null,
		...hub,
		localRoots: toolRoots(places),
		maxModels: countOf(env, 'MODELDEX_MAX_MODELS'),
		logFormat: oneOf(env, 'MODELDEX_LOG', logFormats, 'text'),
		logLevel: oneOf(env, 'MODELDEX_LOG_LEVEL', logLevels, 'info'),
		given: givenNames(env),
		features: readFeatures(env),
	};
}
