// What a request to classify may say: texts, categories, a model, and how sure a choice must be.
import { z } from 'zod';
import { modes } from '#lib/core/classify.ts';
import { mostCategories } from '#lib/core/classify-labels.ts';

const name = z.string().min(1).max(200);

/** A category as a request gives it: its name alone, or with what belongs in it. */
export const categorySchema = z.union([
	name.transform((said) => ({ name: said })),
	z.strictObject({
		name,
		description: z.string().max(2000).optional(),
		examples: z.array(z.string().max(20_000)).max(50).optional(),
		threshold: z.number().min(0).max(1).optional(),
	}),
]);

export const categoriesSchema = z.array(categorySchema).min(1).max(mostCategories);

/** Longest text of a request, in characters. Models read far less of it. */
const mostCharacters = 1_000_000;
const text = z.string().max(mostCharacters);

const itemSchema = z.union([
	text.transform((said) => ({ text: said })),
	z.strictObject({ id: z.string().max(300).optional(), text, path: z.string().max(1000).optional() }),
]);

/** How texts are classified, apart from the texts. */
export const classifyOptionsSchema = {
	model: z.string().min(1).max(300),
	categories: categoriesSchema,
	dtype: z.string().max(20).optional(),
	template: z.string().max(500).optional(),
	mode: z.enum(modes).optional(),
	threshold: z.number().min(0).max(1).optional(),
	/** May several categories apply at once? */
	multi: z.boolean().optional(),
	/** Put the path into the text's first line. */
	with_path: z.boolean().optional(),
	/** Let rules about files answer first where they are sure. */
	rules_first: z.boolean().optional(),
	/** How the pieces of long texts are put together. */
	gather: z.enum(['mean', 'max']).optional(),
};

/** Body of `POST /api/classify`: `text` or `texts`. */
export const classifyOrderSchema = z
	.strictObject({
		...classifyOptionsSchema,
		text: text.optional(),
		texts: z.array(itemSchema).min(1).max(1000).optional(),
	})
	.refine(({ text: one, texts }) => (one === undefined) !== (texts === undefined), 'give either text or texts');
export type ClassifyOrder = z.infer<typeof classifyOrderSchema>;
