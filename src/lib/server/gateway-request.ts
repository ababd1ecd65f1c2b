// What a request to the gateway says: its body within limits and schema, and the options in its headers.
import type { Socket } from 'node:net';
import type { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { parseJson } from '#lib/core/json.ts';
import {
	chatBodySchema,
	completionBodySchema,
	embeddingBodySchema,
	isPlainChat,
	refusedField,
} from '#lib/core/openai.ts';
import type { Operation } from '#lib/core/registry/call.ts';
import type { RegistryKey } from '#lib/core/registry/key.ts';
import { nanoDollars } from '#lib/core/registry/record.ts';
import type { Limit } from '#lib/core/registry/strategy.ts';
import { checkBody } from '#lib/server/http.ts';
import type { RouteRequest } from '#lib/server/registry/route.ts';

const limits = { depth: 128, keys: 500_000 };

/** A request as it came in, by whichever door. Header names are asked for in lower case. */
export interface Incoming {
	header: (name: string) => string | null;
	/** The body. Throws `payload_too_large`, and `invalid_json` for none or one that is no UTF-8 text. */
	text: () => Promise<string>;
	/** Aborted when the caller leaves; null where only the socket tells. */
	signal: AbortSignal | null;
	/** The connection, whose end means that the caller has left; null where it is not known. */
	socket: Socket | null;
}

const schemas: Readonly<Record<Operation, z.ZodType<Record<string, unknown> & { model: string }>>> = {
	chat: chatBodySchema,
	completions: completionBodySchema,
	embeddings: embeddingBodySchema,
};

function numberHeader(header: Incoming['header'], name: string, most: number): number | undefined {
	const text = header(name);
	if (text === null) return undefined;
	const value = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
	if (value > 0 && value <= most) return value;
	throw new Failure('bad_request', `${name} has to be a number above 0 and up to ${most.toLocaleString('en')}.`);
}

/** The options that headers carry. Throws `bad_request` for one that is no number or out of range. */
export function optionsOf(header: Incoming['header']): RouteRequest['options'] {
	const maxCost = numberHeader(header, 'x-modeldex-max-cost', 1_000_000);
	const timeoutMs = numberHeader(header, 'x-modeldex-timeout-ms', 3_600_000);
	const tags = (header('x-modeldex-tags') ?? '').split(',').map((tag) => tag.trim());
	const named = tags.filter((tag) => tag !== '');
	return {
		...(maxCost === undefined ? {} : { maxCost }),
		...(timeoutMs === undefined ? {} : { timeoutMs }),
		...(named.length === 0 ? {} : { tags: named }),
	};
}

/** The limits of a key as the ledger keeps them: neither is passed by requests that come at once. */
export function limitsOf(key: RegistryKey | null): Limit[] {
	if (key === null) return [];
	const scope = `key:${key.id}`;
	const found: Limit[] = [];
	if (key.rpm !== null) found.push({ scope, unit: 'requests', amount: key.rpm, window: 'minute', mode: 'hard' });
	if (key.budget !== null) {
		const { usd, window } = key.budget;
		found.push({ scope, unit: 'nano_usd', amount: nanoDollars(usd), window, mode: 'hard' });
	}
	return found;
}

/**
 * The body of a request. Throws `invalid_json` and as `checkBody` does, and `unknown_field` for what would choose another address, key or
 * header for the request that goes on.
 */
export async function readAsked(operation: Operation, incoming: Incoming): Promise<z.output<typeof schemas.chat>> {
	const parsed = parseJson(await incoming.text(), limits);
	const isPlain = operation === 'chat' && isPlainChat(parsed);
	const body = isPlain ? parsed : checkBody(parsed, schemas[operation]);
	const refused = refusedField(body);
	if (refused === null) return body;
	const why = 'where a request goes is the registry’s to say';
	throw new Failure('unknown_field', `There is no field "${refused}" here: ${why}.`);
}
