// LM Studio: GGUF through llama.cpp and, on Apple silicon, MLX through MLX-LM and mlx-vlm.
import type { RuntimeEngine, RuntimeProfile } from '#lib/core/runtime.ts';
import { llamaCppEngine } from '#lib/core/tables/runtime-llama-cpp.ts';
import { mlxLmEngine } from '#lib/core/tables/runtime-mlx-lm.ts';
import { mlxVlmEngine } from '#lib/core/tables/runtime-mlx-vlm.ts';

/** An engine as LM Studio brings it: its own build, which it publishes no list of. */
function bundled(engine: RuntimeEngine): RuntimeEngine {
	const ceiling = `LM Studio brings a build of ${engine.name} of its own, which may be older than ${engine.version}.`;
	return { ...engine, ceiling };
}

/** MLX engines load plain safetensors too; LM Studio lists MLX repositories alone. */
function forMlx({ quantization, ...engine }: RuntimeEngine): RuntimeEngine {
	const packings = Object.entries(quantization ?? {}).filter(([method]) => /^(mlx|mxfp[48]|nvfp4)$/.test(method));
	return bundled({ ...engine, formats: ['mlx'], quantization: Object.fromEntries(packings) });
}

export const lmStudio: RuntimeProfile = {
	id: 'lmstudio',
	name: 'LM Studio',
	version: 'its engines: llama.cpp b10573+14, MLX-LM 0.32.0, mlx-vlm 0.6.15',
	source: "lmstudio.ai/blog/lmstudio-v0.3.4 and lmstudio-ai/mlx-engine for the engines; the lists are the engines' own",
	asOf: '2026-08-22',
	engines: [bundled(llamaCppEngine), forMlx(mlxLmEngine), forMlx(mlxVlmEngine)],
	context: { limit: null, rule: 'the length in the file, set when the model is loaded' },
	platforms: {
		macOS: ['Metal (llama.cpp)', 'MLX'],
		Linux: ['CUDA', 'Vulkan', 'CPU'],
		Windows: ['CUDA', 'Vulkan', 'CPU'],
	},
	accelerators: ['CUDA', 'Metal', 'Vulkan', 'CPU'],
	remoteCode: null,
	serves: 'all',
	hubTag: null,
};
