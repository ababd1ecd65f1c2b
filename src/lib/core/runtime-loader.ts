// One runtime profile when it is needed: each table is a piece of its own, so that a page carries none it does not ask for.
import type { BuiltInRuntime, RuntimeProfile } from '#lib/core/runtime.ts';

const loaders: Readonly<Record<BuiltInRuntime, () => Promise<RuntimeProfile>>> = {
	'llm-worker': async () => (await import('#lib/core/tables/runtime-llm-worker.ts')).llmWorker,
	vllm: async () => (await import('#lib/core/tables/runtime-vllm.ts')).vllm,
	sglang: async () => (await import('#lib/core/tables/runtime-sglang.ts')).sglang,
	'llama.cpp': async () => (await import('#lib/core/tables/runtime-llama-cpp.ts')).llamaCpp,
	ollama: async () => (await import('#lib/core/tables/runtime-ollama.ts')).ollama,
	lmstudio: async () => (await import('#lib/core/tables/runtime-lm-studio.ts')).lmStudio,
	'mlx-lm': async () => (await import('#lib/core/tables/runtime-mlx-lm.ts')).mlxLm,
	'mlx-vlm': async () => (await import('#lib/core/tables/runtime-mlx-vlm.ts')).mlxVlm,
	transformers: async () => (await import('#lib/core/tables/runtime-transformers.ts')).transformers,
	'transformers.js': async () => (await import('#lib/core/tables/runtime-transformers-js.ts')).transformersJsBrowser,
	'transformers.js-node': async () => (await import('#lib/core/tables/runtime-transformers-js.ts')).transformersJsNode,
	tgi: async () => (await import('#lib/core/tables/runtime-tgi.ts')).tgi,
	exllamav3: async () => (await import('#lib/core/tables/runtime-exllama.ts')).exllamaV3,
	exllamav2: async () => (await import('#lib/core/tables/runtime-exllama.ts')).exllamaV2,
};

/** The profile of a runtime, fetched on first use. */
export function loadProfile(id: BuiltInRuntime): Promise<RuntimeProfile> {
	return loaders[id]();
}
