// Layer plans: which layers attend to everything, slide, keep a state, route, or borrow a cache.
import { describe, expect, it } from 'vitest';
import { layerPlan, type LayerGroup } from '#lib/core/layers.ts';

type Config = Record<string, unknown>;

/** The plan as short words in the order of first appearance, such as `10 full`. */
function words(config: Config): string[] | null {
	const type = config['model_type'];
	const plan = layerPlan(typeof type === 'string' ? type : null, config);
	return plan === null ? null : plan.groups.map(word);
}

function word({ count, attention, state, window, feedForward, ownsCache, ratio }: LayerGroup): string {
	const mixer = [attention, state].filter((part) => part !== 'none').join('+') || 'none';
	const notes = [window === null ? '' : `@${window}`, ratio === null ? '' : `/${ratio}`, ownsCache ? '' : ' borrowed'];
	return `${count} ${mixer}${notes.join('')} ${feedForward}`;
}

const layers = (model_type: string, num_hidden_layers: number, more: Config = {}): Config => ({
	model_type,
	num_hidden_layers,
	num_attention_heads: 8,
	hidden_size: 64,
	...more,
});

const cases: [what: string, config: Config, plan: string[] | null][] = [
	['Llama attends everywhere', layers('llama', 32), ['32 full dense']],
	[
		'Mistral slides everywhere with a window',
		layers('mistral', 32, { sliding_window: 4096 }),
		['32 sliding@4096 dense'],
	],
	['and nowhere without', layers('mistral', 32, { sliding_window: null }), ['32 full dense']],
	[
		'Qwen 2 ignores a window that is not switched on',
		layers('qwen2', 28, { sliding_window: 32768, use_sliding_window: false, max_window_layers: 21 }),
		['28 full dense'],
	],
	[
		'and slides above max_window_layers when it is',
		layers('qwen2', 28, { sliding_window: 32768, use_sliding_window: true, max_window_layers: 21 }),
		['21 full dense', '7 sliding@32768 dense'],
	],
	[
		'Gemma 2 alternates, window first',
		layers('gemma2', 7, { sliding_window: 4096 }),
		['4 sliding@4096 dense', '3 full dense'],
	],
	[
		'Gemma 3 attends fully in every sixth layer',
		layers('gemma3_text', 62, { sliding_window: 1024 }),
		['52 sliding@1024 dense', '10 full dense'],
	],
	[
		'or as its pattern says',
		layers('gemma3_text', 9, { sliding_window: 512, sliding_window_pattern: 3 }),
		['6 sliding@512 dense', '3 full dense'],
	],
	[
		'Gemma 3n borrows the caches of its last layers',
		layers('gemma3n_text', 10, { sliding_window: 512, num_kv_shared_layers: 5 }),
		['4 sliding@512 dense', '1 full dense', '4 sliding@512 borrowed dense', '1 full borrowed dense'],
	],
	[
		'Cohere 2: three of four slide',
		layers('cohere2', 8, { sliding_window: 4096 }),
		['6 sliding@4096 dense', '2 full dense'],
	],
	[
		'EXAONE 4 spells the pattern in letters',
		layers('exaone4', 8, { sliding_window: 4096, sliding_window_pattern: 'LLLG' }),
		['6 sliding@4096 dense', '2 full dense'],
	],
	['and attends fully without a window', layers('exaone4', 8, { sliding_window: null }), ['8 full dense']],
	[
		'Llama 4 chunks where positions rotate',
		layers('llama4_text', 4, { no_rope_layers: [1, 1, 1, 0], num_local_experts: 16, interleave_moe_layer_step: 2 }),
		['2 chunked@8192 dense', '1 chunked@8192 moe', '1 full moe'],
	],
	[
		'gpt-oss alternates and routes',
		layers('gpt_oss', 4, { sliding_window: 128, num_local_experts: 32 }),
		['2 sliding@128 moe', '2 full moe'],
	],
	[
		'MiMo V2 lists its sliding and its routed layers',
		layers('mimo_v2_flash', 4, {
			hybrid_layer_pattern: [0, 1, 1, 0],
			moe_layer_freq: [0, 1, 1, 1],
			n_routed_experts: 256,
			sliding_window: 128,
		}),
		['1 full dense', '2 sliding@128 moe', '1 full moe'],
	],
	[
		'a list of layer types wins over the habits of the type',
		layers('gemma2', 4, {
			sliding_window: 8,
			layer_types: ['full_attention', 'full_attention', 'full_attention', 'sliding_attention'],
		}),
		['3 full dense', '1 sliding@8 dense'],
	],
	[
		'a list longer than the model belongs to extra layers',
		layers('llama', 2, { layer_types: ['full_attention', 'full_attention', 'sliding_attention'] }),
		['2 full dense'],
	],
	[
		'a default that is no list is not taken for one',
		layers('gemma3_text', 6, { sliding_window: 8, layer_types: { n: 26, pattern: ['sliding_attention'] } }),
		['5 sliding@8 dense', '1 full dense'],
	],
	[
		'DeepSeek: latent attention, leading dense layers',
		layers('deepseek_v3', 61, {
			kv_lora_rank: 512,
			n_routed_experts: 256,
			first_k_dense_replace: 3,
			moe_layer_freq: 1,
		}),
		['3 latent dense', '58 latent moe'],
	],
	[
		'GLM 4.7 Flash has one dense layer by its class',
		layers('glm4_moe_lite', 47, { kv_lora_rank: 512, n_routed_experts: 64 }),
		['1 latent dense', '46 latent moe'],
	],
	[
		'Qwen mixtures: dense layers by list and by step',
		layers('qwen3_moe', 6, { num_experts: 8, mlp_only_layers: [1], decoder_sparse_step: 2 }),
		['4 full dense', '2 full moe'],
	],
	[
		'ERNIE routes between a first and a last layer',
		layers('ernie4_5_moe', 6, { moe_num_experts: 8, moe_layer_start_index: 1, moe_layer_end_index: 4 }),
		['2 full dense', '4 full moe'],
	],
	[
		'Jamba: attention and experts by period',
		layers('jamba', 8, {
			attn_layer_period: 8,
			attn_layer_offset: 4,
			num_experts: 16,
			expert_layer_period: 2,
			expert_layer_offset: 1,
		}),
		['3 mamba1 dense', '4 mamba1 moe', '1 full dense'],
	],
	['Mamba has nothing beside its state', layers('mamba', 4), ['4 mamba1 none']],
	[
		'Nemotron-H: one block per layer, by letters',
		layers('nemotron_h', 5, { hybrid_override_pattern: 'MEM*-', n_routed_experts: 8 }),
		['2 mamba2 none', '1 none moe', '1 full none', '1 none dense'],
	],
	[
		'or by a list, which then says how many layers there are',
		{
			model_type: 'nemotron_h',
			hidden_size: 64,
			layers_block_type: ['mamba', 'moe', 'attention'],
			n_routed_experts: 8,
		},
		['1 mamba2 none', '1 none moe', '1 full none'],
	],
	[
		'Granite 4: states with attention between',
		layers('granitemoehybrid', 3, { layer_types: ['mamba', 'attention', 'mamba'], num_local_experts: 0 }),
		['2 mamba2 dense', '1 full dense'],
	],
	['Qwen3-Next: a delta net but every fourth', layers('qwen3_next', 8), ['6 delta dense', '2 full dense']],
	[
		'LFM2: convolutions but where listed',
		layers('lfm2', 4, { full_attn_idxs: [1, 3] }),
		['2 conv dense', '2 full dense'],
	],
	['Falcon-H1: both in every layer', layers('falcon_h1', 4), ['4 full+mamba2 dense']],
	[
		'Zamba 2: both in its hybrid layers',
		layers('zamba2', 3, { layers_block_type: ['mamba', 'hybrid', 'mamba'] }),
		['2 mamba2 dense', '1 full+mamba2 dense'],
	],
	[
		'Kimi Linear counts from one',
		layers('kimi_linear', 4, { kv_lora_rank: 512, linear_attn_config: { full_attn_layers: [4] } }),
		['3 kda dense', '1 latent dense'],
	],
	[
		'DeepSeek V4: ratios of compression',
		layers('deepseek_v4', 3, { compress_ratios: [0, 4, 128, 0], sliding_window: 128 }),
		['1 compressed@128/0 dense', '1 compressed@128/4 dense', '1 compressed@128/128 dense'],
	],
	[
		'Nemotron-NAS: blocks without attention or without feed-forward',
		layers('nemotron-nas', 3, {
			block_configs: [
				{ attention: { n_heads_in_group: 8 }, ffn: { ffn_mult: 2 } },
				{ attention: { no_op: true }, ffn: { ffn_mult: 2 } },
				{ attention: { n_heads_in_group: 8 }, ffn: { no_op: true } },
			],
		}),
		['1 full dense', '1 none dense', '1 full none'],
	],
	[
		'an unknown word in a list makes it unknown',
		layers('llama', 2, { layer_types: ['full_attention', 'dreaming'] }),
		null,
	],
	[
		'a sliding layer without a window makes it unknown',
		layers('llama', 1, { layer_types: ['sliding_attention'] }),
		null,
	],
	[
		'an unknown type with a state is not guessed',
		layers('brand_new', 4, { rms_norm_eps: 1, ssm_state_size: 16 }),
		null,
	],
	['an unknown plain type is', layers('brand_new', 4, { architectures: ['NewForCausalLM'] }), ['4 full dense']],
	[
		'nor a model whose number of borrowed caches is not one',
		layers('gemma3n_text', 5, { num_kv_shared_layers: 'x', sliding_window: 8 }),
		null,
	],
	['two stacks have no one plan', layers('t5', 12, { is_encoder_decoder: true }), null],
	['no number of layers, no plan', { model_type: 'llama', hidden_size: 64 }, null],
	['nor with an absurd one', layers('llama', 1e6), null],
];

describe('layerPlan', () => {
	it.each(cases)('%s', (_what, config, plan) => {
		expect(words(config)).toEqual(plan);
	});

	it('reads the language model inside a multimodal config, whose type may be implied', () => {
		const text = { num_hidden_layers: 12, sliding_window: 1024, num_attention_heads: 8, hidden_size: 64 };
		const plan = layerPlan('gemma3', { model_type: 'gemma3', text_config: text });
		expect(plan?.groups.map(word)).toEqual(['10 sliding@1024 dense', '2 full dense']);
		expect(layerPlan('gemma3', text)).toEqual(plan);
	});
});
