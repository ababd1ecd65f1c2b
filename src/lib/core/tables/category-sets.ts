// Sets of categories that people often sort texts into, offered as a beginning.
import type { Category } from '#lib/core/classify.ts';
import { fileCategories } from '#lib/core/classify-labels.ts';

/** A named set. */
export interface CategorySet {
	name: string;
	categories: readonly Category[];
}

/** The sets, the one for files of projects first: rules alone can sort into it. */
export const categorySets: readonly CategorySet[] = [
	{ name: 'Files of a project', categories: fileCategories },
	{
		name: 'Mood',
		categories: [
			{ name: 'positive', description: 'praise, joy or satisfaction' },
			{ name: 'neutral', description: 'plain facts without praise or blame' },
			{ name: 'negative', description: 'blame, anger, worry or disappointment' },
		],
	},
	{
		name: 'Support requests',
		categories: [
			{ name: 'fault', description: 'a report that something does not work' },
			{ name: 'question', description: 'a question about how something is done' },
			{ name: 'wish', description: 'a wish for something the product does not do yet' },
			{ name: 'billing', description: 'invoices, payments, prices or refunds' },
			{ name: 'account', description: 'signing in, passwords, or closing an account' },
		],
	},
	{
		name: 'News',
		categories: [
			{ name: 'politics', description: 'governments, elections, laws and parties' },
			{ name: 'business', description: 'companies, markets, jobs and money' },
			{ name: 'science', description: 'research, technology, health and nature' },
			{ name: 'sport', description: 'matches, athletes and results' },
			{ name: 'culture', description: 'film, music, books and art' },
		],
	},
	{
		name: 'Commits',
		categories: [
			{ name: 'feature', description: 'a change that adds something users can do' },
			{ name: 'fix', description: 'a change that repairs wrong behaviour' },
			{ name: 'docs', description: 'a change of documentation alone' },
			{ name: 'upkeep', description: 'dependencies, build, tests and tidying' },
		],
	},
];
