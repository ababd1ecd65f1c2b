// What a model is, with the place each answer is from: its family, the senses it has, and its class.
import { familyOf, unknownFamily } from '#lib/core/architecture.ts';
import { classify } from '#lib/core/classification.ts';
import { unknownSenses } from '#lib/core/evidence.ts';
import { listingFile, type ListingFacts } from '#lib/core/listing.ts';
import { readModality } from '#lib/core/modality.ts';
import type { Names } from '#lib/core/model-names.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import type { Reading, Scope } from '#lib/core/reading.ts';

const nameFile = 'repository name';

/** The configuration as it is read: filled with class defaults, with the text model found in it. */
export interface View {
	root: Scope;
	/** Text model first, then the root when that is another object. */
	scopes: Scope[];
	textType: string | null;
	whole: boolean;
}

/** What the facts are read from. `view` is null without a configuration. */
export interface Known {
	id: string;
	/** Did the Hub refuse the configuration because the repository is gated? */
	configGated: boolean;
	names: Names;
	view: View | null;
	reading: Reading;
	listing: ListingFacts | null;
}

/** Name of the file a signal stands in, and its path there. */
export function place(
	{ reading, names }: Pick<Known, 'reading' | 'names'>,
	file: 'config' | 'listing' | 'name',
	path: string,
): [path: string, file: string] {
	if (file === 'config') return [path, reading.file];
	if (file === 'name') return [path, nameFile];
	if (path === 'model_type') return [names.named === 'listing' ? names.typePath : 'config.model_type', listingFile];
	return [path === 'architectures' ? 'config.architectures' : path, listingFile];
}

type What = Pick<
	ModelCharacteristics,
	'architecture_family' | 'is_multimodal' | 'multimodal_type' | 'classification' | 'confidence'
>;

/** The family of the names; a class of another family than the type is told. */
function readFamily(known: Known): string {
	const { names, view, reading } = known;
	const { modelType, architectures, named } = names;
	const { family, by, rule, rival } = familyOf(modelType, architectures[0] ?? null);
	if (by === null) {
		const file = view === null ? listingFile : reading.file;
		reading.note('architecture_family', '', `${rule}: ${unknownFamily}`, file);
		return family;
	}
	const [path, file] = place(known, named, by);
	reading.note('architecture_family', path, rule, file);
	if (rival !== null) {
		const [otherPath, otherFile] = place(known, named, 'architectures');
		const claims = [
			{ value: family, file, path },
			{ value: rival, file: otherFile, path: otherPath },
		];
		reading.conflict('architecture_family', family, claims);
	}
	return family;
}

/** Family, modality and class: what the model is, by its names and the signals around them. */
export function readWhat(known: Known): What {
	const { id, configGated, names, view, reading, listing } = known;
	const { modelType, architectures, named } = names;
	const family = readFamily(known);
	const root = view?.root ?? null;
	const modality = readModality({ root, modelType, architectures, listing, whole: view?.whole ?? false });
	const [senseAt, senseIn] = place(known, modality.file, modality.path);
	reading.note('is_multimodal', senseAt, modality.looked ? modality.rule : unknownSenses, senseIn);
	if (modality.type !== null) reading.note('multimodal_type', senseAt, modality.rule, senseIn);
	const signals = root?.config ?? listing?.config ?? null;
	const kind = classify({ config: signals, modelType, architectures, named, listing, id, configGated });
	const [classAt, classIn] = place(known, kind.file, kind.path);
	reading.note('classification', classAt, kind.rule, classIn);
	if (kind.against.length > 0) {
		const claims = [kind, ...kind.against].map(({ classification, file, path }) => {
			const [at, where] = place(known, file, path);
			return { value: classification, file: where, path: at };
		});
		reading.conflict('classification', kind.classification, claims);
	}
	reading.note('confidence', classAt, confidenceRules[kind.confidence], classIn);
	return {
		architecture_family: family,
		is_multimodal: modality.type !== null,
		multimodal_type: modality.type,
		classification: kind.classification,
		confidence: kind.confidence,
	};
}

const confidenceRules = {
	high: 'several signals agree and none contradicts',
	medium: 'one clear signal, or most agree',
	low: 'a guess, a contradiction or too little to go by',
};
