// The description of the API, part the server itself: discovery, health, figures, settings, and this description.
import { z } from 'zod';
import { discoveryOrderSchema } from '#lib/core/discovery-order.ts';
import type { ApiRow } from '#lib/server/openapi/row.ts';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import { preferencesSchema } from '#lib/server/preferences.ts';

/** Which runtimes there are is said where they are refused. */
const described = preferencesSchema(withoutOwn);

export const systemRows: readonly ApiRow[] = [
	{
		method: 'POST',
		path: '/api/discovery',
		part: 'Discovery',
		summary: 'Find models of the Hub that can chat, one message per line as it goes',
		body: discoveryOrderSchema,
		answer: {
			form: 'ndjson',
			about: 'Progress of each model, then the result; a failure is the last line.',
			schema: z.looseObject({ action: z.string(), id: z.string() }),
		},
		failures: ['rate_limited', 'offline', 'disabled'],
	},
	{
		method: 'DELETE',
		path: '/api/discovery/{id}',
		part: 'Discovery',
		summary: 'End a discovery for whoever started it under that name',
		answer: { form: 'none', about: 'It ends.', schema: null, status: 204 },
		failures: ['not_found'],
	},
	{
		method: 'GET',
		path: '/api/health',
		part: 'Server',
		summary: 'Say whether Modeldex is ready, and how fresh what it knows is',
		answer: {
			form: 'json',
			about: 'Ready. With a key set, strangers are told the status alone.',
			schema: z.looseObject({ status: z.string() }),
		},
		failures: ['starting'],
	},
	{
		method: 'GET',
		path: '/api/telemetry',
		part: 'Server',
		summary: 'Tell what this machine has counted of its own work',
		answer: { form: 'json', about: 'The counts.', schema: z.looseObject({ since: z.string().nullable() }) },
	},
	{
		method: 'GET',
		path: '/api/settings',
		part: 'Server',
		summary: 'Tell what a person chose for this server, as a document to keep',
		answer: { form: 'json', about: 'The document.', schema: described },
	},
	{
		method: 'PUT',
		path: '/api/settings',
		part: 'Server',
		summary: 'Take over such a document, or a part of one',
		body: described,
		answer: {
			form: 'json',
			about: 'What holds now, and what was left out.',
			schema: described.extend({ left_out: z.array(z.string()) }),
		},
	},
	{
		method: 'GET',
		path: '/api/openapi.json',
		part: 'Server',
		summary: 'Describe this API in the form of OpenAPI 3.1',
		answer: { form: 'json', about: 'This document.', schema: z.looseObject({ openapi: z.string() }) },
	},
	{
		method: 'GET',
		path: '/metrics',
		part: 'Server',
		summary: 'Tell figures for monitors in the text form of Prometheus',
		answer: { form: 'text', about: 'The figures.', schema: null },
	},
];
