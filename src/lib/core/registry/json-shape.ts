// One question about values whose shape nobody promised: are they objects with fields?

/** Is this an object with fields (no array, no null)? */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
