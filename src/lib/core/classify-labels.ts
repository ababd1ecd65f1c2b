// Sets of categories: read from a person's list, sorted, checked, turned into sentences for models, and named by a key.
import type { Category } from '#lib/core/classify.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';

/** Most categories of one set: beyond it no model here tells them apart, and pairs become too many. */
export const mostCategories = 200;

/** What files of a project are for; the set that `classify` uses when none is given. */
export const fileCategories: readonly Category[] = [
	{ name: 'code', description: 'program source code: functions, classes, scripts that do the work of an application' },
	{ name: 'documentation', description: 'documentation for people: readme, guide, manual, changelog, license text' },
	{ name: 'configuration', description: 'configuration: settings and options of a program or tool' },
	{ name: 'data', description: 'data: records, tables, samples, logs or measurements' },
	{ name: 'test', description: 'test code: test cases, assertions, mocks and fixtures that check other code' },
	{ name: 'build', description: 'build and deployment instructions: compiling, packaging, containers, pipelines' },
	{ name: 'other', description: 'something else: notes, letters, stories, lists that belong to no software' },
];

function wrong(sentence: string): Failure {
	return new Failure('invalid_categories', sentence);
}

/**
 * Checks a set and gives it in the order of the names, so that the order asked in changes nothing. Throws
 * `invalid_categories` for fewer than two, too many, empty or repeated names.
 */
export function labelSet(categories: readonly Category[]): Category[] {
	if (categories.length < 2) throw wrong('There must be at least two categories to choose from.');
	if (categories.length > mostCategories) throw wrong(`There are more than ${mostCategories} categories.`);
	const seen = new Set<string>();
	for (const { name, threshold } of categories) {
		if (name.trim() === '') throw wrong('A category has no name.');
		if (seen.has(name)) throw wrong(`The category "${quoted(name)}" is there twice.`);
		if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
			throw wrong(`The threshold of "${quoted(name)}" is not a number from 0 to 1.`);
		}
		seen.add(name);
	}
	return categories.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names separated by commas as categories, each `name` or `name: description`. */
export function categoriesOfWords(text: string): Category[] {
	const words = text.split(',').map((word) => word.trim());
	return words
		.filter((word) => word !== '')
		.map((word) => {
			const [name = '', ...rest] = word.split(':');
			const description = rest.join(':').trim();
			return description === '' ? { name: name.trim() } : { name: name.trim(), description };
		});
}

/** What a model reads for a category: its description where it has one, else its name. */
export function phraseOf({ name, description }: Category): string {
	const said = description?.trim() ?? '';
	return said === '' ? name : said;
}

/** `name: description`, the text that embedding models and rerankers compare with. */
export function labelText(category: Category): string {
	const phrase = phraseOf(category);
	return phrase === category.name ? category.name : `${category.name}: ${phrase}`;
}

/** The hypothesis template unless another is asked for. */
export const defaultTemplate = 'This text is about {}.';

/** Throws `invalid_template` unless the template has exactly one `{}`. */
export function checkTemplate(template: string): string {
	if (template.split('{}').length !== 2) {
		throw new Failure('invalid_template', 'The template must hold {} exactly once, where the category goes.');
	}
	return template;
}

/** The template with a category's phrase in it. */
export function hypothesisOf(template: string, category: Category): string {
	return template.split('{}').join(phraseOf(category));
}

/** Everything about a set that changes scores, as one text: the same for the same set in any order. */
export function labelKey(categories: readonly Category[]): string {
	const rows = categories.map(({ name, description, examples }) => [name, description ?? null, examples ?? []]);
	return JSON.stringify(rows.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
