// All runtime profiles at once, for the server and the command line; a browser loads the one it needs instead.
import { runtimeIds, type RuntimeId, type RuntimeProfile } from '#lib/core/runtime.ts';
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

const profiles: Readonly<Record<RuntimeId, RuntimeProfile>> = {
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

/** The profile of a runtime. */
export function runtimeProfile(id: RuntimeId): RuntimeProfile {
	return profiles[id];
}

/** Every profile, in the order of `runtimeIds`. */
export const runtimeProfiles: readonly RuntimeProfile[] = runtimeIds.map((id) => profiles[id]);

/** Changes when a profile does: answers kept under an older text are made anew. */
export const profilesVersion = runtimeProfiles.map(({ id, version, asOf }) => `${id} ${version} ${asOf}`).join('; ');
