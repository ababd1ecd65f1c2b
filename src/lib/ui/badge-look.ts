// How a badge looks, for the component and for rows of many that cannot afford one each.

const tones = {
	neutral: 'border-transparent bg-grey-3 text-grey-12',
	architecture: 'border-transparent bg-architecture-soft text-architecture',
	modality: 'border-transparent bg-modality-soft text-modality',
	quantization: 'border-transparent bg-quantization-soft text-quantization',
	fits: 'border-transparent bg-fits-soft text-fits',
	tight: 'border-transparent bg-tight-soft text-tight',
	gated: 'border-transparent bg-gated-soft text-gated',
	large: 'border-transparent bg-large-soft text-large',
	unknown: 'border-dashed border-grey-9 bg-transparent text-quiet',
};

/** What a badge means. */
export type BadgeTone = keyof typeof tones;

/** Longer words are cut at the badge's end; cutting short ones never happens and would cost each of them a clip. */
const longWords = 24;

/** Classes of a badge of one line with this text; it holds an icon and words and nothing else. */
export function badgeLook(tone: BadgeTone, text = ''): string {
	const cut = text.length > longWords ? 'overflow-hidden text-ellipsis' : '';
	return `h-[22px] max-w-full rounded-md border px-1.5 text-xs leading-5 font-medium whitespace-nowrap ${cut} ${tones[tone]}`;
}

/** Classes of a badge's icon. */
export const badgeIcon = 'mr-1 inline align-[-2px]';
