// Writes what a person chose for this server, and brings a kept document in again.
import { ApiError, ask, isObject, type Asked } from '#lib/client/api.ts';
import type { PlaceChoice } from '#lib/core/place.ts';

/** Where a document of all settings is read and written. */
export const settingsAddress = '/api/settings';

/** Largest file that can be a document of settings. */
const mostBytes = 256 * 1024;

async function put(document: unknown, asked: Asked): Promise<string[]> {
	const response = await ask(asked, settingsAddress, {
		method: 'PUT',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(document),
	});
	const saved: unknown = await response.json();
	const leftOut = isObject(saved) && Array.isArray(saved.left_out) ? saved.left_out : [];
	return leftOut.filter((sentence) => typeof sentence === 'string');
}

/** Makes a place the default of every browser that has chosen none. Throws ApiError. */
export async function saveDefaults({ runtime, context, cacheBits }: PlaceChoice, asked: Asked): Promise<void> {
	await put({ modeldex_settings: 1, defaults: { runtime, context, cache_bits: cacheBits } }, asked);
}

/** Brings in a file that was exported. Gives a sentence for each thing that was left out. Throws ApiError. */
export async function importSettings(file: File, asked: Asked): Promise<string[]> {
	if (file.size > mostBytes)
		throw new ApiError('payload_too_large', 'The file is too large to be settings of Modeldex.');
	let document: unknown;
	try {
		document = JSON.parse(await file.text());
	} catch (error) {
		throw new ApiError('invalid_json', 'The file is not JSON.', error);
	}
	return put(document, asked);
}
