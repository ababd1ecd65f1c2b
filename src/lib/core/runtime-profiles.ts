// All runtime profiles at once, for the server and the command line; a browser loads the one it needs instead.
import {
	baseRuntime,
	builtInRuntimes,
	setOwnRuntimes,
	type BuiltInRuntime,
	type OwnRuntime,
	type RuntimeId,
	type RuntimeProfile,
} from '#lib/core/runtime.ts';
import { exllamaV2, exllamaV3 } from '#lib/core/tables/runtime-exllama.ts';
import { llamaCpp } from '#lib/core/tables/runtime-llama-cpp.ts';
import { llmWorker } from '#lib/core/tables/runtime-llm-worker.ts';
import { lmStudio } from '#lib/core/tables/runtime-lm-studio.ts';
import { mlxLm } from '#lib/core/tables/runtime-mlx-lm.ts';
import { mlxVlm } from '#lib/core/tables/runtime-mlx-vlm.ts';
import { ollama } from '#lib/core/tables/runtime-ollama.ts';
import { sglang } from '#lib/core/tables/runtime-sglang.ts';
import { tgi } from '#lib/core/tables/runtime-tgi.ts';
import { transformersJsBrowser, transformersJsNode } from '#lib/core/tables/runtime-transformers-js.ts';
import { transformers } from '#lib/core/tables/runtime-transformers.ts';
import { vllm } from '#lib/core/tables/runtime-vllm.ts';

const profiles: Readonly<Record<BuiltInRuntime, RuntimeProfile>> = {
	'llm-worker': llmWorker,
	vllm,
	sglang,
	'llama.cpp': llamaCpp,
	ollama,
	lmstudio: lmStudio,
	'mlx-lm': mlxLm,
	'mlx-vlm': mlxVlm,
	transformers,
	'transformers.js': transformersJsBrowser,
	'transformers.js-node': transformersJsNode,
	tgi,
	exllamav3: exllamaV3,
	exllamav2: exllamaV2,
};

/** The profiles of the registry file in force: the same for everybody on this server. */
const own = new Map<RuntimeId, RuntimeProfile>();
const builtIn = builtInRuntimes.map((id) => profiles[id]);
const all: RuntimeProfile[] = [...builtIn];
let ownText = '';

/** The profile of a runtime; that of the LLM worker for an id that the file in force no longer has. */
export function runtimeProfile(id: RuntimeId): RuntimeProfile {
	const base = baseRuntime(id);
	return own.get(id) ?? profiles[base ?? 'llm-worker'];
}

/** Every profile, in the order of `runtimeIds`: those of the registry file come last. */
export const runtimeProfiles: readonly RuntimeProfile[] = all;

/** The profiles that are known by themselves. */
export const builtInProfiles: readonly RuntimeProfile[] = builtIn;

/** Takes the profiles of a registry file in the place of those before. True when they are others than those. */
export function setOwnProfiles(described: readonly (RuntimeProfile & Pick<OwnRuntime, 'base'>)[]): boolean {
	const text = described.length === 0 ? '' : JSON.stringify(described);
	setOwnRuntimes(described.map(({ id, name, base }) => ({ id, name, base })));
	own.clear();
	for (const profile of described) own.set(profile.id, profile);
	all.splice(builtIn.length, all.length, ...described);
	const isOther = text !== ownText;
	ownText = text;
	return isOther;
}

/** Changes when a profile does that is known by itself: answers kept under an older text are made anew. */
export const profilesVersion = builtIn.map(({ id, version, asOf }) => `${id} ${version} ${asOf}`).join('; ');

/** Changes when a profile of the registry file does; empty without one. */
export function ownProfilesVersion(): string {
	return ownText;
}
