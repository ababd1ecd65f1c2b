// A model's card: the README's front matter and body taken apart, and what is left to show after it was made safe.
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import type { Source } from '#lib/core/model.ts';

/** Most of a card that is rendered, in bytes of UTF-8; the longest cards in use are well below it. */
export const cardLimitBytes = 256 * 1024;

/** One entry of a card's table of contents. `depth` is 1 to 6 as the author wrote it, `id` the anchor on our page. */
export interface CardHeading {
	depth: number;
	id: string;
	text: string;
}

/** A card made safe to show. */
export interface RenderedCard {
	/** Safe HTML: no script, style, form, frame or picture, every id prefixed `card-`. Empty when there is no text. */
	html: string;
	headings: CardHeading[];
	/** True: the text went beyond the limit and its end is not shown. */
	cut: boolean;
	/** True: the text could not be laid out within the limits and is shown as it was written. */
	plain: boolean;
	/** The front matter; null when there is none or when it could not be read safely. */
	metadata: JsonObject | null;
	/** What was left out or could not be read, one sentence each. */
	warnings: string[];
}

/** A model's card with where it was read. `markdown` null: the repository has no card. `revision` null: not known. */
export interface ModelCard {
	markdown: string | null;
	rendered: RenderedCard | null;
	source: Source | null;
	revision: string | null;
}

/** A README taken apart. `frontMatter` null: it starts without one. */
export interface CardParts {
	frontMatter: string | null;
	body: string;
}

/** The front matter between the first `---` line and the next one, and the body after it. */
export function splitCard(text: string): CardParts {
	const clean = text.replace(/^\ufeff/, '');
	const start = /^---[ \t]*\r?\n/.exec(clean);
	if (start === null) return { frontMatter: null, body: clean };
	const end = /^---[ \t]*\r?$/m.exec(clean.slice(start[0].length));
	if (end === null) return { frontMatter: null, body: clean };
	const stop = start[0].length + end.index;
	return {
		frontMatter: clean.slice(start[0].length, stop),
		body: clean.slice(stop + end[0].length).replace(/^\r?\n/, ''),
	};
}

/** The text up to `limitBytes` of UTF-8, ended at a line where one is near, and whether anything was cut. */
export function cutText(text: string, limitBytes: number): { text: string; cut: boolean } {
	if (text.length * 3 <= limitBytes) return { text, cut: false };
	const bytes = new TextEncoder().encode(text);
	if (bytes.length <= limitBytes) return { text, cut: false };
	const kept = new TextDecoder().decode(bytes.subarray(0, limitBytes)).replace(/\ufffd$/, '');
	const line = kept.lastIndexOf('\n');
	return { text: line > kept.length - 4096 ? kept.slice(0, line + 1) : kept, cut: true };
}

/** What a card's front matter says that people ask about. Empty lists and nulls: not said. */
export interface CardFacts {
	licenseName: string | null;
	languages: string[];
	datasets: string[];
	baseModels: string[];
	library: string | null;
}

function text(value: JsonValue | undefined): string | null {
	return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 200) : null;
}

/** One value or a list of them, as the Hub allows for these keys; anything that is not text is left out. */
function texts(value: JsonValue | undefined): string[] {
	const list = Array.isArray(value) ? value.slice(0, 50) : [value];
	return list.map((item) => text(item)).filter((item) => item !== null);
}

/** The facts of a front matter, under the Hub's names for them (`language`, `datasets`, `base_model` …). */
export function cardFacts(metadata: JsonObject | null): CardFacts {
	return {
		licenseName: text(metadata?.license_name) ?? text(metadata?.license),
		languages: texts(metadata?.language),
		datasets: texts(metadata?.datasets),
		baseModels: texts(metadata?.base_model),
		library: text(metadata?.library_name),
	};
}
