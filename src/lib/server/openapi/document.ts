// The description of the API in the form of OpenAPI 3.1, made from its rows and the schemas that routes check by.
import { z } from 'zod';
import { failureKinds, type FailureCode } from '#lib/core/failure.ts';
import type { Runtimes } from '#lib/core/runtime.ts';
import { apiRows } from '#lib/server/openapi/rows.ts';
import type { ApiContent, ApiParameter, ApiRow } from '#lib/server/openapi/row.ts';

/** A JSON value of the document. */
type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
type JsonObject = Record<string, Json>;

const media: Record<Exclude<ApiContent['form'], 'none'>, string> = {
	json: 'application/json',
	ndjson: 'application/x-ndjson',
	sse: 'text/event-stream',
	text: 'text/plain',
};

/** What can go wrong at any address: a strange Host or site, a missing key, a bad parameter or body. */
const everywhere: readonly FailureCode[] = [
	'invalid_query',
	'invalid_api_key',
	'host_not_allowed',
	'cross_origin',
	'internal',
];
const withBody: readonly FailureCode[] = [
	'invalid_json',
	'invalid_body',
	'unknown_field',
	'payload_too_large',
	'unsupported_media_type',
];

function isJson(value: unknown): value is Json {
	return value === null || ['string', 'number', 'boolean', 'object'].includes(typeof value);
}

function schemaOf(schema: z.ZodType | null, io: 'input' | 'output'): Json {
	if (schema === null) return {};
	const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
	return isJson(rest) ? rest : {};
}

/** The name of a row, the same as long as its address is: `getApiModelsId`. */
function operationId({ method, path }: ApiRow): string {
	const words = path.split(/[^A-Za-z0-9]+/).filter(Boolean);
	return method.toLowerCase() + words.map((word) => word.replace(/^./, (first) => first.toUpperCase())).join('');
}

function queryParameter(
	{ name, about, example, choices, isRequired = false, isList = false }: ApiParameter,
	runtimes: Runtimes,
): JsonObject {
	const values = typeof choices === 'function' ? choices(runtimes) : choices;
	const one: JsonObject = { type: 'string', ...(values === undefined ? {} : { enum: [...values] }) };
	return {
		name,
		in: 'query',
		description: about,
		required: isRequired,
		schema: isList ? { type: 'array', items: one } : one,
		example: isList ? [example] : example,
	};
}

function pathParameters(path: string): JsonObject[] {
	return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
		name,
		in: 'path',
		required: true,
		description: path.includes('/models/') ? 'a model such as Qwen/Qwen3-8B; the slash may be encoded' : 'its name',
		schema: { type: 'string' },
	}));
}

function answerOf({ form, about, schema }: ApiContent): JsonObject {
	if (form === 'none') return { description: about };
	return { description: about, content: { [media[form]]: { schema: schemaOf(schema, 'output') } } };
}

function responsesOf({ answer, body, failures = [] }: ApiRow): JsonObject {
	const codes = new Set([...everywhere, ...(body === undefined ? [] : withBody), ...failures]);
	const byStatus = new Map<number, FailureCode[]>();
	for (const code of codes) {
		const { status } = failureKinds[code];
		byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
	}
	const bad = [...byStatus].map(([status, names]): [string, Json] => [
		String(status),
		{
			description: names.join(', '),
			content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
		},
	]);
	return { [String(answer.status ?? 200)]: answerOf(answer), ...Object.fromEntries(bad) };
}

function operation(row: ApiRow, runtimes: Runtimes): JsonObject {
	const query = (row.query ?? []).map((parameter) => queryParameter(parameter, runtimes));
	const parameters = [...pathParameters(row.path), ...query];
	return {
		operationId: operationId(row),
		tags: [row.part],
		summary: row.summary,
		...(parameters.length === 0 ? {} : { parameters }),
		...(row.body === undefined
			? {}
			: { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(row.body, 'input') } } } }),
		responses: responsesOf(row),
	};
}

const errorSchema: JsonObject = {
	type: 'object',
	required: ['error'],
	properties: {
		error: {
			type: 'object',
			required: ['code', 'message'],
			properties: {
				code: { type: 'string', enum: Object.keys(failureKinds) },
				message: { type: 'string', description: 'One sentence for a person.' },
			},
		},
	},
};

/** The whole document for this version and the runtimes of one app. */
export function openApiDocument(version: string, runtimes: Runtimes, rows: readonly ApiRow[] = apiRows): JsonObject {
	const paths: Record<string, JsonObject> = {};
	for (const row of rows)
		paths[row.path] = { ...paths[row.path], [row.method.toLowerCase()]: operation(row, runtimes) };
	return {
		openapi: '3.1.0',
		info: {
			title: 'Modeldex',
			version,
			description: 'Open AI models: what they are, whether they run and fit, and where every fact comes from.',
			license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
		},
		servers: [{ url: '/' }],
		security: [{}, { key: [] }],
		tags: [...new Set(rows.map(({ part }) => part))].map((name) => ({ name })),
		paths,
		components: {
			schemas: { Error: errorSchema },
			securitySchemes: {
				key: { type: 'http', scheme: 'bearer', description: 'MODELDEX_KEY, where the server has one.' },
			},
		},
	};
}
