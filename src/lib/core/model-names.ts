// What a model is called: its model type and class names, as its config.json writes them or the Hub's list tells them.
import { listingFile, type JsonValue, type ListingFacts } from '#lib/core/listing.ts';
import type { Reading, Scope } from '#lib/core/reading.ts';

const maxArchitectures = 16;
const maxNameLength = 120;

/** A text that can be a name: not empty and not endless; null for all else. */
export function shortText(value: JsonValue | undefined): string | null {
	return typeof value === 'string' && value !== '' && value.length <= maxNameLength ? value : null;
}

function classNames(value: JsonValue | undefined, reading: Reading): string[] {
	const listed = typeof value === 'string' ? [value] : value;
	if (listed === undefined || listed === null) return [];
	if (!Array.isArray(listed)) {
		reading.warn('architectures is no list of class names.');
		return [];
	}
	if (listed.length > maxArchitectures)
		reading.warn(`architectures has ${listed.length} entries; the first ones count.`);
	const names = listed.slice(0, maxArchitectures).map(shortText);
	return names.filter((name) => name !== null);
}

/** What a model is called in its files. */
export interface Names {
	modelType: string | null;
	architectures: string[];
	/** Which of the two sources the names are from. */
	named: 'config' | 'listing';
	/** Where the model type stands in that source; the usual place when there is none. */
	typePath: string;
}

/** Model type and classes as list fields tell them: the Hub's excerpt of the configuration, else the GGUF header. */
function listedNames(listing: ListingFacts | null, reading: Reading): Names {
	const excerpt = listing?.config;
	const ofExcerpt = shortText(excerpt?.['model_type']);
	const ofGguf = shortText(listing?.gguf?.architecture);
	const architectures = classNames(excerpt?.['architectures'], reading);
	const modelType = ofExcerpt ?? ofGguf;
	const typePath = ofExcerpt === null && ofGguf !== null ? 'gguf.architecture' : 'config.model_type';
	if (modelType !== null) reading.note('model_type', typePath, 'as listed', listingFile);
	if (architectures.length > 0) reading.note('architectures', 'config.architectures', 'as listed', listingFile);
	return { modelType, architectures, named: 'listing', typePath };
}

/** What a configuration writes under the keys of its names, before any default is laid under it. */
export interface Written {
	type: JsonValue | undefined;
	part: JsonValue | undefined;
	classes: JsonValue | undefined;
}

/** The names as the file writes them. */
export function writtenNames({ config }: Scope): Written {
	return { type: config['model_type'], part: config['_class_name'], classes: config['architectures'] };
}

/**
 * Model type and classes by what the file writes, else by list fields, with evidence. A listing that names another type is
 * noted as a conflict; what cannot be a name is left out with a warning.
 */
export function readNames(written: Written | null, listing: ListingFacts | null, reading: Reading): Names {
	if (written === null) return listedNames(listing, reading);
	const { type, classes } = written;
	const modelType = shortText(type);
	if (modelType === null && type !== undefined && type !== null) reading.warn('model_type is no name.');
	const part = shortText(written.part);
	const own = classes === undefined && part !== null;
	const architectures = own ? [part] : classNames(classes, reading);
	if (modelType === null && architectures.length === 0) return listedNames(listing, reading);
	const listed = shortText(listing?.config?.['model_type']);
	if (modelType !== null) {
		reading.note('model_type', 'model_type', 'as written');
		if (listed !== null && listed !== modelType) {
			const claims = [
				{ value: modelType, path: 'model_type' },
				{ value: listed, file: listingFile, path: 'config.model_type' },
			];
			reading.conflict('model_type', modelType, claims);
		}
	}
	if (architectures.length > 0) reading.note('architectures', own ? '_class_name' : 'architectures', 'as written');
	return { modelType, architectures, named: 'config', typePath: 'model_type' };
}
