// The description of the API, part models: lists, one model, its config, what runs it and whether it fits.
import { z } from 'zod';
import { classifications, quantizationChoices } from '#lib/core/choice.ts';
import { characteristicsSchema, entrySchema } from '#lib/core/model.ts';
import { listSources, modalities, sortKeys } from '#lib/core/query.ts';
import { runtimeIds } from '#lib/core/runtime.ts';
import { configsBody } from '#lib/server/bodies.ts';
import { asking, type ApiParameter, type ApiRow } from '#lib/server/openapi/row.ts';

const part = 'Models';
const truth = ['true', 'false'];
const flag = ['0', '1'];

/** The filters of a list. */
const filters: readonly ApiParameter[] = [
	{ name: 'q', about: 'words in the name', example: 'qwen' },
	{ name: 'family', about: 'architecture family; Unknown is one too', example: 'Qwen', isList: true },
	{ name: 'modality', about: 'any, text or multimodal', example: 'text', choices: modalities },
	{
		name: 'quantization',
		about: 'bits of the weights: fp8 counts as 8, mxfp4 and nvfp4 as 4, unquantized 16-bit weights as fp16',
		example: '4',
		choices: quantizationChoices,
		isList: true,
	},
	{ name: 'kind', about: 'what it is', example: 'gen', choices: classifications, isList: true },
	{ name: 'author', about: 'who published it', example: 'google', isList: true },
	{ name: 'license', about: 'licence', example: 'apache-2.0', isList: true },
	{ name: 'gated', about: 'only with a gate, or only without', example: 'false', choices: truth },
	{ name: 'min_params', about: 'at least so many parameters: 500M, 7B, or a number', example: '500M' },
	{ name: 'max_params', about: 'at most so many parameters', example: '8B' },
	{ name: 'min_context', about: 'context window of at least so many tokens; 32k is 32,768', example: '32k' },
	{ name: 'runtime', about: 'only what this runtime loads', example: 'vllm', choices: runtimeIds },
	{ name: 'show_incompatible', about: 'with a runtime: the others too', example: 'true', choices: truth },
	{
		name: 'show_low_confidence',
		about: 'in chat lists (kind=gen): what nobody can class, too',
		example: 'true',
		choices: truth,
	},
	{ name: 'fits', about: 'what must hold it: 16GB, 16GiB or the id of a device', example: '16GB' },
	{ name: 'context', about: 'tokens at which it must fit; 8,192 unless told', example: '8k' },
	{ name: 'source', about: 'everything, the catalog, or models on this machine', example: 'all', choices: listSources },
];

const paging: readonly ApiParameter[] = [
	{ name: 'sort', about: 'what comes first; null figures come last', example: 'downloads', choices: sortKeys },
	{ name: 'order', about: 'ascending or descending', example: 'desc', choices: ['asc', 'desc'] },
	{ name: 'limit', about: 'rows, 1 to 200; 50 unless told', example: '50' },
	{ name: 'group', about: 'one row per base model, packings inside', example: 'base', choices: ['base'] },
];

const facet = z.array(z.object({ value: z.string(), count: z.number() }));
const listSchema = z.object({
	models: z.array(entrySchema),
	total: z.number().describe('models that match the filters'),
	pending: z.number().describe('models that may match once they are read'),
	facets: z.record(z.string(), facet),
	next_cursor: z.string().nullable().describe('null at the end'),
});

const revision: ApiParameter = { name: 'revision', about: 'branch, tag or commit', example: 'main' };
const strict: ApiParameter = {
	name: 'strict_context',
	about: 'take a context longer than the runtime has for a no',
	example: '1',
	choices: [...truth, ...flag],
};

export const modelRows: readonly ApiRow[] = [
	{
		method: 'GET',
		path: '/api/models',
		part,
		summary: 'List models that match, with totals, counts per choice and the cursor of the next page',
		query: [
			...filters,
			...paging,
			{
				name: 'cache_bits',
				about: 'bits of the cache that recommendations count with',
				example: '8',
				choices: ['16', '8', '4'],
			},
			{ name: 'check', about: 'a runtime whose verdict each row carries', example: 'vllm', choices: runtimeIds },
		],
		answer: { form: 'json', about: 'One page of the list.', schema: listSchema },
	},
	{
		method: 'GET',
		path: '/api/models/{id}',
		part,
		summary: 'Tell everything that is known about one model: facts, files, card, relatives',
		answer: {
			form: 'json',
			about: 'The model; what could not be read is null and named.',
			schema: z.looseObject({ entry: entrySchema }),
		},
		failures: asking,
	},
	{
		method: 'GET',
		path: '/api/models/config/{id}',
		part,
		summary: 'Read the characteristics of one model, each with where it was read',
		query: [
			{ name: 'refresh', about: 'ask the Hub even when there is a copy', example: '1', choices: [...truth, ...flag] },
			revision,
		],
		answer: { form: 'json', about: 'The characteristics.', schema: characteristicsSchema },
		failures: [...asking, 'invalid_revision'],
	},
	{
		method: 'POST',
		path: '/api/models/configs',
		part,
		summary: 'Read the characteristics of up to 200 models, one line for each as soon as it is read',
		body: configsBody,
		answer: {
			form: 'ndjson',
			about: 'Lines of a model and its characteristics, or of a model and why it could not be read.',
			schema: z.object({
				id: z.string(),
				characteristics: characteristicsSchema.optional(),
				error: z.object({ code: z.string(), message: z.string() }).optional(),
			}),
		},
	},
	{
		method: 'GET',
		path: '/api/models/compatible',
		part,
		summary: 'List only models that one runtime loads, and say how many were looked at for them',
		query: [
			{ name: 'runtime', about: 'the runtime; llm-worker unless told', example: 'vllm', choices: runtimeIds },
			{ name: 'limit', about: 'models, 1 to 1,000; 100 unless told', example: '100' },
			...paging.slice(0, 2),
			strict,
		],
		answer: {
			form: 'json',
			about: 'The models.',
			schema: z.looseObject({ models: z.array(entrySchema), checked: z.number(), kept: z.number() }),
		},
	},
	{
		method: 'GET',
		path: '/api/models/compatibility/{id}',
		part,
		summary: 'Say which runtimes load one model and why, or why not',
		query: [{ name: 'runtime', about: 'only this one', example: 'ollama', choices: runtimeIds, isList: true }, strict],
		answer: {
			form: 'json',
			about: 'A report per runtime.',
			schema: z.looseObject({ runtimes: z.array(z.looseObject({})) }),
		},
		failures: asking,
	},
	{
		method: 'GET',
		path: '/api/models/fit/{id}',
		part,
		summary: 'Say whether one model fits a device, term by term',
		query: [
			{ name: 'device', about: 'memory such as 16GB, or the id of a device', example: '24GiB' },
			{ name: 'context', about: 'tokens; 8,192 unless told', example: '32k' },
			{ name: 'runtime', about: 'what runs it', example: 'vllm' },
			{ name: 'cache_bits', about: 'bits of the cache', example: '8', choices: ['16', '8', '4'] },
			{ name: 'slots', about: 'conversations at once', example: '2' },
			{ name: 'quant', about: 'label of the GGUF file that is meant', example: 'Q5_K_M' },
		],
		answer: {
			form: 'json',
			about: 'The verdict: fits, tight, too_big or unknown, with every term in bytes.',
			schema: z.looseObject({ verdict: z.enum(['fits', 'tight', 'too_big', 'unknown']) }),
		},
		failures: asking,
	},
	{
		method: 'GET',
		path: '/api/models/headers/{id}',
		part,
		summary: 'Read the header of one weight file: exact counts and number types',
		query: [{ name: 'path', about: 'the weight file', example: 'model.safetensors', isRequired: true }, revision],
		answer: { form: 'json', about: 'What the header says, over all parts of a split file.', schema: z.looseObject({}) },
		failures: [...asking, 'invalid_gguf', 'invalid_safetensors'],
	},
	{
		method: 'GET',
		path: '/api/models/why',
		part,
		summary: 'Say whether a list with these filters shows a model, what hides it, and what comes closest',
		query: [{ name: 'id', about: 'the model', example: 'Qwen/Qwen3-8B', isRequired: true }, ...filters, ...paging],
		answer: { form: 'json', about: 'The explanation.', schema: z.looseObject({ visible: z.boolean() }) },
		failures: asking,
	},
];
