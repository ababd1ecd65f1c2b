// All runtime profiles at once, for the server and the command line; a browser loads the one it needs instead.
import {
	builtInRuntimes,
	parseRuntime,
	runtimesWith,
	type BuiltInRuntime,
	type OwnRuntime,
	type RuntimeId,
	type RuntimeProfile,
	type Runtimes,
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

/** The profiles that are known by themselves, in the order of `builtInRuntimes`. */
export const builtInProfiles: readonly RuntimeProfile[] = builtInRuntimes.map((id) => profiles[id]);

/** Changes when a profile does that is known by itself: answers kept under an older text are made anew. */
export const profilesVersion = builtInProfiles.map(({ id, version, asOf }) => `${id} ${version} ${asOf}`).join('; ');

/** The profile of a runtime that is known by itself. */
export function builtInProfile(id: BuiltInRuntime): RuntimeProfile {
	return profiles[id];
}

/** A profile of a registry file. */
export type OwnProfile = RuntimeProfile & Pick<OwnRuntime, 'base'>;

/** Runtimes with their profiles, as one value: another registry file makes another one. */
export interface RuntimeProfiles extends Runtimes {
	/** Every profile, in the order of `ids`. */
	readonly all: readonly RuntimeProfile[];
	/** Changes when a profile of the registry file does; empty without one. */
	readonly ownVersion: string;
}

/** The profiles that are known by themselves, and these of a registry file. */
export function profilesWith(described: readonly OwnProfile[]): RuntimeProfiles {
	return {
		...runtimesWith(described.map(({ id, name, base }) => ({ id, name, base }))),
		all: [...builtInProfiles, ...described],
		ownVersion: described.length === 0 ? '' : JSON.stringify(described),
	};
}

/** What there is without a registry file. */
export const withoutOwn: RuntimeProfiles = profilesWith([]);

/** The profile of a runtime. Throws `invalid_query` for one that is not there, or not any more. */
export function runtimeProfile(id: RuntimeId, { all, ...runtimes }: RuntimeProfiles): RuntimeProfile {
	const found = all[runtimes.ids.indexOf(id)] ?? all[runtimes.ids.indexOf(parseRuntime(id, runtimes))];
	if (found === undefined) throw new RangeError(`The runtime ${id} has no profile.`);
	return found;
}
