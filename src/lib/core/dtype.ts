// The type of numbers a model's weights are in, by its configuration or by the elements its files hold.
import { bitOf } from '#lib/core/key-groups.ts';
import { listingFile, type ListingFacts } from '#lib/core/listing.ts';
import { holds, pathIn, type Reading, type Scope } from '#lib/core/reading.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';

interface DtypePlace {
	reading: Reading;
	/** Text model first, then the root when that is another object. */
	scopes: Scope[];
	listing: ListingFacts | null;
}

const dtypeBit = bitOf('dtype');

const dtypeNames = new Map([
	['fp16', 'float16'],
	['half', 'float16'],
	['bf16', 'bfloat16'],
	['fp32', 'float32'],
	['float', 'float32'],
	['f16', 'float16'],
	['f32', 'float32'],
	['f64', 'float64'],
	['f8_e4m3', 'float8_e4m3fn'],
	['f8_e5m2', 'float8_e5m2'],
]);

function dtypeName(written: string): string {
	if (written === 'bfloat16' || written === 'float16' || written === 'float32') return written;
	const plain = written
		.slice(0, 40)
		.replace(/^torch\./, '')
		.toLowerCase();
	return dtypeNames.get(plain) ?? plain;
}

/** Floating-point dtype that most of the stored elements have. Null when most are packed integers. */
function storedDtype(listing: ListingFacts | null): string | null {
	let most: [string, number] | null = null;
	for (const [name, elements] of Object.entries(listing?.safetensors?.parameters ?? {}).slice(0, 64)) {
		if (Number.isFinite(elements) && (most === null || elements > most[1])) most = [name, elements];
	}
	return most === null || !/^B?F\d/.test(most[0]) ? null : dtypeName(most[0]);
}

/** Type of the unquantized weights: root before nested text model, then the Hub's count of stored elements. */
export function readDtype({ reading, scopes, listing }: DtypePlace): string | null {
	for (const scope of [...scopes].reverse()) {
		if (!holds(scope, dtypeBit)) continue;
		for (const key of keyGroups.dtype) {
			const written = scope.config[key];
			if (typeof written !== 'string' || written === '' || written === 'auto') continue;
			reading.note('dtype', pathIn(scope, key), 'as written');
			return dtypeName(written);
		}
	}
	const stored = storedDtype(listing);
	if (stored !== null) reading.note('dtype', 'safetensors.parameters', 'most stored elements have it', listingFile);
	return stored;
}

const plainDtypes = new Set(['float32', 'float16', 'bfloat16']);

/** Weights that are stored in other numbers than the configuration names take other memory: both are told. */
export function tellOtherDtype({ reading, listing }: DtypePlace, dtype: string | null): void {
	const evidence = reading.evidence['dtype'];
	const stored = storedDtype(listing);
	if (evidence === undefined || evidence.file === listingFile || dtype === null || stored === null) return;
	if (stored === dtype || !plainDtypes.has(stored) || !plainDtypes.has(dtype)) return;
	reading.conflict('dtype', dtype, [
		{ value: dtype, path: evidence.path },
		{ value: stored, file: listingFile, path: 'safetensors.parameters' },
	]);
}
