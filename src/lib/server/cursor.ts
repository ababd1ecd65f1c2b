// Where the next page begins: the last row's place in the order, so that rows coming and going move nothing.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import type { ModelQuery } from '#lib/core/query.ts';
import { toSearchParams } from '#lib/core/query-url.ts';
import type { Place } from '#lib/server/orders.ts';

/** A position in the answer to one query. */
export interface Cursor {
	/** Place of the last row that was shown; null when only the leading row was. */
	place: Place | null;
	/** Id of the row that led the first page because it is what was searched for; null when none did. */
	leader: string | null;
}

const figure = z.number().nullable();
const cursorSchema = z.tuple([
	z.string(),
	z.tuple([z.union([z.string(), figure]), figure, z.string()]).nullable(),
	z.string().nullable(),
]);

/** Longest cursor that can be one of ours: an id has at most 193 characters, a name 96. */
const lengthLimit = 2000;

/** A short name for everything in a query that decides which rows come in which order. */
function queryMark(query: ModelQuery): string {
	const url = toSearchParams({ ...query, source: query.source ?? 'all', cursor: null, limit: 1 }).toString();
	return createHash('sha256').update(url).digest('base64url').slice(0, 10);
}

function orNull(value: number): number | null {
	return Number.isNaN(value) ? null : value;
}

/** The cursor as text for a URL; opaque to everybody else. */
export function encodeCursor({ place, leader }: Cursor, query: ModelQuery): string {
	const value = place === null || typeof place.value === 'string' ? place?.value : orNull(place.value);
	const where = place === null ? null : [value, orNull(place.downloads), place.id];
	return Buffer.from(JSON.stringify([queryMark(query), where, leader])).toString('base64url');
}

function parse(text: string): unknown {
	try {
		return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
	} catch {
		return undefined; // not one of ours: the schema refuses it
	}
}

/** The cursor of this query's text; throws `invalid_query` when it is broken or belongs to another query. */
export function decodeCursor(text: string, query: ModelQuery): Cursor {
	const parsed = cursorSchema.safeParse(text.length > lengthLimit ? undefined : parse(text));
	if (!parsed.success) throw new Failure('invalid_query', 'The cursor is not one that a list answer gave.');
	const [mark, where, leader] = parsed.data;
	if (mark !== queryMark(query)) {
		throw new Failure('invalid_query', 'The cursor belongs to a list with other filters or another order.');
	}
	if (where === null) return { place: null, leader };
	const [value, downloads, id] = where;
	if ((typeof value === 'string') !== (query.sort === 'name')) {
		throw new Failure('invalid_query', 'The cursor is not one that a list answer gave.');
	}
	return { place: { value: value ?? Number.NaN, downloads: downloads ?? Number.NaN, id }, leader };
}
