// What a provider says, made fit for others to read: no keys, no control characters, not long.
import { blankSecrets } from '#lib/core/failure.ts';

const tokenShape = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const otherKeys = /\b(gsk_|r8_|pplx-|ghp_|github_pat_|mdx_)[\w-]{6,}/g;
const afterName = /\b((?:api[_ -]?key|key|token|secret|password)(?: provided)?["']?\s*[:=]\s*["']?)[\w.+/*-]{16,}/gi;
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;
const mostCharacters = 500;

/** A foreign text as one printable line without anything that looks like a key, and without these very secrets. */
export function redacted(text: string, secrets: readonly string[] = []): string {
	const known = secrets.filter((secret) => secret.length >= 4);
	const blank = known.reduce((rest, secret) => rest.replaceAll(secret, '•••'), text);
	const clean = blankSecrets(blank)
		.replace(tokenShape, '•••')
		.replace(otherKeys, '•••')
		.replace(afterName, '$1•••')
		.replace(unprintable, ' ')
		.trim();
	return clean.length > mostCharacters ? `${clean.slice(0, mostCharacters - 1)}…` : clean;
}
