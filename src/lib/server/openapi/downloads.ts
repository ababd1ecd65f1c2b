// The description of the API, parts downloads and classification: the queue, its feed, and texts sorted into categories.
import { z } from 'zod';
import { classifyOrderSchema } from '#lib/core/classify-order.ts';
import { changeSchema, limitsSchema, orderSchema } from '#lib/core/download-order.ts';
import { calibrationBody } from '#lib/server/bodies.ts';
import { asking, type ApiRow } from '#lib/server/openapi/row.ts';

const part = 'Downloads';
const download = z.looseObject({ id: z.string(), model_id: z.string(), state: z.string() });
const classifyRows: readonly ApiRow[] = [
	{
		method: 'POST',
		path: '/api/classify',
		part: 'Classification',
		summary: 'Sort texts into categories, one result per line in the order of the texts',
		body: classifyOrderSchema,
		answer: { form: 'ndjson', about: 'A result per text; a failure is the last line.', schema: null },
	},
	{
		method: 'GET',
		path: '/api/calibrations',
		part: 'Classification',
		summary: 'List what was fitted to labelled texts',
		answer: {
			form: 'json',
			about: 'The calibrations.',
			schema: z.object({ calibrations: z.array(z.looseObject({})) }),
		},
	},
	{
		method: 'POST',
		path: '/api/calibrations',
		part: 'Classification',
		summary: 'Fit the scores of a model to labelled texts',
		body: calibrationBody,
		answer: { form: 'json', about: 'What was fitted.', schema: z.looseObject({}) },
	},
	{
		method: 'DELETE',
		path: '/api/calibrations',
		part: 'Classification',
		summary: "Forget a model's calibrations",
		query: [{ name: 'model', about: 'the model', example: 'bge-m3', isRequired: true }],
		answer: { form: 'json', about: 'How many were forgotten.', schema: z.looseObject({}) },
	},
	{
		method: 'GET',
		path: '/api/engines',
		part: 'Classification',
		summary: 'List models that are loaded, models known by short names, and engines that others run here',
		answer: { form: 'json', about: 'The engines.', schema: z.looseObject({ loaded: z.array(z.unknown()) }) },
	},
];

export const downloadRows: readonly ApiRow[] = [
	{
		method: 'GET',
		path: '/api/downloads',
		part,
		summary: 'List the queue, and its limits',
		answer: { form: 'json', about: 'The downloads.', schema: z.looseObject({ downloads: z.array(download) }) },
	},
	{
		method: 'POST',
		path: '/api/downloads',
		part,
		summary: 'Order a download; the same order again gives the same download',
		body: orderSchema,
		answer: { form: 'json', about: 'The download.', schema: download, status: 202 },
		failures: asking,
	},
	{
		method: 'GET',
		path: '/api/downloads/{id}',
		part,
		summary: 'Tell how far one download is',
		answer: { form: 'json', about: 'The download.', schema: download },
		failures: ['not_found'],
	},
	{
		method: 'PATCH',
		path: '/api/downloads/{id}',
		part,
		summary: 'Pause, resume, retry, cancel or move one download',
		body: changeSchema,
		answer: { form: 'json', about: 'The download.', schema: download },
		failures: ['not_found'],
	},
	{
		method: 'DELETE',
		path: '/api/downloads/{id}',
		part,
		summary: 'Forget one download',
		answer: { form: 'json', about: 'What was forgotten.', schema: z.looseObject({}) },
		failures: ['not_found'],
	},
	{
		method: 'POST',
		path: '/api/downloads/{id}/{action}',
		part,
		summary: 'Do to one download what its address says: pause, resume, cancel or retry',
		answer: { form: 'json', about: 'The download.', schema: download },
		failures: ['not_found'],
	},
	{
		method: 'GET',
		path: '/api/downloads/events',
		part,
		summary: 'Follow every change of any download, from where a reader left off',
		answer: {
			form: 'sse',
			about: 'Events "download" and "removed"; Last-Event-ID goes on after it.',
			schema: download,
		},
	},
	{
		method: 'PUT',
		path: '/api/downloads/limits',
		part,
		summary: 'Limit how many downloads run at once, and how fast all of them together are',
		body: limitsSchema,
		answer: { form: 'json', about: 'The limits.', schema: limitsSchema },
	},
	{
		method: 'GET',
		path: '/api/downloads/plan',
		part,
		summary: 'Tell what an order would fetch, and whether there is room for it',
		query: [
			{ name: 'id', about: 'the model', example: 'Qwen/Qwen3-8B', isRequired: true },
			{ name: 'revision', about: 'branch, tag or commit', example: 'main' },
			{ name: 'file', about: 'only files like this', example: '*.safetensors', isList: true },
			{ name: 'exclude', about: 'no files like this', example: '*.bin', isList: true },
			{ name: 'quant', about: 'label of the GGUF file that is meant', example: 'Q5_K_M' },
			{
				name: 'allow_unsafe',
				about: 'files that can run code, too',
				example: '0',
				choices: ['0', '1', 'true', 'false'],
			},
		],
		answer: { form: 'json', about: 'The plan.', schema: z.looseObject({}) },
		failures: asking,
	},
	...classifyRows,
];
