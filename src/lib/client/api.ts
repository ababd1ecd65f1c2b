// The one reader of our own API in the browser: JSON answers, JSON errors, and NDJSON streams.
import { linesOf } from '#lib/client/lines.ts';
import type { HeaderSummary } from '#lib/core/file-header.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { encodeId } from '#lib/core/repository.ts';
import { unchecked, type Checked, type ListPage, type ModelQuery } from '#lib/core/query.ts';
import { checkedParams, toSearchParams } from '#lib/core/query-url.ts';

/** An answer that is none: `code` is the server's own, or `unreachable`, `timeout`, `incomplete`, `bad_answer` of this side. */
export class ApiError extends Error {
	readonly code: string;

	constructor(code: string, message: string, cause?: unknown) {
		super(message, cause === undefined ? undefined : { cause });
		this.name = 'ApiError';
		this.code = code;
	}
}

/** One line of `POST /api/models/configs`: what a model is, or why that could not be read. */
export type ConfigLine =
	{ id: string; characteristics: ModelCharacteristics } | { id: string; error: { code: string; message: string } };

/** What the browser's `fetch` does; tests hand in one that answers from memory. */
export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** The browser's own `fetch`, for whoever makes a store in a page. */
export const browserFetch: Fetch = (input, init) => fetch(input, init);

/** With what to ask, and until when. */
export interface Asked {
	fetch: Fetch;
	signal?: AbortSignal;
}

/** Is this a JSON object, or an array? */
export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

/** Is this the inside of an error answer? */
export function isReason(value: unknown): value is { code: string; message: string } {
	return isObject(value) && typeof value.code === 'string' && typeof value.message === 'string';
}

function isConfigLine(value: unknown): value is ConfigLine {
	if (!isObject(value) || typeof value.id !== 'string') return false;
	return isReason(value.error) || (isObject(value.characteristics) && isObject(value.characteristics.evidence));
}

function isHeaderSummary(value: unknown): value is HeaderSummary {
	return isObject(value) && typeof value.basis === 'string' && Array.isArray(value.types);
}

function isListPage(value: unknown): value is ListPage {
	return isObject(value) && Array.isArray(value.models) && typeof value.total === 'number' && isObject(value.facets);
}

async function failureOf(response: Response): Promise<ApiError> {
	try {
		const body: unknown = await response.json();
		if (isObject(body) && isReason(body.error)) return new ApiError(body.error.code, body.error.message);
	} catch {
		// Not JSON: whatever stands between this page and the server answered; the status has to do.
	}
	return new ApiError('bad_answer', `Modeldex answered with status ${response.status} and no reason.`);
}

/** The answer to a request. Throws ApiError when there is none or it is an error; an abort passes through as it is. */
export async function ask({ fetch }: Asked, path: string, init: RequestInit): Promise<Response> {
	let response: Response;
	try {
		response = await fetch(path, init);
	} catch (error) {
		if (init.signal?.aborted) throw error;
		throw new ApiError('unreachable', 'Modeldex does not answer. Is it still running?', error);
	}
	if (!response.ok) throw await failureOf(response);
	return response;
}

/** One page of models for a query; `checked` tells what its rows are measured against. Throws ApiError; an abort passes through as it is. */
export async function listModels(
	query: ModelQuery,
	{ checked = unchecked, ...asked }: Asked & { checked?: Checked },
): Promise<ListPage> {
	const params = new URLSearchParams([...toSearchParams(query), ...checkedParams(checked)]);
	const response = await ask(asked, `/api/models?${params}`, { signal: asked.signal ?? null });
	const body: unknown = await response.json();
	if (isListPage(body)) return body;
	throw new ApiError('bad_answer', 'Modeldex sent a list that this page cannot read. Reload the page.');
}

/** What the header of a weight file says; the server asks the Hub for it when need be. Throws ApiError. */
export async function readFileHeader(
	{ id, path, revision }: { id: string; path: string; revision: string | null },
	asked: Asked,
): Promise<HeaderSummary> {
	const query = new URLSearchParams({ path, ...(revision === null ? {} : { revision }) });
	const address = `/api/models/headers/${encodeId(id)}?${query}`;
	const response = await ask(asked, address, { signal: asked.signal ?? null });
	const body: unknown = await response.json();
	if (isHeaderSummary(body)) return body;
	throw new ApiError('bad_answer', 'Modeldex sent a header that this page cannot read. Reload the page.');
}

function parseLine(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch (error) {
		throw new ApiError('bad_answer', 'Modeldex sent a line that is not JSON.', error);
	}
}

/** The values of an NDJSON body as they arrive. A reader that stops early cancels the request. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
	for await (const line of linesOf(body)) if (line.trim() !== '') yield parseLine(line);
}

/** Characteristics of several models, each as soon as the server has it. Throws ApiError when the answer itself fails. */
export async function* readConfigs(ids: readonly string[], asked: Asked): AsyncGenerator<ConfigLine> {
	const response = await ask(asked, '/api/models/configs', {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ ids }),
		signal: asked.signal ?? null,
	});
	if (response.body === null) return;
	for await (const line of readLines(response.body)) {
		if (isConfigLine(line)) yield line;
	}
}
