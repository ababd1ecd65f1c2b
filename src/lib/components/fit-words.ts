// Fit and runtime verdicts in words: what a card, a table and a page say of them.
import { formatBytes } from '#lib/core/format.ts';
import type { RowFit, Verdict } from '#lib/core/fit.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { formatContext } from '#lib/core/place.ts';

/** A verdict in a word or two. */
export const verdictWords: Record<Verdict, string> = {
	fits: 'Fits',
	tight: 'Tight',
	too_big: 'Too big',
	unknown: 'Fit unknown',
};

/** The colour of a verdict, as a class of text. */
export const verdictTones: Record<Verdict, string> = {
	fits: 'text-fits',
	tight: 'text-tight',
	too_big: 'text-large',
	unknown: 'text-quiet',
};

/** The colour of a verdict, as a class of a bar. */
export const verdictBars: Record<Verdict, string> = {
	fits: 'bg-fits',
	tight: 'bg-tight',
	too_big: 'bg-large',
	unknown: 'bg-grey-6',
};

/** Bytes without their unit where another figure with the same unit follows: `5.9 of 16 GiB`. */
export function ofBytes(need: number, have: number): string {
	const [needed, unit] = formatBytes(need).split(' ');
	const whole = formatBytes(have);
	return whole.endsWith(` ${unit}`) ? `${needed} of ${whole}` : `${needed} ${unit} of ${whole}`;
}

/** The line under a card's badges: `Fits · 5.9 of 13.6 GiB at 8k`. */
export function fitLine({ verdict, need_bytes: need }: RowFit, have: number, tokens: number): string {
	const word = verdictWords[verdict];
	if (need === null) return verdict === 'too_big' ? `${word} · the weights alone exceed ${formatBytes(have)}` : word;
	return `${word} · ${ofBytes(need, have)} at ${formatContext(tokens)}`;
}

/** The verdict with what the model needs: `Fits · 5.9 GiB`. */
export function fitWord({ verdict, need_bytes: need }: RowFit): string {
	return need === null ? verdictWords[verdict] : `${verdictWords[verdict]} · ${formatBytes(need)}`;
}

/** The same in a sentence, for a tooltip. */
export function fitSentence({ verdict, need_bytes: need, error_band: band }: RowFit, have: number): string {
	if (need === null) {
		return verdict === 'too_big'
			? 'Too big: its weights alone are larger than the memory.'
			: 'Unknown: its weights or its layers are not known.';
	}
	const error = band === null || band < 0.005 ? '' : `, within ${Math.round(band * 100)} %`;
	const rest = have - need;
	if (verdict === 'too_big') return `Too big by ${formatBytes(-rest)}: needs ${formatBytes(need)}${error}.`;
	const spare = `${formatBytes(rest)} to spare`;
	return verdict === 'tight' ? `Tight: ${spare}${error}.` : `Fits with ${spare}${error}.`;
}

type Compatibility = NonNullable<ModelEntry['compatibility']>;

/** How a runtime's verdict is shown: its icon, its colour and the word before the runtime's name. */
export function runtimeLook({ compatible, confidence }: Pick<Compatibility, 'compatible' | 'confidence'>) {
	if (!compatible) {
		const isKnown = confidence === 'none';
		return {
			icon: isKnown ? 'no' : 'question',
			tone: isKnown ? 'large' : 'unknown',
			word: isKnown ? 'Not on' : 'Unsure on',
		} as const;
	}
	if (confidence === 'low') return { icon: 'question', tone: 'tight', word: 'Maybe on' } as const;
	const isSure = confidence === 'high';
	return { icon: 'yes', tone: 'fits', word: isSure ? 'Runs on' : 'Likely on' } as const;
}

/** A runtime's verdict without its name, for tables. */
export function runtimeWord({ compatible, confidence }: Pick<Compatibility, 'compatible' | 'confidence'>): string {
	if (!compatible) return confidence === 'none' ? 'Does not run' : 'Not known';
	return confidence === 'high' ? 'Runs' : confidence === 'medium' ? 'Likely runs' : 'May run';
}
