// Where each tool keeps its models on this machine, by the tools' own settings and habits.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { SearchedRoot } from '#lib/server/inventory/found.ts';

/** What is told from outside; `hubCache` and `home` are settings that are read elsewhere. */
export interface RootPlaces {
	env: NodeJS.ProcessEnv;
	platform: NodeJS.Platform;
	/** Reads a small file; null when there is none. */
	readText: (path: string) => string | null;
	/** The path made absolute, with `~` and variables in it opened. */
	expand: (path: string) => string;
	hubCache: string;
	/** Our data directory. */
	home: string;
}

const studioSchema = z.object({ downloadsFolder: z.string().min(1) });

/** LM Studio's homes, the one it points to first: the pointer file, the present place, the old one. */
function studioFolders({ readText, expand }: RootPlaces, user: string): string[] {
	const pointer = readText(join(user, '.lmstudio-home-pointer'))?.trim() ?? '';
	const homes = [pointer, join(user, '.lmstudio'), join(user, '.cache', 'lm-studio')].filter((path) => path !== '');
	return homes.map((home) => {
		const text = readText(join(home, 'settings.json'));
		return expand((text === null ? null : downloadsFolder(text)) ?? join(home, 'models'));
	});
}

function downloadsFolder(text: string): string | null {
	try {
		return studioSchema.safeParse(JSON.parse(text)).data?.downloadsFolder ?? null;
	} catch {
		return null; // its settings are damaged: it falls back itself, too
	}
}

function ollamaFolders({ env, platform, expand }: RootPlaces, user: string): string[] {
	if (env.OLLAMA_MODELS) return [expand(env.OLLAMA_MODELS)];
	// As a service on Linux it has a user of its own.
	const service = platform === 'linux' ? ['/usr/share/ollama/.ollama/models'] : [];
	return [join(user, '.ollama', 'models'), ...service];
}

function llamaFolder({ env, platform, expand }: RootPlaces, user: string): string {
	if (env.LLAMA_CACHE) return expand(env.LLAMA_CACHE);
	if (platform === 'darwin') return join(user, 'Library', 'Caches', 'llama.cpp');
	if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(user, 'AppData', 'Local'), 'llama.cpp');
	return join(env.XDG_CACHE_HOME ? expand(env.XDG_CACHE_HOME) : join(user, '.cache'), 'llama.cpp');
}

/** Every folder that is searched unasked, the shared one first; each once. A folder need not exist. */
export function toolRoots(places: RootPlaces): SearchedRoot[] {
	const user = places.env.HOME ?? homedir();
	const roots: SearchedRoot[] = [
		{ tool: 'huggingface', path: places.hubCache },
		{ tool: 'modeldex', path: join(places.home, 'models') },
		...ollamaFolders(places, user).map((path) => ({ tool: 'ollama' as const, path })),
		...studioFolders(places, user).map((path) => ({ tool: 'lmstudio' as const, path })),
		{ tool: 'llamacpp', path: llamaFolder(places, user) },
	];
	return roots.filter(({ path }, at) => roots.findIndex((other) => other.path === path) === at);
}
