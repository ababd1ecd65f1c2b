// Reading foreign JSON by known names: what is missing or of another kind is simply not there, and nothing is cast.

/** A JSON object whose fields nobody has vouched for. */
export type Wire = Readonly<Record<string, unknown>>;

/** Is this a JSON object (no list, no null)? */
export function isWire(value: unknown): value is Wire {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at this place; an empty one when there is none. */
export function wireAt(value: unknown, name: string): Wire {
	const inner = isWire(value) ? value[name] : undefined;
	return isWire(inner) ? inner : {};
}

/** The list at this place; empty when there is none. */
export function listAt(value: unknown, name: string): readonly unknown[] {
	const inner = isWire(value) ? value[name] : undefined;
	return Array.isArray(inner) ? inner : [];
}

/** The text at this place; null when there is none. */
export function textAt(value: unknown, name: string): string | null {
	const inner = isWire(value) ? value[name] : undefined;
	return typeof inner === 'string' ? inner : null;
}

/** The number at this place; null when there is none. */
export function numberAt(value: unknown, name: string): number | null {
	const inner = isWire(value) ? value[name] : undefined;
	return typeof inner === 'number' && Number.isFinite(inner) ? inner : null;
}

/** The text as a JSON object; null when it is not JSON or another kind of value. */
export function parseWire(text: string): Wire | null {
	try {
		const parsed: unknown = JSON.parse(text);
		return isWire(parsed) ? parsed : null;
	} catch {
		return null; // whoever asks says what it means
	}
}
