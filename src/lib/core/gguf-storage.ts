// How the weights of a GGUF file are stored: the mix it was made as, by its header, its tensors and its name.
import { ggufLabel } from '#lib/core/gguf-files.ts';
import { ggufCount, type GgufHeader } from '#lib/core/gguf-header.ts';
import { ggmlTypeNamed, ggufFileTypes, guessedFileType } from '#lib/core/tables/ggml-types.ts';
import type { TensorTotals } from '#lib/core/tensor-totals.ts';

/** One word on how the weights are stored, and where it stands. */
export interface StorageClaim {
	/** `Q4_K_M`, or the name of a tensor type. */
	label: string;
	bits: number;
	/** Key of the metadata, `tensors`, or `name` for the file's name. */
	path: string;
	rule: string;
}

/** The claim that counts first, then those that say something else. */
export interface GgufStorage {
	chosen: StorageClaim;
	rivals: StorageClaim[];
}

const typeKey = 'general.file_type';

function fromHeader(header: Pick<GgufHeader, 'metadata'>): StorageClaim | null {
	const written = ggufCount(header, typeKey);
	if (written === null) return null;
	const label = ggufFileTypes.get(written % guessedFileType);
	const bits = label === undefined ? undefined : ggufLabel(label)?.bits;
	if (label === undefined || bits === undefined) return null;
	const rule = written >= guessedFileType ? `${written}: guessed to be ${label}` : `${written} means ${label}`;
	return { label, bits, path: typeKey, rule };
}

/** The type that most weights have. */
function fromTensors(totals: TensorTotals | null): StorageClaim | null {
	const most = totals?.types[0];
	const type = most === undefined ? null : ggmlTypeNamed(most.type);
	if (type === null) return null;
	return { label: type.name, bits: type.bits, path: 'tensors', rule: `most weights are ${type.name}` };
}

function fromName(file: string): StorageClaim | null {
	const found = ggufLabel(file.slice(file.lastIndexOf('/') + 1)) ?? ggufLabel(file);
	return found === null ? null : { ...found, path: 'name', rule: `the file is named ${found.label}` };
}

/**
 * How the weights of a file are stored. The header's word counts, unless the name says something else and the tensors
 * agree with the name: tools with mixes of their own leave the nearest usual number in the header. Null when nothing
 * tells.
 */
export function ggufStorage(
	header: Pick<GgufHeader, 'metadata'>,
	totals: TensorTotals | null,
	file: string,
): GgufStorage | null {
	const written = fromHeader(header);
	const named = fromName(file);
	const met = fromTensors(totals);
	const first = written ?? named ?? met;
	if (first === null) return null;
	if (written === null || named === null || named.bits === written.bits) return { chosen: first, rivals: [] };
	const isNameRight = met !== null && met.bits === named.bits;
	return isNameRight ? { chosen: named, rivals: [written] } : { chosen: written, rivals: [named] };
}
