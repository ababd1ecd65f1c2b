// Licences as the Hub names them: one lower-case id per model, and a label people can read.
import type { JsonObject, JsonValue, ListingFacts } from '#lib/core/listing.ts';

/** Licence ids of the Hub with the names people know them by; an id outside the table is its own label. */
const labels = new Map<string, string>([
	['apache-2.0', 'Apache 2.0'],
	['mit', 'MIT'],
	['openrail', 'OpenRAIL'],
	['openrail++', 'OpenRAIL++'],
	['bigscience-openrail-m', 'BigScience OpenRAIL-M'],
	['creativeml-openrail-m', 'CreativeML OpenRAIL-M'],
	['bigscience-bloom-rail-1.0', 'BigScience BLOOM RAIL 1.0'],
	['bigcode-openrail-m', 'BigCode OpenRAIL-M'],
	['afl-3.0', 'Academic Free License 3.0'],
	['artistic-2.0', 'Artistic 2.0'],
	['bsl-1.0', 'Boost 1.0'],
	['bsd', 'BSD'],
	['bsd-2-clause', 'BSD 2-Clause'],
	['bsd-3-clause', 'BSD 3-Clause'],
	['bsd-3-clause-clear', 'BSD 3-Clause Clear'],
	['c-uda', 'Computational Use of Data Agreement'],
	['cc', 'Creative Commons'],
	['cc0-1.0', 'CC0 1.0'],
	['cc-by-2.0', 'CC BY 2.0'],
	['cc-by-2.5', 'CC BY 2.5'],
	['cc-by-3.0', 'CC BY 3.0'],
	['cc-by-4.0', 'CC BY 4.0'],
	['cc-by-sa-3.0', 'CC BY-SA 3.0'],
	['cc-by-sa-4.0', 'CC BY-SA 4.0'],
	['cc-by-nc-2.0', 'CC BY-NC 2.0'],
	['cc-by-nc-3.0', 'CC BY-NC 3.0'],
	['cc-by-nc-4.0', 'CC BY-NC 4.0'],
	['cc-by-nd-4.0', 'CC BY-ND 4.0'],
	['cc-by-nc-nd-3.0', 'CC BY-NC-ND 3.0'],
	['cc-by-nc-nd-4.0', 'CC BY-NC-ND 4.0'],
	['cc-by-nc-sa-2.0', 'CC BY-NC-SA 2.0'],
	['cc-by-nc-sa-3.0', 'CC BY-NC-SA 3.0'],
	['cc-by-nc-sa-4.0', 'CC BY-NC-SA 4.0'],
	['cdla-sharing-1.0', 'CDLA Sharing 1.0'],
	['cdla-permissive-1.0', 'CDLA Permissive 1.0'],
	['cdla-permissive-2.0', 'CDLA Permissive 2.0'],
	['wtfpl', 'WTFPL'],
	['ecl-2.0', 'Educational Community 2.0'],
	['epl-1.0', 'Eclipse 1.0'],
	['epl-2.0', 'Eclipse 2.0'],
	['etalab-2.0', 'Etalab 2.0'],
	['eupl-1.1', 'EUPL 1.1'],
	['eupl-1.2', 'EUPL 1.2'],
	['agpl-3.0', 'AGPL 3.0'],
	['gfdl', 'GNU FDL'],
	['gpl', 'GPL'],
	['gpl-2.0', 'GPL 2.0'],
	['gpl-3.0', 'GPL 3.0'],
	['lgpl', 'LGPL'],
	['lgpl-2.1', 'LGPL 2.1'],
	['lgpl-3.0', 'LGPL 3.0'],
	['isc', 'ISC'],
	['lppl-1.3c', 'LaTeX PPL 1.3c'],
	['ms-pl', 'Microsoft Public'],
	['apple-ascl', 'Apple Sample Code'],
	['apple-amlr', 'Apple ML Research'],
	['mpl-2.0', 'Mozilla 2.0'],
	['odc-by', 'ODC-By'],
	['odbl', 'ODbL'],
	['openmdw-1.0', 'OpenMDW 1.0'],
	['osl-3.0', 'Open Software 3.0'],
	['postgresql', 'PostgreSQL'],
	['ofl-1.1', 'SIL OFL 1.1'],
	['ncsa', 'NCSA'],
	['unlicense', 'Unlicense'],
	['zlib', 'zlib'],
	['pddl', 'Public Domain Dedication'],
	['lgpl-lr', 'LGPL-LR'],
	['deepfloyd-if-license', 'DeepFloyd IF'],
	['fair-noncommercial-research-license', 'FAIR Noncommercial Research'],
	['intel-research', 'Intel Research'],
	['llama2', 'Llama 2 Community'],
	['llama3', 'Llama 3 Community'],
	['llama3.1', 'Llama 3.1 Community'],
	['llama3.2', 'Llama 3.2 Community'],
	['llama3.3', 'Llama 3.3 Community'],
	['llama4', 'Llama 4 Community'],
	['gemma', 'Gemma'],
	['h-research', 'H Research'],
	['open-mdw', 'OpenMDW'],
	['grok2-community', 'Grok 2 Community'],
	['unknown', 'Unknown'],
	['other', 'Other'],
]);

const shape = /^[a-z0-9][a-z0-9.+_-]{0,63}$/;

function clean(value: JsonValue | undefined): string | null {
	const first = Array.isArray(value) ? value[0] : value;
	if (typeof first !== 'string') return null;
	const id = first.trim().toLowerCase().replace(/\s+/g, '-');
	return shape.test(id) ? id : null;
}

/** Licence of a listing row: its own field, else the `license:` tag. Lower case; null when none is stated. */
export function licenseOf(facts: Pick<ListingFacts, 'license' | 'tags'>): string | null {
	const tag = facts.tags?.find((entry) => entry.startsWith('license:'));
	return clean(facts.license) ?? clean(tag?.slice('license:'.length));
}

/** Licence of a model card's front matter; `other` gives way to the name the card has for it. Null when none is stated. */
export function licenseOfCard(card: JsonObject | null): string | null {
	if (card === null) return null;
	const id = clean(card['license']);
	return id === 'other' ? (clean(card['license_name']) ?? id) : id;
}

/** A licence id in words: `llama3.1` → `Llama 3.1 Community`. Ids outside the table stay as they are. */
export function licenseLabel(id: string): string {
	return labels.get(id) ?? id;
}
