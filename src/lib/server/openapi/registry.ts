// The description of the API, parts registry and gateway: providers and tiers, records, and the addresses of OpenAI's shape.
import { z } from 'zod';
import { chatBodySchema, completionBodySchema, embeddingBodySchema } from '#lib/core/openai.ts';
import { registryFileBody } from '#lib/server/bodies.ts';
import type { ApiRow } from '#lib/server/openapi/row.ts';
import { breakerResetBody } from '#lib/server/registry/breaker-reset.ts';
import { candidateBody } from '#lib/server/registry/candidate-edit.ts';
import { keyOrderSchema } from '#lib/server/registry/key-order.ts';
import { rolloutChangeSchema } from '#lib/server/registry/rollout.ts';
import { simulationSchema } from '#lib/server/registry/simulator.ts';

const part = 'Registry';
const gateway = 'Gateway';
const loose = z.looseObject({});
const routed = ['model_not_found', 'insufficient_scope'] as const;

const gatewayRows: readonly ApiRow[] = [
	{
		method: 'GET',
		path: '/v1/models',
		part: gateway,
		summary: 'List every spec that the caller may ask for',
		answer: {
			form: 'json',
			about: 'The specs.',
			schema: z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) }),
		},
	},
	{
		method: 'GET',
		path: '/v1/models/{id}',
		part: gateway,
		summary: 'Tell one spec',
		answer: { form: 'json', about: 'The spec.', schema: z.looseObject({ id: z.string() }) },
		failures: routed,
	},
	{
		method: 'POST',
		path: '/v1/chat/completions',
		part: gateway,
		summary: 'Answer a chat by whichever model the spec leads to; with stream it comes as events',
		body: chatBodySchema,
		answer: { form: 'json', about: 'The answer in the shape of OpenAI.', schema: loose },
		failures: routed,
	},
	{
		method: 'POST',
		path: '/v1/completions',
		part: gateway,
		summary: 'Go on with a prompt by whichever model the spec leads to',
		body: completionBodySchema,
		answer: { form: 'json', about: 'The answer in the shape of OpenAI.', schema: loose },
		failures: routed,
	},
	{
		method: 'POST',
		path: '/v1/embeddings',
		part: gateway,
		summary: 'Give vectors of texts by whichever model the spec leads to',
		body: embeddingBodySchema,
		answer: { form: 'json', about: 'The vectors in the shape of OpenAI.', schema: loose },
		failures: routed,
	},
];

export const registryRows: readonly ApiRow[] = [
	{
		method: 'GET',
		path: '/api/registry',
		part,
		summary: 'Show the registry file in force, with the health of every candidate and without any key',
		answer: { form: 'json', about: 'The registry.', schema: loose },
	},
	{
		method: 'POST',
		path: '/api/registry/breakers/reset',
		part,
		summary: 'Let a candidate or provider that rests after failures be asked again at once; without a name all of them',
		body: breakerResetBody,
		answer: {
			form: 'json',
			about: 'The names of those that rested.',
			schema: z.looseObject({ reset: z.array(z.string()) }),
		},
		failures: ['not_found'],
	},
	{
		method: 'POST',
		path: '/api/registry/candidates',
		part,
		summary: 'Put a model of this machine behind a tier, as an edit of the registry file',
		body: candidateBody,
		answer: {
			form: 'json',
			about: 'The spec to ask for, and whether anything was changed.',
			schema: z.looseObject({ spec: z.string(), candidate: z.string(), is_new: z.boolean() }),
		},
		failures: ['model_not_installed', 'unsupported_operation', 'invalid_config'],
	},
	{
		method: 'GET',
		path: '/api/registry/config',
		part,
		summary: "Give the registry file's text",
		answer: { form: 'json', about: 'The file.', schema: loose },
	},
	{
		method: 'PUT',
		path: '/api/registry/config',
		part,
		summary: 'Take a new registry file once it was found good, or only check it',
		body: registryFileBody,
		answer: { form: 'json', about: 'What was found.', schema: loose },
	},
	{
		method: 'GET',
		path: '/api/registry/config/versions/{digest}',
		part,
		summary: 'Give a registry file that was in force before',
		answer: { form: 'json', about: 'The file.', schema: z.looseObject({ digest: z.string(), text: z.string() }) },
		failures: ['not_found'],
	},
	{
		method: 'GET',
		path: '/api/registry/keys',
		part,
		summary: 'List the keys of the gateway by their beginnings',
		answer: { form: 'json', about: 'The keys.', schema: z.looseObject({ keys: z.array(loose) }) },
	},
	{
		method: 'POST',
		path: '/api/registry/keys',
		part,
		summary: 'Make a key of the gateway; it is in this answer and never shown again',
		body: keyOrderSchema,
		answer: { form: 'json', about: 'The key.', status: 201, schema: loose },
	},
	{
		method: 'DELETE',
		path: '/api/registry/keys/{id}',
		part,
		summary: 'End a key of the gateway at once',
		answer: { form: 'json', about: 'The ended key.', schema: loose },
		failures: ['not_found'],
	},
	{
		method: 'GET',
		path: '/api/registry/requests',
		part,
		summary: 'List records of what was routed, the newest first',
		query: [
			{ name: 'route', about: 'only this spec', example: 'tier:fast' },
			{ name: 'user', about: 'only this user', example: 'ann' },
			{ name: 'model', about: 'only served by this model', example: 'lab/model-a' },
			{ name: 'outcome', about: 'only those that ended so', example: 'ok', choices: ['ok', 'failed', 'cancelled'] },
			{ name: 'limit', about: 'records, 1 to 200; 50 unless told', example: '50' },
		],
		answer: {
			form: 'json',
			about: 'A page of records.',
			schema: z.looseObject({ next_cursor: z.string().nullable() }),
		},
	},
	{
		method: 'GET',
		path: '/api/registry/requests/{id}',
		part,
		summary: 'Tell every try of one request, why it was made and how it ended',
		answer: { form: 'json', about: 'The record.', schema: loose },
		failures: ['not_found'],
	},
	{
		method: 'GET',
		path: '/api/registry/rollout',
		part,
		summary: 'Tell for whom the strategies are on, and what was changed',
		query: [{ name: 'user', about: 'decide for this user', example: 'ann' }],
		answer: { form: 'json', about: 'The rollout.', schema: loose },
	},
	{
		method: 'PUT',
		path: '/api/registry/rollout',
		part,
		summary: 'Change for whom the strategies are on',
		body: rolloutChangeSchema,
		answer: { form: 'json', about: 'The rollout.', schema: loose },
	},
	{
		method: 'POST',
		path: '/api/registry/simulate',
		part,
		summary: 'Try what a route would do, on simulated time and without asking any provider',
		body: simulationSchema,
		answer: { form: 'json', about: 'What happened, try by try.', schema: loose },
	},
	{
		method: 'GET',
		path: '/api/registry/usage',
		part,
		summary: 'Add up figures per tier, model, provider, user and key',
		query: [{ name: 'hours', about: 'how far back; 24 unless told', example: '24' }],
		answer: { form: 'json', about: 'The figures.', schema: loose },
	},
	...gatewayRows,
];
