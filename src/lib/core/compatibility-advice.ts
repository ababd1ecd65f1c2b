// What to do when a runtime does not load a model, or not all of it: a relative that runs, a conversion, a setting.
import type { Verdict } from '#lib/core/compatibility-finding.ts';
import { judge } from '#lib/core/compatibility-rules.ts';
import { formatCount } from '#lib/core/format.ts';
import type { CompatibilitySubject } from '#lib/core/run-facts.ts';
import type { RuntimeProfile } from '#lib/core/runtime.ts';
import { formatWords, type WeightFormat } from '#lib/core/weight-formats.ts';

/** One piece of advice: `id` is a model that would run instead, `format` the format that would be loaded. */
export interface Recommendation {
	/** A sentence for a person. */
	text: string;
	id?: string;
	format?: WeightFormat;
}

interface Case {
	subject: CompatibilitySubject;
	profile: RuntimeProfile;
	verdict: Verdict;
	compatible: boolean;
	relatives: readonly CompatibilitySubject[];
}

/** Most relatives that are named. */
const most = 3;

function formatFor(subject: CompatibilitySubject, verdict: Verdict): WeightFormat | undefined {
	return subject.formats?.find((format) => verdict.engine?.formats.includes(format) === true);
}

/** Relatives that run, the surest first; equally sure ones stay in the order given. */
function runningRelatives({ subject, profile, relatives }: Case): Recommendation[] {
	const judged = relatives
		.filter(({ id }) => id !== subject.id)
		.map((relative) => ({ relative, verdict: judge(relative, profile) }))
		.filter(({ verdict }) => verdict.answer === 'yes');
	judged.sort((a, b) => b.verdict.level - a.verdict.level);
	return judged.slice(0, most).map(({ relative, verdict }) => {
		const format = formatFor(relative, verdict);
		const what = format === undefined ? '' : ` in ${formatWords[format]}`;
		const text = `${profile.name} loads ${relative.id}, the same model${what}.`;
		return format === undefined ? { text, id: relative.id } : { text, id: relative.id, format };
	});
}

/** Ways to turn these very files into ones that an engine loads, when the architecture is on its list. */
function conversions({ subject, profile }: Case): Recommendation[] {
	if (subject.isAdapter) return [];
	return profile.engines.flatMap((engine) => {
		const { conversion } = engine;
		const isPossible = subject.formats?.some((format) => conversion?.from.includes(format) === true) === true;
		if (conversion === undefined || !isPossible || subject.quantization_method !== null) return [];
		const { isListed } = judge({ ...subject, formats: [conversion.to] }, { ...profile, engines: [engine] });
		return isListed ? [{ text: conversion.how, format: conversion.to }] : [];
	});
}

function baseAdvice({ subject, profile }: Case): Recommendation[] {
	const [base] = subject.bases;
	if (!subject.isAdapter || base === undefined) return [];
	return [{ text: `Load ${base} in ${profile.name}, and this adapter on top of it where that is possible.`, id: base }];
}

/** Advice for one model and runtime; nothing for a model that runs as it is. */
export function advise(one: Case): Recommendation[] {
	const { subject, profile, compatible } = one;
	const { limit } = profile.context;
	if (compatible) {
		if (limit === null || subject.context_window === null || subject.context_window <= limit) return [];
		return [{ text: `Keep prompt and answer within ${formatCount(limit)} tokens together.` }];
	}
	return [...baseAdvice(one), ...runningRelatives(one), ...conversions(one)];
}
