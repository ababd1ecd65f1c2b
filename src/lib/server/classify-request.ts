// A request to classify as an order to the classifier: what is wrong with the whole of it is told before the first line.
import type { ClassifyOrder } from '#lib/core/classify-order.ts';
import type { Classification } from '#lib/core/classify.ts';
import { checkTemplate, defaultTemplate, labelSet } from '#lib/core/classify-labels.ts';
import { isRules, type Classifier } from '#lib/server/classifier.ts';
import type { Engines } from '#lib/server/engine/engines.ts';

/**
 * The stream of results for a request. Throws at once, so that the answer's status can say so: `invalid_categories`,
 * `invalid_template`, `model_not_installed` and everything else that finding the model finds out.
 */
export async function classifyOrder(
	{ classifier, engines }: { classifier: Pick<Classifier, 'classify'>; engines: Pick<Engines, 'check'> },
	{ text, texts, ...options }: ClassifyOrder,
): Promise<(signal: AbortSignal) => AsyncGenerator<Classification>> {
	labelSet(options.categories);
	checkTemplate(options.template ?? defaultTemplate);
	if (!isRules(options.model)) await engines.check(options.model, { dtype: options.dtype ?? null });
	const given: readonly { id?: string | undefined; text: string; path?: string | undefined }[] = texts ?? [
		{ text: text ?? '' },
	];
	const items = given.map((item, at) => ({ ...item, id: item.id ?? item.path ?? String(at) }));
	return (signal) => classifier.classify(items, { ...options, signal });
}
