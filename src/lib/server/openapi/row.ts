// What one row of the API's description says: an address, a method, what it takes and what it answers.
import type { z } from 'zod';
import type { FailureCode } from '#lib/core/failure.ts';

export const apiMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type ApiMethod = (typeof apiMethods)[number];

/** A query parameter. `example` is a value that the route takes; tests send it. */
export interface ApiParameter {
	name: string;
	about: string;
	example: string;
	/** The only values it takes; any text when left out. */
	choices?: readonly string[];
	isRequired?: boolean;
	/** May it be given several times? */
	isList?: boolean;
}

/** A body or an answer. `ndjson` is one JSON value per line as it comes, `sse` a feed of events. */
export interface ApiContent {
	form: 'json' | 'ndjson' | 'sse' | 'text' | 'none';
	about: string;
	/** Null: described in words alone. */
	schema: z.ZodType | null;
	/** Of an answer; 200 unless told. */
	status?: number;
}

/** One method at one address. Parts of the address in braces are texts; `{id}` of a model holds one slash. */
export interface ApiRow {
	method: ApiMethod;
	path: string;
	/** The part of the product it belongs to: a heading. */
	part: string;
	/** One sentence without its full stop. */
	summary: string;
	query?: readonly ApiParameter[];
	body?: z.ZodType;
	answer: ApiContent;
	/** What can go wrong besides what can go wrong everywhere. */
	failures?: readonly FailureCode[];
}

/** Failures of whatever may have to ask the Hub for a model. */
export const asking = [
	'invalid_model_id',
	'not_found',
	'gated',
	'rate_limited',
	'offline',
	'hub_unreachable',
	'hub_timeout',
] as const satisfies readonly FailureCode[];
