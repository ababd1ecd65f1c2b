// The quantization methods we know: their names in files, the bits they mean and the keys that hold what varies.
//
// Sources: the quantization classes of transformers 5.18 and vLLM (names in `quant_method` and their fields), NVIDIA
// ModelOpt's `quant_algo` names, MLX-LM's `quantization` object, the ExLlama converters' `quantization_config`.

/** One method. `bits` is fixed by the method, or absent where keys of the file say it. */
export interface QuantizationScheme {
	/** The method's name in our records; also its first name in files. */
	name: string;
	/** Other names for it in `quant_method`. */
	aliases?: string[];
	bits?: number;
	/** Keys with the bits per weight, in order; dots reach into nested objects. */
	bitKeys?: string[];
	groupKeys?: string[];
	/** Keys with a type name such as `int4` or `fp8_e4m3`, whose digits are the bits. */
	typeKeys?: string[];
}

const bits = ['bits', 'w_bit', 'wbits', 'nbits', 'weight_bits'];
const groups = ['group_size', 'q_group_size', 'groupsize', 'in_group_size'];
const varying = { bitKeys: bits, groupKeys: groups };

export const quantizationSchemes: QuantizationScheme[] = [
	{ name: 'mlx', ...varying },
	{ name: 'gptq', aliases: ['gptq_marlin', 'gptq_marlin_24', 'gptq_bitblas', 'intel/auto-gptq', 'marlin'], ...varying },
	{ name: 'awq', aliases: ['awq_marlin', 'intel/auto-awq', 'llm-awq'], ...varying },
	{ name: 'auto-round', aliases: ['intel/auto-round', 'autoround', 'inc'], ...varying },
	{ name: 'bitsandbytes', aliases: ['bnb', 'bitsandbytes_4bit', 'bitsandbytes_8bit'] },
	{ name: 'fp8', aliases: ['fp8_e4m3', 'fine_grained_fp8', 'finegrained_fp8', 'ptpc_fp8'], bits: 8 },
	{ name: 'fbgemm_fp8', bits: 8 },
	{ name: 'compressed-tensors', aliases: ['compressed_tensors', 'sparseml'], ...varying },
	{ name: 'mxfp4', bits: 4 },
	{ name: 'mxfp8', bits: 8 },
	{ name: 'nvfp4', aliases: ['modelopt_fp4', 'petit_nvfp4'], bits: 4 },
	{ name: 'modelopt', aliases: ['modelopt_mixed', 'modelopt_mxfp8'], ...varying },
	{ name: 'fp_quant', typeKeys: ['forward_dtype'] },
	{ name: 'aqlm' },
	{ name: 'vptq' },
	{
		name: 'hqq',
		bitKeys: ['quant_config.weight_quant_params.nbits', ...bits],
		groupKeys: ['quant_config.weight_quant_params.group_size', ...groups],
	},
	{ name: 'quanto', typeKeys: ['weights', 'weight_format'], ...varying },
	{
		name: 'torchao',
		typeKeys: ['quant_type', 'quant_type.default._type'],
		groupKeys: ['quant_type_kwargs.group_size', 'quant_type.default._data.group_size'],
	},
	{
		name: 'quark',
		typeKeys: ['global_quant_config.weight.dtype'],
		groupKeys: ['global_quant_config.weight.group_size'],
	},
	{ name: 'eetq', bits: 8 },
	{ name: 'higgs', ...varying },
	{ name: 'spqr', ...varying },
	{ name: 'exl2', ...varying },
	{ name: 'exl3', ...varying },
	{ name: 'bitnet', bits: 1.58 },
	{ name: 'bitblas', ...varying },
	{ name: 'qqq', ...varying },
	{ name: 'quip', ...varying },
	{ name: 'squeezellm', ...varying },
	{ name: 'omniquant', ...varying },
	{ name: 'rtn', ...varying },
	{ name: 'sinq', ...varying },
	{ name: 'deepspeedfp', ...varying },
	{ name: 'experts_int8', bits: 8 },
	{ name: 'tpu_int8', bits: 8 },
	{ name: 'w8a8_int8', bits: 8 },
	{ name: 'w8a8_fp8', bits: 8 },
	{ name: 'w4afp8', bits: 4 },
	{ name: 'gguf', ...varying },
];

/** ModelOpt's `quant_algo` → bits per weight. `MIXED_PRECISION` has none of its own: its layers are counted. */
export const modelOptBits = new Map<string, number>([
	['FP8', 8],
	['FP8_PER_CHANNEL_PER_TOKEN', 8],
	['FP8_PB_WO', 8],
	['FP8_PB_REAL', 8],
	['MXFP8', 8],
	['INT8', 8],
	['INT8_SQ', 8],
	['INT8_WEIGHT_ONLY', 8],
	['W8A8_SQ_PER_CHANNEL', 8],
	['W8A16', 8],
	['INT4_AWQ', 4],
	['W4A16', 4],
	['W4A16_AWQ', 4],
	['W4A16_GPTQ', 4],
	['W4A8_AWQ', 4],
	['NVFP4', 4],
	['NVFP4_AWQ', 4],
	['NVFP4_SVDQUANT', 4],
	['W4A16_NVFP4', 4],
	['W4A8_NVFP4_FP8', 4],
	['W4A8_MXFP4_FP8', 4],
	['MXFP4', 4],
	['MXFP6', 6],
]);

/** Hub tags and words in repository names that name a method; the tag with bits (`4-bit`) is read apart. */
export const quantizationWords = new Map<string, { method: string; bits: number | null }>([
	['gptq', { method: 'gptq', bits: null }],
	['awq', { method: 'awq', bits: null }],
	['autoround', { method: 'auto-round', bits: null }],
	['auto-round', { method: 'auto-round', bits: null }],
	['bitsandbytes', { method: 'bitsandbytes', bits: null }],
	['bnb', { method: 'bitsandbytes', bits: null }],
	['compressed-tensors', { method: 'compressed-tensors', bits: null }],
	['fp8', { method: 'fp8', bits: 8 }],
	['mxfp4', { method: 'mxfp4', bits: 4 }],
	['nvfp4', { method: 'nvfp4', bits: 4 }],
	['modelopt', { method: 'modelopt', bits: null }],
	['exl2', { method: 'exl2', bits: null }],
	['exl3', { method: 'exl3', bits: null }],
	['aqlm', { method: 'aqlm', bits: null }],
	['hqq', { method: 'hqq', bits: null }],
	['quanto', { method: 'quanto', bits: null }],
	['eetq', { method: 'eetq', bits: 8 }],
	['spqr', { method: 'spqr', bits: null }],
	['vptq', { method: 'vptq', bits: null }],
	['higgs', { method: 'higgs', bits: null }],
	['bitnet', { method: 'bitnet', bits: 1.58 }],
	['torchao', { method: 'torchao', bits: null }],
]);
