// What is kept of a GGUF file's header: its facts without vocabularies and tensors one by one, and how to ask for them.
import { z } from 'zod';
import { tensorTotalsSchema } from '#lib/core/tensor-totals.ts';

const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const listSchema = z.object({ count: z.number(), items: z.array(scalarSchema).nullable() });

/** A single value; null for a number that is none (NaN, infinity) and for a text too long to keep. */
export type GgufScalar = z.infer<typeof scalarSchema>;
/** A list. `items` is null where the list was passed over (vocabularies and the like): then only its length is known. */
export type GgufList = z.infer<typeof listSchema>;
export type GgufValue = GgufScalar | GgufList;

const templateSchema = z.object({
	name: z.string(),
	bytes: z.number(),
	digest: z.string().nullable(),
	text: z.string().nullable(),
});

/**
 * A chat template: `default`, or the name after `tokenizer.chat_template.`. `digest` is null when the reader was given
 * no digest to make, `text` unless it was asked for.
 */
export type GgufTemplate = z.infer<typeof templateSchema>;

/**
 * The header of one GGUF file. `tensors` and `dataOffset` (where the weights start) are null when only metadata was
 * asked for. Metadata has no prototype to be tricked with when it comes from the reader.
 */
export const ggufHeaderSchema = z.object({
	format: z.literal('gguf'),
	version: z.number(),
	byteOrder: z.enum(['little', 'big']),
	metadata: z.record(z.string(), z.union([scalarSchema, listSchema])),
	templates: z.array(templateSchema),
	tensorCount: z.number(),
	alignment: z.number(),
	tensors: tensorTotalsSchema.nullable(),
	dataOffset: z.number().nullable(),
});
export type GgufHeader = z.infer<typeof ggufHeaderSchema>;

/** Is this value a list? */
export function isGgufList(value: GgufValue | undefined): value is GgufList {
	return typeof value === 'object' && value !== null;
}

/** A whole number of the metadata that is not negative; null when the key is absent or holds something else. */
export function ggufCount({ metadata }: Pick<GgufHeader, 'metadata'>, key: string): number | null {
	const value = metadata[key];
	return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A text of the metadata, at most 200 characters; null when the key is absent or holds something else. */
export function ggufText({ metadata }: Pick<GgufHeader, 'metadata'>, key: string): string | null {
	const value = metadata[key];
	return typeof value === 'string' && value !== '' ? value.slice(0, 200) : null;
}

/** Which part of a split file this is (from 1) and of how many; null for a whole file, or numbers that make no sense. */
export function ggufSplit(header: Pick<GgufHeader, 'metadata'>): { part: number; parts: number } | null {
	const parts = ggufCount(header, 'split.count');
	const number = ggufCount(header, 'split.no');
	if (parts === null || number === null || parts < 2 || number >= parts) return null;
	return { part: number + 1, parts };
}
