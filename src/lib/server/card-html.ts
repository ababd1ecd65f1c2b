// Makes a card's HTML safe to put into a page: an allow-list of elements and attributes, and nothing that loads by itself.
import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html';
import type { CardHeading } from '#lib/core/card.ts';
import type { Deadline } from '#lib/server/card-markdown.ts';

/** Where a card's relative addresses lead: the repository's pages and files on the Hub at one revision. */
export interface CardPlace {
	/** Base address of the Hub, such as `https://huggingface.co`. */
	hub: string;
	id: string;
	revision: string;
}

/** Deepest nesting of elements that is kept; deeper ones lose their tags and keep their text. */
const nestingLimit = 60;
/** Most entries of a table of contents. */
const headingLimit = 200;
/** Prefix of every id, so that no card can take the place of one of the page's own anchors or globals. */
const prefix = 'card-';

const blocks =
	'address article aside blockquote center dd details div dl dt figcaption figure footer h2 h3 h4 h5 h6 header hr li ol p pre section summary ul';
const inlines =
	'a abbr b bdi bdo br cite code del dfn em i ins kbd mark q s samp small span strike strong sub sup time tt u var wbr';
const tables = 'caption col colgroup table tbody td tfoot th thead tr';
const allowed = `${blocks} ${inlines} ${tables}`.split(' ');

/** Elements whose content is dropped with them: it is not text for a reader, or parsers disagree about what it is. */
const silent =
	'applet base embed frame frameset head iframe link math meta noembed noframes noscript object optgroup option ' +
	'plaintext script select style svg template textarea title xmp';

/** Elements that load something: each becomes a link that says so. */
const media: Record<string, string> = { img: 'Image', video: 'Video', audio: 'Audio' };

/** Characters that reorder or hide text; in a link's label they could make one host look like another. */
const disguises = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The address made absolute, or null unless it leads to the web or is a mail address. */
function absolute(href: string, base: string): URL | null {
	try {
		const url = new URL(href.trim(), base);
		if (!['http:', 'https:', 'mailto:'].includes(url.protocol)) return null;
		// A name in front of the host is the oldest disguise of a host, and no card needs one.
		url.username = '';
		url.password = '';
		return url;
	} catch {
		return null; // not an address: the text stays, the link goes
	}
}

/** One clean-up of one card. */
class Cleaner {
	readonly headings: CardHeading[] = [];
	readonly #pages: string;
	readonly #files: string;
	readonly #deadline: Deadline;
	#anchors = 0;

	constructor({ hub, id, revision }: CardPlace, deadline: Deadline) {
		this.#deadline = deadline;
		this.#pages = `${hub}/${id}/blob/${revision}/README.md`;
		this.#files = `${hub}/${id}/resolve/${revision}/README.md`;
	}

	clean(html: string): string {
		const headings = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6' };
		const shifted = Object.entries(headings).map(([name, to]) => [name, this.#kept(to)] as const);
		const shown = Object.keys(media).map((name) => [name, this.#linked] as const);
		return sanitizeHtml(html, {
			allowedTags: allowed,
			disallowedTagsMode: 'discard',
			nonTextTags: silent.split(' '),
			nestingLimit,
			allowedAttributes: {
				'*': ['id', 'align', 'dir', 'lang', 'title'],
				a: ['href', 'rel', 'target'],
				details: ['open'],
				ol: ['start', 'reversed'],
				td: ['colspan', 'rowspan'],
				th: ['colspan', 'rowspan', 'scope'],
			},
			allowedClasses: { code: [/^language-[\w+#.-]{1,40}$/], a: ['card-media'], span: ['card-media'] },
			allowedSchemes: ['http', 'https', 'mailto'],
			allowProtocolRelative: false,
			transformTags: { '*': this.#attributes, a: this.#link, ...Object.fromEntries([...shifted, ...shown]) },
			onOpenTag: (name) => this.#opened(name),
			onCloseTag: (name) => void (name === 'a' && (this.#anchors -= 1)),
			exclusiveFilter: (frame) => this.#heading(frame),
			parseStyleAttributes: false,
		});
	}

	#opened(name: string): void {
		this.#deadline();
		if (name === 'a') this.#anchors += 1;
	}

	/** The page has its title and the card's own heading above, so a card starts at the third level. */
	#kept(to: string) {
		return (_name: string, attributes: Attributes): Tag => ({ tagName: to, attribs: attributes });
	}

	readonly #attributes = (tagName: string, attributes: Attributes): Tag => {
		const kept: Attributes = {};
		for (const [name, value] of Object.entries(attributes)) {
			const clean = attributeValue(name, value);
			if (clean !== null) kept[name] = clean;
		}
		return { tagName, attribs: kept };
	};

	readonly #link = (_name: string, attributes: Attributes): Tag => {
		const { href, id, name, title } = attributes;
		const anchor: Attributes = { ...((id ?? name) ? { id: id ?? name ?? '' } : {}), ...(title ? { title } : {}) };
		// A link inside a link is not HTML: browsers would end the outer one early.
		if (this.#anchors > 1 || href === undefined) return { tagName: 'span', attribs: anchor };
		if (href.startsWith('#')) return { tagName: 'a', attribs: { ...anchor, href: `#${fragment(href.slice(1))}` } };
		const url = absolute(href, this.#pages);
		if (url === null) return { tagName: 'span', attribs: anchor };
		return { tagName: 'a', attribs: { ...anchor, href: url.href, ...outward } };
	};

	readonly #linked = (name: string, attributes: Attributes): Tag => {
		const alt = (attributes.alt ?? '').replace(disguises, '').trim().slice(0, 200);
		const what = [media[name], alt].filter((part) => part !== '').join(': ');
		const url = attributes.src === undefined ? null : absolute(attributes.src, this.#files);
		if (url === null || url.protocol === 'mailto:') return label('span', `[${what}]`);
		if (this.#anchors > 0) return label('span', `[${what}]`);
		return label('a', `[${what} — ${url.host}]`, { href: url.href, ...outward });
	};

	#heading(frame: sanitizeHtml.IFrame): boolean {
		const depth = /^h([1-6])$/.exec(frame.tag)?.[1];
		const { id } = frame.attribs;
		const text = frame.text.replace(/\s+/g, ' ').trim().slice(0, 120);
		const wanted = depth !== undefined && id !== undefined && text !== '' && this.headings.length < headingLimit;
		if (wanted) this.headings.push({ depth: Number(depth), id, text });
		return false;
	}
}

const outward = { target: '_blank', rel: 'noopener noreferrer nofollow' };

function label(tagName: string, text: string, attribs: Attributes = {}): Tag {
	return { tagName, text, attribs: { class: 'card-media', ...attribs } };
}

/** An id or fragment as ours: prefixed, short, without spaces. */
function fragment(id: string): string {
	const plain = id.startsWith(prefix) ? id.slice(prefix.length) : id;
	return (
		prefix +
		decoded(plain)
			.replace(/[\s"'<>&`]/g, '')
			.slice(0, 100)
	);
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text; // a stray percent sign
	}
}

/** The value an attribute may have, or null to drop it. Names that are not listed are dropped by the allow-list. */
function attributeValue(name: string, value: string): string | null {
	switch (name) {
		case 'id':
			return value === '' ? null : fragment(value);
		case 'align':
			return /^(left|right|center)$/i.test(value) ? value.toLowerCase() : null;
		case 'dir':
			return /^(ltr|rtl|auto)$/i.test(value) ? value.toLowerCase() : null;
		case 'lang':
			return /^[A-Za-z0-9-]{1,35}$/.test(value) ? value : null;
		case 'colspan':
		case 'rowspan':
			return /^[1-9]\d?$/.test(value) ? value : null;
		case 'start':
			return /^-?\d{1,9}$/.test(value) ? value : null;
		default:
			return value;
	}
}

/**
 * The HTML with nothing left that runs, loads, submits or restyles, and its headings for a table of contents. Throws what
 * `deadline` throws.
 */
export function cleanCardHtml(
	html: string,
	place: CardPlace,
	deadline: Deadline,
): { html: string; headings: CardHeading[] } {
	const cleaner = new Cleaner(place, deadline);
	return { html: cleaner.clean(html), headings: cleaner.headings };
}

/** Any text as HTML that shows it as written. */
export function escapeHtml(text: string): string {
	return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
