// From a README's text to a card that is safe to show: the whole of it in one pure call, run in a worker.
import { cardLimitBytes, cutText, splitCard, type CardParts, type RenderedCard } from '#lib/core/card.ts';
import { cleanCardHtml, escapeHtml, type CardPlace } from '#lib/server/card-html.ts';
import { markdownToHtml, TooCostly, type Deadline } from '#lib/server/card-markdown.ts';
import { readFrontMatter } from '#lib/server/front-matter.ts';

/** What to render, where its relative links lead, and how long it may take. */
export interface CardOrder {
	text: string;
	place: CardPlace;
	/** Milliseconds after which the layout is given up for the plain text. */
	budgetMs: number;
}

/** Most HTML before and after the clean-up, in characters; real cards make less than a fifth of it. */
const htmlLimit = 2 * 1024 * 1024;

function deadlineAfter(budgetMs: number, now: () => number): Deadline {
	const end = now() + budgetMs;
	let calls = 0;
	return () => {
		calls += 1;
		if (calls % 32 === 0 && now() > end) throw new TooCostly('The time for this card is over.');
	};
}

function bounded(html: string): string {
	if (html.length > htmlLimit) throw new TooCostly('The card is too large when laid out.');
	return html;
}

type Layout = Pick<RenderedCard, 'html' | 'headings' | 'plain'>;

function layOut(body: string, { place, budgetMs }: CardOrder, now: () => number): Layout {
	const deadline = deadlineAfter(budgetMs, now);
	try {
		const { html, headings } = cleanCardHtml(bounded(markdownToHtml(body, deadline)), place, deadline);
		return { html: bounded(html), headings, plain: false };
	} catch (error) {
		// Whatever a hostile text breaks in the layout, the reader still gets the text.
		if (!(error instanceof TooCostly) && !(error instanceof RangeError)) throw error;
		return plainLayout(body);
	}
}

/** The text as it was written. */
export function plainLayout(body: string): Layout {
	return { html: `<pre>${escapeHtml(body)}</pre>`, headings: [], plain: true };
}

/** A card as plain text only: what is shown when the layout had to be stopped from outside. */
export function plainCard(text: string): RenderedCard {
	const { body, cut } = bodyOf(text);
	const warnings = ['The card could not be laid out within the limits and is shown as plain text.'];
	return { ...plainLayout(body), cut, metadata: null, warnings };
}

function bodyOf(text: string): { body: string; cut: boolean; frontMatter: CardParts['frontMatter'] } {
	const { frontMatter, body } = splitCard(text);
	const kept = cutText(body, cardLimitBytes);
	return { body: kept.text, cut: kept.cut, frontMatter };
}

/** Renders a README. Never throws on any text. */
export function renderCard(order: CardOrder, now: () => number): RenderedCard {
	const { body, cut, frontMatter } = bodyOf(order.text);
	const { metadata, warning } = frontMatter === null ? { metadata: null, warning: null } : readFrontMatter(frontMatter);
	const layout = body.trim() === '' ? { html: '', headings: [], plain: false } : layOut(body, order, now);
	const warnings = [warning, layout.plain ? 'The card was too costly to lay out and is shown as plain text.' : null];
	return { ...layout, cut, metadata, warnings: warnings.filter((said) => said !== null) };
}
