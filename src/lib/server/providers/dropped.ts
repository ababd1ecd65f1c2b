// Which fields of a request a provider has no word for: they are left out of what is sent, and told to whoever asked.
import type { Wire } from '#lib/core/registry/wire.ts';

/** Fields of the transport, of our own, or without an influence on the answer: nobody misses them. */
const silent = new Set(['model', 'stream', 'stream_options', 'user', 'store', 'safety_identifier', 'prompt_cache_key']);

/** Fields of the body that are set and not among those known, in their order. */
export function unknownFields(body: Wire, known: readonly string[]): string[] {
	const names = Object.keys(body).filter((name) => !silent.has(name) && !known.includes(name));
	return names.filter((name) => {
		const value = body[name];
		return value != null && !(Array.isArray(value) && value.length === 0);
	});
}
