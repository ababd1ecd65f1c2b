// The list's meaning in the plainest words, slow and obvious: what the fast catalog has to agree with.
import { checkCompatibility } from '#lib/core/compatibility.ts';
import { fitRow, fitPlace } from '#lib/core/fit.ts';
import { namedMemory, type Device } from '#lib/core/hardware.ts';
import type { ModelRecord } from '#lib/core/model.ts';
import { facetNames, unchecked, type Checked, type FacetName, type ModelQuery, type SortKey } from '#lib/core/query.ts';
import { subjectOf } from '#lib/core/run-facts.ts';
import { builtInProfiles } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';

type Check = (record: ModelRecord) => boolean;

/** What the long check says of records that say the same about themselves. */
const answers = new Map<string, Map<string, { runs: boolean; unknown: boolean }>>();

function answersOf(record: ModelRecord) {
	const { model_type, architectures, tags, siblings, quantization_method, quantization_bits, classification } = record;
	const packing = [quantization_method, quantization_bits, tags, siblings];
	const key = JSON.stringify([model_type, architectures, classification, packing]);
	const known = answers.get(key);
	if (known !== undefined) return known;
	const found = new Map(
		builtInProfiles.map((profile) => {
			const { compatible, confidence, reasons } = checkCompatibility(subjectOf(record), profile);
			const unknown = !compatible && confidence === 'low' && /not known|Nothing tells/.test(reasons.join());
			return [profile.id, { runs: compatible, unknown }];
		}),
	);
	answers.set(key, found);
	return found;
}

function runs(record: ModelRecord, runtime: RuntimeId | null): boolean {
	return runtime === null || answersOf(record).get(runtime)?.runs === true;
}

const choiceOf: Record<Exclude<FacetName, 'runtime'>, (record: ModelRecord) => string> = {
	family: (r) => r.architecture_family,
	quantization: (r) => r.quantization,
	modality: (r) => (r.is_multimodal === null ? 'unknown' : r.is_multimodal ? 'multimodal' : 'text'),
	kind: (r) => r.classification,
	license: (r) => r.license ?? 'unknown',
	gated: (r) => String(r.gated !== false),
	size_class: (r) => {
		const n = r.parameters_total;
		if (n === null) return 'unknown';
		return n < 7e9 ? 'small' : n < 30e9 ? 'medium' : n < 100e9 ? 'large' : 'huge';
	},
	weight_class: (r) => {
		const gb = (r.fit?.weights_bytes ?? NaN) / 1e9;
		if (Number.isNaN(gb)) return 'unknown';
		return gb <= 4
			? 'to-4gb'
			: gb <= 8
				? '4-8gb'
				: gb <= 16
					? '8-16gb'
					: gb <= 32
						? '16-32gb'
						: gb <= 80
							? '32-80gb'
							: 'over-80gb';
	},
};

const valueOf: Record<SortKey, (record: ModelRecord) => number | string | null> = {
	trending: (r) => r.trending,
	downloads: (r) => r.downloads,
	likes: (r) => r.likes,
	updated: (r) => (r.updated_at === null ? null : Date.parse(r.updated_at)),
	created: (r) => (r.created_at === null ? null : Date.parse(r.created_at)),
	params: (r) => r.parameters_total,
	context: (r) => r.context_window,
	size: (r) => r.fit?.weights_bytes ?? null,
	name: (r) => (r.id.split('/').at(-1) ?? '').toLowerCase(),
};

/** A device that queries name by its id; others are amounts of memory in bytes. */
export const plainCard: Device = {
	id: 'card',
	name: 'Card',
	kind: 'entered',
	memory_bytes: 24 * 1024 ** 3,
	bandwidth_bytes_per_second: null,
	accelerator: 'cuda',
};

/** Does it fit the query's device at its context, as a card says it? Null: not known. */
function fits(record: ModelRecord, { fits: named, context, runtime }: ModelQuery, checked: Checked): boolean | null {
	const device = named === plainCard.id ? plainCard : namedMemory(Number(named));
	const place = fitPlace({ device, runtime: runtime ?? checked.check, cacheBits: checked.cacheBits });
	const { verdict } = fitRow(record, place, context);
	return verdict === 'unknown' ? null : verdict !== 'too_big';
}

function hasWords(record: ModelRecord, search: string): boolean {
	const text = record.id.toLowerCase();
	const words = search.toLowerCase().split(/[^\p{L}\p{N}]+/u);
	const own = text.split(/[^\p{L}\p{N}]+/u);
	if (search !== '' && words.every((word) => word === '')) return false;
	return words.every((word) => (word.length >= 3 ? text.includes(word) : own.some((one) => one.startsWith(word))));
}

function checks(query: ModelQuery, { local, checked }: Sets): Record<string, Check> {
	const oneOf = (name: keyof typeof choiceOf, values: string[]) => (record: ModelRecord) =>
		values.length === 0 || values.includes(choiceOf[name](record));
	const { min_params, max_params, min_context } = query;
	return {
		family: oneOf('family', query.family),
		quantization: oneOf('quantization', query.quantization),
		modality: oneOf('modality', query.modality === 'any' ? [] : [query.modality]),
		kind: oneOf('kind', query.kind),
		license: oneOf('license', query.license),
		gated: oneOf('gated', query.gated === null ? [] : [String(query.gated)]),
		size_class: oneOf('size_class', query.size_class),
		weight_class: oneOf('weight_class', query.weight_class),
		runtime: (r) => query.show_incompatible || runs(r, query.runtime),
		author: (r) => query.author.length === 0 || (r.author !== null && query.author.includes(r.author)),
		source: (r) => query.source !== 'mine' || local.has(r.id),
		text: (r) => query.q === '' || hasWords(r, query.q),
		params: (r) =>
			(min_params === null && max_params === null) ||
			(r.parameters_total !== null &&
				r.parameters_total >= (min_params ?? 0) &&
				r.parameters_total <= (max_params ?? Infinity)),
		context: (r) => min_context === null || (r.context_window !== null && r.context_window >= min_context),
		memory: (r) => query.fits === null || fits(r, query, checked ?? unchecked) === true,
	};
}

const unknowns = (query: ModelQuery, checked: Checked): Record<string, Check> => ({
	family: (r) => r.architecture_family === 'Unknown',
	quantization: (r) => r.quantization === 'unknown',
	modality: (r) => r.is_multimodal === null,
	size_class: (r) => r.parameters_total === null,
	weight_class: (r) => (r.fit?.weights_bytes ?? null) === null,
	params: (r) => r.parameters_total === null,
	context: (r) => r.context_window === null,
	memory: (r) => query.fits !== null && fits(r, query, checked) === null,
});

function choices(name: FacetName, record: ModelRecord): string[] {
	if (name !== 'runtime') return [choiceOf[name](record)];
	return [...answersOf(record)].filter(([, answer]) => answer.runs).map(([id]) => id);
}

function compare(query: ModelQuery): (a: ModelRecord, b: ModelRecord) => number {
	const by = (x: number | string | null, y: number | string | null, sign: number) => {
		if (x === y) return 0;
		if (x === null) return 1;
		if (y === null) return -1;
		return x < y ? -sign : sign;
	};
	const value = valueOf[query.sort];
	return (a, b) =>
		by(value(a), value(b), query.order === 'asc' ? 1 : -1) || by(a.downloads, b.downloads, -1) || by(a.id, b.id, 1);
}

/** Ids of the models on this machine, and of those whose config was looked for; what rows are measured against. */
interface Sets {
	local: Set<string>;
	read: Set<string>;
	checked?: Checked;
}

function isOpen(name: string, record: ModelRecord, query: ModelQuery, checked: Checked): boolean {
	const { runtime } = query;
	if (name === 'runtime') return runtime !== null && answersOf(record).get(runtime)?.unknown === true;
	return unknowns(query, checked)[name]?.(record) ?? false;
}

/** Ids of everything that matches in order, the counts per choice, and how many models wait to be read. */
export function plainList(records: ModelRecord[], query: ModelQuery, sets: Sets) {
	const { read, checked = unchecked } = sets;
	const all = Object.entries(checks(query, sets));
	const failed = (record: ModelRecord) => all.filter(([, check]) => !check(record)).map(([name]) => name);
	const ids = records
		.filter((record) => failed(record).length === 0)
		.sort(compare(query))
		.map(({ id }) => id);
	const leader = ids.findIndex((id) => id.toLowerCase() === query.q.toLowerCase());
	if (leader > 0) ids.unshift(...ids.splice(leader, 1));
	const facets = facetNames.map((name) => {
		const counts = new Map<string, number>();
		for (const record of records) {
			const isCounted = failed(record).every((failure) => failure === name);
			if (!isCounted) continue;
			for (const choice of choices(name, record)) counts.set(choice, (counts.get(choice) ?? 0) + 1);
		}
		return [name, Object.fromEntries(counts)] as const;
	});
	const pending = records.filter((record) => {
		const failures = failed(record);
		return (
			failures.length > 0 && !read.has(record.id) && failures.every((name) => isOpen(name, record, query, checked))
		);
	});
	return { ids, facets: Object.fromEntries(facets), pending: pending.length };
}
