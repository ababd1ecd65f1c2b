// The rules behind a compatibility answer, engine by engine: each says what speaks against, what is unknown, what to know.
import { formatBits, formatMethod } from '#lib/core/format.ts';
import type { RunFacts } from '#lib/core/run-facts.ts';
import { listsOf, own, standingOf, type Standing } from '#lib/core/runtime-lookup.ts';
import { Finding, type Verdict } from '#lib/core/compatibility-finding.ts';
import type { RuntimeEngine, RuntimeProfile } from '#lib/core/runtime.ts';
import { formatWords, type WeightFormat } from '#lib/core/weight-formats.ts';

const lookedUp = { architectures: 'class', model_type: 'model type', gguf: 'GGUF architecture' };

interface Place {
	facts: RunFacts;
	engine: RuntimeEngine;
	profile: RuntimeProfile;
	finding: Finding;
}

/** The repository asks its loader to run its own code, and this runtime can. */
function runsOwnCode({ facts, profile }: Place): boolean {
	return facts.hasOwnCode && profile.loadsForeignCode === true;
}

/** Is a name, in lower case, on a list? Most lists are empty. */
function has(names: ReadonlySet<string>, name: string): boolean {
	return names.size > 0 && names.has(name.toLowerCase());
}

function checkKnown(place: Place, standing: Standing & { is: 'listed' | 'derived' | 'backend' }): void {
	const { facts, engine, finding } = place;
	const { name } = standing;
	const lists = listsOf(engine);
	finding.isListed = true;
	finding.grounds.push(() => {
		if (standing.is === 'backend') return `${name} runs through ${standing.backend}.`;
		return `${name} is on the list of ${engine.name} (${engine.version}).`;
	});
	if (standing.is === 'backend') {
		finding.atMost('medium');
		finding.warnings.push(() => `${name} is not one of its own models: it runs through ${standing.backend}.`);
	}
	if (standing.is === 'derived') {
		finding.atMost('medium');
		const missing = engine.by === 'architectures' ? 'class' : 'type';
		finding.warnings.push(() => `Its ${missing} is not known; ${name} stands for it, as Transformers pairs them.`);
	}
	if (has(lists.medium, name)) finding.atMost('medium');
	const isTextOnly = has(lists.textOnly, name) || has(lists.textOnly, facts.model_type ?? '');
	if (isTextOnly) finding.warnings.push(() => `${engine.name} runs the text part only, without images and sound.`);
	const { ceiling } = engine;
	if (ceiling === undefined) return;
	finding.atMost('medium');
	finding.warnings.push(() => ceiling);
}

function checkArchitecture(place: Place): void {
	const { facts, engine, profile, finding } = place;
	const standing = standingOf(facts, engine);
	if (standing.is === 'listed' || standing.is === 'derived' || standing.is === 'backend') {
		checkKnown(place, standing);
		return;
	}
	if (standing.is === 'unnamed') {
		if (facts.library === null) {
			finding.doubt(() => `Its architecture is not known, so ${profile.name} cannot be asked about it.`);
			return;
		}
		finding.against.push(() => `It is made for ${facts.library}, which ${profile.name} does not load.`);
		return;
	}
	if (runsOwnCode(place) && standing.is !== 'draft') {
		finding.isListed = true;
		finding.atMost('low');
		finding.grounds.push(() => `${standing.name} is not in ${engine.name} itself; the repository brings its code.`);
		return;
	}
	if (standing.is === 'unclear') {
		finding.doubt(
			() => `Nothing tells whether ${engine.name} loads ${standing.name}: it is not on its list by that name.`,
		);
		return;
	}
	finding.against.push(() => refusal(standing, engine));
	const tries = profile.fallsBackForOwnCode !== true || facts.hasOwnCode;
	if (standing.is === 'unlisted' && profile.fallback !== undefined && tries) {
		finding.attempt = () => `${profile.name} ${profile.fallback}; whether that works is not known.`;
	}
}

function refusal(
	standing: Standing & { is: 'draft' | 'removed' | 'plugin' | 'unlisted' },
	engine: RuntimeEngine,
): string {
	const { name } = standing;
	if (standing.is === 'draft') return `${name} only speeds up another model and cannot be served alone.`;
	if (standing.is === 'removed')
		return `${engine.name} no longer has ${name}; the last version with it was ${standing.version}.`;
	if (standing.is === 'plugin') return `${engine.name} runs ${name} only with ${standing.plugin}.`;
	const isClass = engine.by === 'gguf' && /^[A-Z]/.test(name);
	const noun = isClass ? 'class' : lookedUp[engine.by];
	return `The ${noun} ${name} is not on the list of ${engine.name} (${engine.version}).`;
}

function list(formats: readonly WeightFormat[]): string {
	return formats.map((format) => formatWords[format]).join(', ');
}

/** Formats that a model of unknown files may have: what a configuration of Transformers comes with. */
function isPlainLayout(engine: RuntimeEngine): boolean {
	return engine.formats.includes('safetensors') || engine.formats.includes('pytorch');
}

function checkFormat({ facts, engine, profile, finding }: Place): void {
	const { formats } = facts;
	if (formats === null) {
		if (!isPlainLayout(engine)) {
			finding.doubt(() => {
				const wanted = list(engine.formats);
				return `Its files are not known, and nothing says that they are what ${engine.name} loads (${wanted}).`;
			});
			return;
		}
		finding.atMost('low');
		finding.warnings.push(() => 'Its files are not known, so the format of the weights was not checked.');
		return;
	}
	const fitting = formats.filter((format) => engine.formats.includes(format));
	const [first] = fitting;
	if (first === undefined) {
		finding.hasFormat = false;
		finding.against.push(() => formatRefusal(formats, engine, profile));
		return;
	}
	finding.grounds.push(() => `Its weights are ${formatWords[first]}.`);
	const { declared } = engine;
	if (declared !== undefined && fitting.every((format) => declared.includes(format))) {
		finding.atMost('medium');
		finding.warnings.push(() => `${engine.name} names ${formatWords[first]}, but is not known to load it yet.`);
	}
	const sentence = own(engine.loading, first);
	if (sentence !== undefined && fitting.every((format) => own(engine.loading, format) !== undefined)) {
		finding.atMost('medium');
		finding.warnings.push(() => sentence);
	}
	if (first === 'pytorch' && fitting.length === 1) {
		finding.warnings.push(() => 'Its weights are pickle files only: loading them can run any code they hold.');
	}
}

function formatRefusal(formats: readonly WeightFormat[], engine: RuntimeEngine, profile: RuntimeProfile): string {
	if (formats.length === 0) return 'The repository has no weights that could be loaded.';
	const special = formats.map((format) => own(engine.refusing, format)).find((found) => found !== undefined);
	if (special !== undefined) return special;
	const wanted = list([...new Set(profile.engines.flatMap((one) => one.formats))]);
	return `Its weights are ${list(formats)}; ${profile.name} loads ${wanted}.`;
}

/** Is the weights' packing told by the format itself, so that no method has to be on a list? */
function isPackedByFormat({ facts, engine }: Place): boolean {
	const method = facts.quantization_method;
	const gguf = facts.formats?.includes('gguf') === true && engine.formats.includes('gguf');
	return method === null || method === 'gguf' || gguf || engine.formats.includes('onnx');
}

function checkQuantization(place: Place): void {
	const { facts, engine, profile, finding } = place;
	const { quantization_method: method, quantization_bits: bits } = facts;
	if (method === null || !finding.hasFormat || isPackedByFormat(place)) return;
	const named = () => formatMethod(method); // words only when somebody reads them
	if (engine.quantization === null) {
		finding.atMost('low');
		finding.warnings.push(() => `${profile.name} does not say whether it loads ${named()} weights.`);
		return;
	}
	const allowed = own(engine.quantization, method);
	if (allowed === undefined) {
		finding.against.push(
			() => `Its weights are quantized with ${named()}, which is not on the list of ${engine.name}.`,
		);
		return;
	}
	if (allowed !== null && bits !== null && Number.isInteger(bits) && !allowed.includes(bits)) {
		finding.against.push(() => {
			const wanted = allowed.map((one) => formatBits(one)).join(', ');
			return `Its weights are ${formatBits(bits)} ${named()}; ${engine.name} loads ${wanted}.`;
		});
		return;
	}
	finding.grounds.push(() => `${engine.name} loads ${named()} weights.`);
	if (engine.unpacked?.includes(method) === true) {
		finding.warnings.push(
			() => `${engine.name} unpacks ${named()} weights to 16 bits when it loads them: they need more memory.`,
		);
	}
}

function checkPurpose({ facts, profile, finding }: Place): void {
	if (facts.isAdapter) {
		finding.against.push(() => 'It is an adapter that changes another model, and not a model by itself.');
	}
	if (!facts.isEncoder || profile.serves === 'all') return;
	if (profile.serves === 'text strictly') {
		finding.against.push(() => `${profile.name} writes text; this model gives vectors or labels.`);
		return;
	}
	finding.atMost('low');
	finding.warnings.push(() => `${profile.name} writes text; this model gives vectors or labels.`);
}

function checkCode(place: Place): void {
	const { facts, profile, finding } = place;
	if (!facts.hasOwnCode || profile.remoteCode === null) return;
	const flag = profile.remoteCode;
	finding.warnings.push(
		() => `The repository brings Python code of its own, which ${profile.name} runs only with ${flag}.`,
	);
}

function examine(place: Place): Verdict {
	const { finding, engine } = place;
	checkPurpose(place);
	checkArchitecture(place);
	checkFormat(place);
	checkQuantization(place);
	checkCode(place);
	const { against, unknown, grounds, warnings, isListed, hasFormat, attempt } = finding;
	// Field by field: spreading what they share costs more than all the rules.
	if (against.length > 0) {
		// What there is to know about running it means nothing when it does not run.
		const tries = attempt !== null && against.length === 1;
		const level = tries ? 1 : 0;
		return { answer: 'no', level, engine, reasons: against, warnings: tries ? [attempt] : [], isListed, hasFormat };
	}
	if (unknown.length > 0)
		return { answer: 'unknown', level: 1, engine, reasons: unknown, warnings, isListed, hasFormat };
	return { answer: 'yes', level: finding.level, engine, reasons: grounds, warnings, isListed, hasFormat };
}

const order = { yes: 2, unknown: 1, no: 0 };

/**
 * The better of two verdicts: a yes before a doubt before a no, then the surer one; of two noes the one of an engine that
 * loads such files at all, then the one with less against it.
 */
function better(a: Verdict, b: Verdict): Verdict {
	const byAnswer = order[b.answer] - order[a.answer];
	if (byAnswer !== 0) return byAnswer > 0 ? b : a;
	if (a.level !== b.level) return b.level > a.level ? b : a;
	if (a.answer !== 'no') return a;
	if (a.hasFormat !== b.hasFormat) return b.hasFormat ? b : a;
	return b.reasons.length < a.reasons.length ? b : a;
}

/** Runs the rules of every engine of a runtime and keeps the best answer. */
export function judge(facts: RunFacts, profile: RuntimeProfile): Verdict {
	let best: Verdict | null = null;
	for (const engine of profile.engines) {
		const verdict = examine({ facts, engine, profile, finding: new Finding() });
		best = best === null ? verdict : better(best, verdict);
	}
	return (
		best ?? {
			answer: 'unknown',
			level: 1,
			engine: null,
			reasons: [() => `${profile.name} names no engine.`],
			warnings: [],
			isListed: false,
			hasFormat: false,
		}
	);
}
