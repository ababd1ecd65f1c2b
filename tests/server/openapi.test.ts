// The description of the API is held to the routes: every method of every address is in it, and nothing else.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import { parseCompatibilityQuery, parseCompatibleQuery } from '#lib/core/compatible-query.ts';
import { parseFitQuestion } from '#lib/core/fit-question.ts';
import { parsePlanQuery } from '#lib/core/download-order.ts';
import { parseChecked, parseQuery } from '#lib/core/query-url.ts';
import { openApiDocument } from '#lib/server/openapi/document.ts';
import { apiMethods } from '#lib/server/openapi/row.ts';
import { parseRequestList } from '#lib/server/registry/questions.ts';
import { apiRows } from '#lib/server/openapi/rows.ts';
import { projectFolder } from '../support/built-server.ts';

/** Routes for programs: `/api`, `/v1` and `/metrics`. */
const programs = /^src\/routes\/((api|v1)\/|metrics\/)/;

/** `METHOD /address` of every handler that the routes export, with the file it is in. */
function handlers(): Map<string, string> {
	const found = new Map<string, string>();
	for (const name of readdirSync(join(projectFolder, 'src/routes'), { recursive: true, encoding: 'utf8' })) {
		const file = `src/routes/${name.replaceAll('\\', '/')}`;
		if (!file.endsWith('/+server.ts') || !programs.test(file)) continue;
		const path = file
			.slice('src/routes'.length, -'/+server.ts'.length)
			.replaceAll(/\[(?:\.\.\.)?(\w+)(?:=\w+)?\]/g, '{$1}');
		const text = readFileSync(join(projectFolder, file), 'utf8');
		for (const method of apiMethods) {
			if (new RegExp(`^export (const|async function|function) ${method}\\b`, 'm').test(text)) {
				found.set(`${method} ${path}`, file);
			}
		}
	}
	return found;
}

const row = (path: string, method = 'GET') => {
	const found = apiRows.find((one) => one.path === path && one.method === method);
	if (found === undefined) throw new Error(`There is no row ${method} ${path}.`);
	return found;
};

describe('the description of the API', () => {
	const routes = handlers();
	const told = apiRows.map(({ method, path }) => `${method} ${path}`);

	it('has a row for every method of every route', () => {
		const missing = [...routes].filter(([name]) => !told.includes(name));
		const advice = missing.map(
			([name, file]) =>
				`${file} answers ${name}: add a row for it to a file in src/lib/server/openapi/ (rows.ts lists them)`,
		);
		expect(advice).toEqual([]);
		expect(routes.size).toBeGreaterThan(20);
	});

	it('has a row for nothing else, and each once', () => {
		const advice = told
			.filter((name) => !routes.has(name))
			.map((name) => `no route answers ${name}: take its row away`);
		expect(advice).toEqual([]);
		expect(new Set(told).size).toBe(told.length);
	});
});

const operationSchema = z.looseObject({
	operationId: z.string(),
	summary: z.string(),
	tags: z.array(z.string()),
	parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
	requestBody: z
		.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.record(z.string(), z.unknown()) })) })
		.optional(),
	responses: z.record(z.string(), z.unknown()),
});
const documentSchema = z.looseObject({
	openapi: z.literal('3.1.0'),
	info: z.looseObject({ title: z.string(), version: z.string() }),
	tags: z.array(z.object({ name: z.string() })),
	paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

describe('the document', () => {
	const text = JSON.stringify(openApiDocument('1.2.3', withoutOwn));
	const document = documentSchema.parse(JSON.parse(text));
	const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, one]) => ({ name: `${method.toUpperCase()} ${path}`, one })),
	);
	const bodyOf = (name: string) =>
		operations.find((found) => found.name === name)?.one.requestBody?.content['application/json']?.schema ?? {};

	it('is of OpenAPI 3.1, with a name of its own for every operation and an answer for each', () => {
		expect(document.info).toMatchObject({ title: 'Modeldex', version: '1.2.3' });
		expect(new Set(operations.map(({ one }) => one.operationId)).size).toBe(operations.length);
		for (const { name, one } of operations) {
			expect([name, Object.keys(one.responses).some((status) => /^2\d\d$/.test(status))]).toEqual([name, true]);
			expect([name, one.summary]).toEqual([name, expect.stringMatching(/^[A-Z].*[^.]$/)]);
			expect(document.tags).toContainEqual({ name: one.tags[0] });
		}
	});

	it('declares every part of an address in braces, and points to nothing that is not there', () => {
		for (const { name, one } of operations) {
			const inPath = one.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
			expect(inPath).toEqual([...name.matchAll(/\{(\w+)\}/g)].map(([, part]) => part));
		}
		const pointers = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer]) => pointer));
		expect([...pointers]).toEqual(['#/components/schemas/Error']);
		expect(JSON.parse(text).components.schemas.Error.type).toBe('object');
	});

	it('says what bodies hold by the schemas that routes check by', () => {
		expect(bodyOf('POST /api/models/configs')).toMatchObject({
			required: ['ids'],
			additionalProperties: false,
			properties: { ids: { maxItems: 200 } },
		});
		for (const { method, path, body } of apiRows) {
			const isTold = Object.keys(bodyOf(`${method} ${path}`)).length > 0;
			expect([method, path, isTold]).toEqual([method, path, body !== undefined]);
		}
	});
});

describe('its query parameters', () => {
	const params = (path: string) => {
		const query = row(path).query ?? [];
		return new URLSearchParams(query.map(({ name, example }) => [name, example]));
	};

	it.each([
		[
			'/api/models',
			(query: URLSearchParams) => [
				parseQuery(query, { strict: true, runtimes: withoutOwn }),
				parseChecked(query, withoutOwn),
			],
		],
		['/api/models/compatible', (query: URLSearchParams) => parseCompatibleQuery(query, withoutOwn)],
		['/api/models/compatibility/{id}', (query: URLSearchParams) => parseCompatibilityQuery(query, withoutOwn)],
		['/api/models/fit/{id}', (query: URLSearchParams) => parseFitQuestion(query, withoutOwn)],
		['/api/downloads/plan', parsePlanQuery],
		['/api/registry/requests', parseRequestList],
	])('of %s are taken as the examples have them', (path, parse) => {
		expect(() => parse(params(path))).not.toThrow();
		expect(params(path).size).toBeGreaterThan(1);
		expect(() => parse(new URLSearchParams({ no_such_name: '1' }))).toThrow(/no_such_name/);
	});

	it('have examples among their choices', () => {
		const odd = apiRows.flatMap(({ query = [] }) =>
			query.filter(({ choices, example }) => {
				const values = typeof choices === 'function' ? choices(withoutOwn) : choices;
				return values !== undefined && !values.includes(example);
			}),
		);
		expect(odd).toEqual([]);
	});
});
