// What a caller writes where a model is meant: a tier, a user's experiment, or one model of one provider.
import { Failure } from '#lib/core/failure.ts';

/** A spec, read. `experiment` is null for the user's default one; `model` keeps every slash after the first. */
export type ModelSpec =
	| { kind: 'tier'; name: string }
	| { kind: 'user'; user: string; experiment: string | null }
	| { kind: 'candidate'; provider: string; model: string };

const nameShape = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const nameRule = 'small letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 64';
const longestSpec = 300;
/** Printable ASCII without spaces, quotes and what has a meaning in URLs, shells or markup. */
const modelCharacter = /[A-Za-z0-9._:@+/-]/;
const userCharacter = /[A-Za-z0-9._@+~%-]/;

/** Is this a name for a tier, an experiment or a provider? */
export function isRegistryName(name: string): boolean {
	return nameShape.test(name);
}

function fault(spec: string, at: number, what: string): Failure {
	const shown = spec.slice(0, 60).replace(/[^\x20-\x7e]/g, '\ufffd');
	return new Failure(
		'invalid_spec',
		`"${shown}" is no model spec: ${what} (at character ${at + 1}). A spec is tier:<name>, user:<id>[:<experiment>] or <provider>/<model>.`,
	);
}

/** Where a name stops being one; its length when it is too long or empty. */
function nameFault(name: string): number {
	for (let at = 0; at < Math.min(name.length, 64); at += 1) {
		const shape = at === 0 ? /[a-z0-9]/ : /[a-z0-9._-]/;
		if (!shape.test(name[at] ?? '')) return at;
	}
	return Math.min(name.length, 64);
}

function checkName(spec: string, start: number, name: string): string {
	if (isRegistryName(name)) return name;
	const what = name === '' ? 'a name is missing' : `a name has ${nameRule}`;
	throw fault(spec, start + nameFault(name), what);
}

function checkCharacters(spec: string, start: number, text: string, shape: RegExp): void {
	for (let at = 0; at < text.length; at += 1) {
		if (!shape.test(text[at] ?? '')) throw fault(spec, start + at, 'this character cannot stand there');
	}
}

function decoded(spec: string, start: number, text: string): string {
	checkCharacters(spec, start, text, userCharacter);
	try {
		const user = decodeURIComponent(text);
		if (/[\u0000-\u001f\u007f]/.test(user)) throw new URIError('control character');
		return user;
	} catch {
		throw fault(spec, start + Math.max(0, text.indexOf('%')), 'the user id is not percent-encoded as it should be');
	}
}

function parseUser(spec: string): ModelSpec {
	const start = 'user:'.length;
	const colon = spec.indexOf(':', start);
	const id = spec.slice(start, colon < 0 ? undefined : colon);
	if (id === '') throw fault(spec, start, 'the user id is missing');
	const user = decoded(spec, start, id);
	if (colon < 0) return { kind: 'user', user, experiment: null };
	return { kind: 'user', user, experiment: checkName(spec, colon + 1, spec.slice(colon + 1)) };
}

function parseCandidate(spec: string): ModelSpec {
	const slash = spec.indexOf('/');
	if (slash < 0) throw fault(spec, spec.length, 'the slash between provider and model is missing');
	const provider = checkName(spec, 0, spec.slice(0, slash));
	const model = spec.slice(slash + 1);
	const start = slash + 1;
	if (model === '') throw fault(spec, start, 'the model is missing');
	checkCharacters(spec, start, model, modelCharacter);
	const climbs = /(^|\/)\.{1,2}(\/|$)|\/\/|^\/|\/$/.exec(model);
	if (climbs !== null) throw fault(spec, start + climbs.index, 'a model id has no empty part, and none of dots alone');
	return { kind: 'candidate', provider, model };
}

/** Reads a spec. Throws `invalid_spec` with the place of the fault. */
export function parseSpec(spec: string): ModelSpec {
	if (spec.length > longestSpec) throw fault(spec, longestSpec, `it is longer than ${longestSpec} characters`);
	if (spec.startsWith('tier:')) return { kind: 'tier', name: checkName(spec, 5, spec.slice(5)) };
	if (spec.startsWith('user:')) return parseUser(spec);
	return parseCandidate(spec);
}

/** The spec as text again; user ids are percent-encoded. */
export function formatSpec(spec: ModelSpec): string {
	if (spec.kind === 'tier') return `tier:${spec.name}`;
	if (spec.kind === 'candidate') return `${spec.provider}/${spec.model}`;
	const user = encodeURIComponent(spec.user).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
	return spec.experiment === null ? `user:${user}` : `user:${user}:${spec.experiment}`;
}
