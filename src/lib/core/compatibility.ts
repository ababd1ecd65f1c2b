// Whether a runtime loads a model, and why not: architecture, format, quantization and context against its own lists.
import type { Verdict } from '#lib/core/compatibility-finding.ts';
import { judge } from '#lib/core/compatibility-rules.ts';
import { advise, type Recommendation } from '#lib/core/compatibility-advice.ts';
import { formatCount } from '#lib/core/format.ts';
import type { CompatibilitySubject, RunFacts } from '#lib/core/run-facts.ts';
import { runtimeConfidences } from '#lib/core/choice.ts';
import type { RuntimeConfidence, RuntimeProfile } from '#lib/core/runtime.ts';

/** Changes whenever the rules may answer differently for the same facts and profiles: kept answers are then made anew. */
export const checkerVersion = 1;

/**
 * The answer for one model and one runtime. `confidence` says how sure it is that the model runs: `high`, `medium`,
 * `low` (something that decides is not known), `none` (the runtime's own lists rule it out). `compatible` is true only
 * when nothing is against it and its architecture is known to be on the runtime's list. `reasons` say why, the
 * weightiest first: what is against it, or what is not known, or what the yes rests on. Memory is no part of this.
 */
export interface CompatibilityReport {
	/** Id of the runtime. */
	runtime: string;
	compatible: boolean;
	confidence: RuntimeConfidence;
	reasons: string[];
	/** What to know before running it. */
	warnings: string[];
	/** What would work instead, or how to make it work. */
	recommendations: Recommendation[];
}

interface CheckOptions {
	/** A context longer than the runtime takes is a no instead of a warning. */
	strictContext?: boolean;
	/** Models made from the same base: the ones that run here are recommended. */
	relatives?: readonly CompatibilitySubject[];
}

/** Is the model's context longer than the runtime's? Unknown contexts are not. */
export function exceedsContext(
	subject: Pick<CompatibilitySubject, 'context_window'>,
	profile: RuntimeProfile,
): boolean {
	const { limit } = profile.context;
	return limit !== null && subject.context_window !== null && subject.context_window > limit;
}

function contextSentence({ context_window: tokens }: CompatibilitySubject, { name, context }: RuntimeProfile): string {
	const numbers = `${formatCount(tokens ?? 0)} → ${formatCount(context.limit ?? 0)}`;
	return `The context will be truncated: ${numbers} tokens, the most ${name} takes.`;
}

/** What to know before running it; of a model that does not run, only what the runtime would try. */
function warningsOf(subject: CompatibilitySubject, profile: RuntimeProfile, verdict: Verdict): string[] {
	const found = verdict.warnings.map((say) => say());
	if (verdict.answer === 'no') return found;
	if (exceedsContext(subject, profile)) found.push(contextSentence(subject, profile));
	const isText = verdict.engine?.formats.includes('gguf') === true && subject.formats?.includes('gguf') === true;
	if (verdict.answer === 'yes' && isText && subject.is_multimodal === true && subject.hasProjector === false) {
		found.push('Only the text part runs: the repository has no projector file (mmproj) for images or sound.');
	}
	if (subject.gated)
		found.push('The model is gated: its terms have to be accepted on the Hub before it can be loaded.');
	return found;
}

/** Does this runtime load this model? Pure: the same on the server, in the browser and on the command line. */
export function checkCompatibility(
	subject: CompatibilitySubject,
	profile: RuntimeProfile,
	{ strictContext = false, relatives = [] }: CheckOptions = {},
): CompatibilityReport {
	const verdict = judge(subject, profile);
	const isTooLong = strictContext && exceedsContext(subject, profile);
	const compatible = verdict.answer === 'yes' && !isTooLong;
	const reasons = verdict.reasons.map((say) => say());
	if (isTooLong) {
		const told = `Its context of ${formatCount(subject.context_window ?? 0)} tokens is longer than the`;
		const sentence = `${told} ${formatCount(profile.context.limit ?? 0)} that ${profile.name} takes.`;
		if (verdict.answer === 'yes') reasons.splice(0, reasons.length, sentence);
		else reasons.push(sentence);
	}
	return {
		runtime: profile.id,
		compatible,
		confidence: isTooLong ? 'none' : (runtimeConfidences[verdict.level] ?? 'none'),
		reasons,
		warnings: warningsOf(subject, profile, verdict),
		recommendations: advise({ subject, profile, verdict, compatible, relatives }),
	};
}

/** `yes`, `no`, or `unknown` where something that decides is not known: the check without its words. */
export function runsOn(facts: RunFacts, profile: RuntimeProfile): Verdict['answer'] {
	return judge(facts, profile).answer;
}
