// Known providers as rows: address, keys, what a cancelled call costs, how usage is told, and where they differ.

/** Which wire shape a provider speaks. */
export type ProviderShape = 'openai' | 'anthropic';

/** How a provider counts tokens; see `server/providers/usage.ts`. */
export type UsageShape = 'openai' | 'deepseek' | 'gemini' | 'anthropic';

/**
 * One provider. Addresses have no trailing slash. `keys` are the names of environment variables, tried in order; a key
 * from one of them only ever goes to the row's own host. `cancelStopsBilling`: true where leaving a stream ends the
 * bill, false where it does not, `upstream` where it depends on who served the call, null where nobody knows (count it
 * as false; a local engine has no bill).
 */
export interface ProviderRow {
	id: string;
	name: string;
	kind: 'cloud' | 'gateway' | 'local';
	aliases?: readonly string[];
	shape: ProviderShape;
	baseUrl: string;
	/** Header that carries the key; `scheme` stands before it, null for none. */
	auth: { header: string; scheme: string | null };
	keys: readonly string[];
	/** Does a call need a key? Local engines mostly do not. */
	needsKey: boolean;
	/** Variable in which a local engine's own tools look for another address. */
	baseUrlVariable?: string;
	/** Headers that every call carries. */
	headers?: Readonly<Record<string, string>>;
	cancelStopsBilling: boolean | 'upstream' | null;
	usage: UsageShape;
	/** Request fields under another name. */
	rename?: Readonly<Record<string, string>>;
	/** Values of request fields under another name, as `field: { ours: theirs }`. */
	revalue?: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** False where `stream_options` is refused: usage comes without being asked for. Default true. */
	takesStreamOptions?: boolean;
	/** False where the shape has no embeddings. Default true. */
	hasEmbeddings?: boolean;
	/** True for engines that people run themselves: nobody sends a bill. Default false. */
	isFree?: boolean;
	/** True where a provider without an address is this program itself, with the models that it loads. Default false. */
	runsHere?: boolean;
}

const bearer = { header: 'authorization', scheme: 'Bearer' } as const;

/** A row of the usual kind: OpenAI's shape, a bearer key, usage as OpenAI counts it. */
function usual(
	row: Pick<ProviderRow, 'id' | 'name' | 'kind' | 'baseUrl' | 'keys' | 'cancelStopsBilling'> & Partial<ProviderRow>,
): ProviderRow {
	return { shape: 'openai', auth: bearer, needsKey: row.kind !== 'local', usage: 'openai', ...row };
}

// Addresses, keys and quirks: the AI SDK's providers (vercel/ai, August 2026) and models.dev (July 2026), read beside
// the vendors' own pages; what a cancelled stream costs: OpenRouter's table of upstreams (August 2026).
const rows: readonly ProviderRow[] = [
	usual({
		id: 'openai',
		name: 'OpenAI',
		kind: 'cloud',
		baseUrl: 'https://api.openai.com/v1',
		keys: ['OPENAI_API_KEY'],
		cancelStopsBilling: true,
	}),
	{
		id: 'anthropic',
		name: 'Anthropic',
		kind: 'cloud',
		shape: 'anthropic',
		baseUrl: 'https://api.anthropic.com/v1',
		auth: { header: 'x-api-key', scheme: null },
		keys: ['ANTHROPIC_API_KEY'],
		needsKey: true,
		headers: { 'anthropic-version': '2023-06-01' },
		cancelStopsBilling: true,
		usage: 'anthropic',
		hasEmbeddings: false,
	},
	usual({
		id: 'openrouter',
		name: 'OpenRouter',
		kind: 'gateway',
		baseUrl: 'https://openrouter.ai/api/v1',
		keys: ['OPENROUTER_API_KEY'],
		cancelStopsBilling: 'upstream',
	}),
	usual({
		id: 'groq',
		name: 'Groq',
		kind: 'cloud',
		baseUrl: 'https://api.groq.com/openai/v1',
		keys: ['GROQ_API_KEY'],
		cancelStopsBilling: false,
	}),
	usual({
		// The vendor's layer in OpenAI's shape; its own API lies one level higher.
		id: 'google',
		name: 'Google Gemini API',
		kind: 'cloud',
		aliases: ['gemini'],
		baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
		keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
		cancelStopsBilling: false,
		usage: 'gemini',
	}),
	usual({
		id: 'deepseek',
		name: 'DeepSeek',
		kind: 'cloud',
		baseUrl: 'https://api.deepseek.com',
		keys: ['DEEPSEEK_API_KEY'],
		cancelStopsBilling: true,
		usage: 'deepseek',
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'mistral',
		name: 'Mistral',
		kind: 'cloud',
		baseUrl: 'https://api.mistral.ai/v1',
		keys: ['MISTRAL_API_KEY'],
		cancelStopsBilling: false,
		rename: { seed: 'random_seed', max_completion_tokens: 'max_tokens' },
		revalue: { tool_choice: { required: 'any' } },
		takesStreamOptions: false,
	}),
	usual({
		id: 'togetherai',
		name: 'Together AI',
		kind: 'cloud',
		aliases: ['together'],
		baseUrl: 'https://api.together.xyz/v1',
		keys: ['TOGETHER_API_KEY'],
		cancelStopsBilling: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'fireworks-ai',
		name: 'Fireworks AI',
		kind: 'cloud',
		aliases: ['fireworks'],
		baseUrl: 'https://api.fireworks.ai/inference/v1',
		keys: ['FIREWORKS_API_KEY'],
		cancelStopsBilling: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'huggingface',
		name: 'Hugging Face Inference Providers',
		kind: 'gateway',
		baseUrl: 'https://router.huggingface.co/v1',
		keys: ['HF_TOKEN'],
		cancelStopsBilling: false,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'ollama',
		name: 'Ollama',
		kind: 'local',
		baseUrl: 'http://127.0.0.1:11434/v1',
		keys: [],
		baseUrlVariable: 'OLLAMA_HOST',
		cancelStopsBilling: null,
		isFree: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'ollama-cloud',
		name: 'Ollama Cloud',
		kind: 'cloud',
		baseUrl: 'https://ollama.com/v1',
		keys: ['OLLAMA_API_KEY'],
		cancelStopsBilling: null,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'lmstudio',
		name: 'LM Studio',
		kind: 'local',
		baseUrl: 'http://127.0.0.1:1234/v1',
		keys: ['LMSTUDIO_API_KEY'],
		cancelStopsBilling: null,
		isFree: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'vllm',
		name: 'vLLM',
		kind: 'local',
		baseUrl: 'http://127.0.0.1:8000/v1',
		keys: ['VLLM_API_KEY'],
		cancelStopsBilling: null,
		isFree: true,
	}),
	usual({
		// LLAMA_API_KEY is the server's own variable and also the key of a hosted service: not read here.
		id: 'llamacpp',
		name: 'llama.cpp server',
		kind: 'local',
		aliases: ['llama.cpp', 'llama-cpp'],
		baseUrl: 'http://127.0.0.1:8080/v1',
		keys: ['LLAMACPP_API_KEY'],
		cancelStopsBilling: null,
		isFree: true,
	}),
	usual({
		id: 'tgi',
		name: 'Text Generation Inference',
		kind: 'local',
		baseUrl: 'http://127.0.0.1:8080/v1',
		keys: [],
		cancelStopsBilling: null,
		isFree: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'litellm',
		name: 'LiteLLM proxy',
		kind: 'gateway',
		baseUrl: 'http://127.0.0.1:4000/v1',
		keys: ['LITELLM_API_KEY'],
		needsKey: false,
		cancelStopsBilling: 'upstream',
	}),
	usual({
		id: 'xai',
		name: 'xAI',
		kind: 'cloud',
		baseUrl: 'https://api.x.ai/v1',
		keys: ['XAI_API_KEY'],
		cancelStopsBilling: true,
	}),
	usual({
		id: 'cohere',
		name: 'Cohere',
		kind: 'cloud',
		baseUrl: 'https://api.cohere.ai/compatibility/v1',
		keys: ['COHERE_API_KEY'],
		cancelStopsBilling: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'cerebras',
		name: 'Cerebras',
		kind: 'cloud',
		baseUrl: 'https://api.cerebras.ai/v1',
		keys: ['CEREBRAS_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'deepinfra',
		name: 'DeepInfra',
		kind: 'cloud',
		baseUrl: 'https://api.deepinfra.com/v1/openai',
		keys: ['DEEPINFRA_API_KEY'],
		cancelStopsBilling: true,
		rename: { max_completion_tokens: 'max_tokens' },
	}),
	usual({
		id: 'moonshotai',
		name: 'Moonshot AI',
		kind: 'cloud',
		baseUrl: 'https://api.moonshot.ai/v1',
		keys: ['MOONSHOT_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'zai',
		name: 'Z.AI',
		kind: 'cloud',
		baseUrl: 'https://api.z.ai/api/paas/v4',
		keys: ['ZHIPU_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'alibaba',
		name: 'Alibaba Model Studio (international)',
		kind: 'cloud',
		baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
		keys: ['DASHSCOPE_API_KEY'],
		cancelStopsBilling: false,
	}),
	usual({
		id: 'perplexity',
		name: 'Perplexity',
		kind: 'cloud',
		baseUrl: 'https://api.perplexity.ai',
		keys: ['PERPLEXITY_API_KEY'],
		cancelStopsBilling: false,
		rename: { max_completion_tokens: 'max_tokens' },
		takesStreamOptions: false,
		hasEmbeddings: false,
	}),
	{
		id: 'minimax',
		name: 'MiniMax',
		kind: 'cloud',
		shape: 'anthropic',
		baseUrl: 'https://api.minimax.io/anthropic/v1',
		auth: { header: 'x-api-key', scheme: null },
		keys: ['MINIMAX_API_KEY'],
		needsKey: true,
		headers: { 'anthropic-version': '2023-06-01' },
		cancelStopsBilling: false,
		usage: 'anthropic',
		hasEmbeddings: false,
	},
	usual({
		id: 'nvidia',
		name: 'NVIDIA API catalog',
		kind: 'cloud',
		baseUrl: 'https://integrate.api.nvidia.com/v1',
		keys: ['NVIDIA_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'github-models',
		name: 'GitHub Models',
		kind: 'gateway',
		baseUrl: 'https://models.github.ai/inference',
		keys: ['GITHUB_TOKEN'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'vercel',
		name: 'Vercel AI Gateway',
		kind: 'gateway',
		baseUrl: 'https://ai-gateway.vercel.sh/v1',
		keys: ['AI_GATEWAY_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'novita-ai',
		name: 'Novita',
		kind: 'cloud',
		aliases: ['novita'],
		baseUrl: 'https://api.novita.ai/openai',
		keys: ['NOVITA_API_KEY'],
		cancelStopsBilling: true,
	}),
	usual({
		id: 'siliconflow',
		name: 'SiliconFlow',
		kind: 'cloud',
		baseUrl: 'https://api.siliconflow.com/v1',
		keys: ['SILICONFLOW_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'nebius',
		name: 'Nebius Token Factory',
		kind: 'cloud',
		baseUrl: 'https://api.tokenfactory.nebius.com/v1',
		keys: ['NEBIUS_API_KEY'],
		cancelStopsBilling: false,
	}),
	usual({
		id: 'baseten',
		name: 'Baseten Model APIs',
		kind: 'cloud',
		baseUrl: 'https://inference.baseten.co/v1',
		keys: ['BASETEN_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		id: 'llama',
		name: 'Meta Llama API',
		kind: 'cloud',
		baseUrl: 'https://api.llama.com/compat/v1',
		keys: ['LLAMA_API_KEY'],
		cancelStopsBilling: null,
	}),
	usual({
		// Any server of this shape: the address is the registry file's to say, and a key goes along only where it names one.
		id: 'openai-compatible',
		name: 'OpenAI-compatible server',
		kind: 'cloud',
		aliases: ['custom'],
		baseUrl: '',
		keys: [],
		needsKey: false,
		cancelStopsBilling: null,
	}),
	usual({
		// Without an address: the models of this machine, in this program. With one: another server of this shape here.
		id: 'local',
		name: 'Models of this machine',
		kind: 'local',
		baseUrl: '',
		keys: [],
		cancelStopsBilling: true,
		isFree: true,
		runsHere: true,
	}),
];

const byName = new Map(rows.flatMap((row) => [row.id, ...(row.aliases ?? [])].map((name) => [name, row])));

/** Every known provider. */
export const providerRows: readonly ProviderRow[] = rows;

/** The row of a provider type; null for a type nobody knows. `baseUrl` is empty where the registry file has to name it. */
export function findProvider(type: string): ProviderRow | null {
	return byName.get(type) ?? null;
}
