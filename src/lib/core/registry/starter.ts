// Registry files to begin with: each small, each in order, for whoever has none yet.

/** One of them. `key` is the variable its provider's key is read from; null where none is needed. */
export interface Starter {
	id: string;
	title: string;
	/** What it does, and what it needs. */
	about: string;
	key: string | null;
	text: string;
}

/** One tier with one candidate; the comments say how to go on. */
function oneTier(provider: string, model: string, key: string | null): string {
	return `# Tiers are names for "who answers": programs ask for tier:default at /v1.
version: 1
name: My registry
providers:
  ${provider}: { type: ${provider} }${key === null ? '' : ` # the key is read from ${key}`}
tiers:
  default:
    strategy: fallback # first, fallback, race or consensus
    providers: # asked in this order; add a second one to be safe against failures
      - ${provider}/${model}
    timeout: 60000 # milliseconds for the whole answer
defaults: { tier: default }
`;
}

/** The starters, those that cost nothing first. */
export const starters: readonly Starter[] = [
	{
		id: 'ollama',
		title: 'Ollama on this machine',
		about: 'Costs nothing and needs no key; Ollama has to run and to have the model qwen3:8b.',
		key: null,
		text: oneTier('ollama', 'qwen3:8b', null),
	},
	{
		id: 'openai',
		title: 'OpenAI',
		about: 'One small model behind one tier.',
		key: 'OPENAI_API_KEY',
		text: oneTier('openai', 'gpt-4.1-mini', 'OPENAI_API_KEY'),
	},
	{
		id: 'anthropic',
		title: 'Anthropic',
		about: 'One small model behind one tier.',
		key: 'ANTHROPIC_API_KEY',
		text: oneTier('anthropic', 'claude-haiku-4-5', 'ANTHROPIC_API_KEY'),
	},
];
