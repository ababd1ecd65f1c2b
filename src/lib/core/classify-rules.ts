// The rule baseline: what a file is for by its path and first line, without a model and without a download.
import { fileRules, scriptLine, type FileRule } from '#lib/core/tables/file-rules.ts';

/** What a rule says of a file, and how far it can be trusted. */
export interface RuleHit {
	category: string;
	precision: FileRule['precision'];
}

/** The rule that a file meets; null when none does. Categories that are not in `known` are never said. */
export function ruleFor(path: string, text: string, known: ReadonlySet<string>): RuleHit | null {
	const name = path.replaceAll('\\', '/').toLowerCase();
	const hit = fileRules.find((rule) => known.has(rule.category) && rule.path.test(name));
	if (hit !== undefined) return { category: hit.category, precision: hit.precision };
	return known.has('code') && scriptLine.test(text) ? { category: 'code', precision: 'high' } : null;
}
