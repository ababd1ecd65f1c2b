// Markdown to HTML with bounded nesting, bounded tables and bounded time; its output is not safe before card-html.ts.
import {
	Lexer,
	Parser,
	Renderer,
	Tokenizer,
	type MarkedOptions,
	type Token,
	type Tokens,
	type TokensList,
} from 'marked';

/**
 * Deepest nesting of quotes and lists, and of emphasis and links. What is nested deeper is shown as written. The bound
 * is also what keeps the process alive: a call stack that overflows while V8 compiles a regular expression ends it.
 */
const depthLimit = 24;
/** Most cells of one table; a header row multiplies every short row after it. */
const cellLimit = 20_000;
/** Longest address of a link or picture; a reference definition multiplies with every use. */
const addressLimit = 2_048;
/** Most characters of all addresses together. */
const addressTotal = 1_000_000;

/** Thrown when a text cannot be laid out within the limits. */
export class TooCostly extends Error {}

/** Throws TooCostly once the time is over; asked before every token. */
export type Deadline = () => void;

class BoundedTokenizer extends Tokenizer {
	readonly #deadline: Deadline;

	constructor(deadline: Deadline) {
		super();
		this.#deadline = deadline;
	}

	// The lexer asks for `space` before every block token and for `escape` before every inline one.
	override space(src: string): Tokens.Space | undefined {
		this.#deadline();
		return super.space(src);
	}

	override escape(src: string): Tokens.Escape | undefined {
		this.#deadline();
		return super.escape(src);
	}

	override table(src: string): Tokens.Table | undefined {
		return tableCells(src) > cellLimit ? undefined : super.table(src);
	}
}

/** Upper bound of the cells of the table that starts this text; 0 when it does not start with one. */
function tableCells(src: string): number {
	const head = src.indexOf('\n');
	const next = src.indexOf('\n', head + 1);
	const delimiter = src.slice(head + 1, next < 0 ? src.length : next);
	if (head < 0 || !/^[ \t|:-]+$/.test(delimiter) || !delimiter.includes('-')) return 0;
	const columns = src.slice(0, head).split('|').length;
	const end = src.search(/\n[ \t]*\n/);
	let rows = 1;
	for (let at = next; at >= 0 && (end < 0 || at < end); at = src.indexOf('\n', at + 1)) rows += 1;
	return columns * rows;
}

class BoundedLexer extends Lexer {
	#blocks = 0;
	#inlines = 0;

	override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
	override blockTokens(src: string, tokens?: TokensList, lastParagraphClipped?: boolean): TokensList;
	override blockTokens(src: string, tokens: Token[] = [], lastParagraphClipped = false): Token[] {
		if (this.#blocks >= depthLimit) return asWritten(src, tokens);
		this.#blocks += 1;
		try {
			return super.blockTokens(src, tokens, lastParagraphClipped);
		} finally {
			this.#blocks -= 1;
		}
	}

	override inlineTokens(src: string, tokens: Token[] = []): Token[] {
		if (this.#inlines >= depthLimit) return asWritten(src, tokens);
		this.#inlines += 1;
		try {
			return super.inlineTokens(src, tokens);
		} finally {
			this.#inlines -= 1;
		}
	}
}

function asWritten(src: string, tokens: Token[]): Token[] {
	tokens.push({ type: 'text', raw: src, text: src, escaped: false });
	return tokens;
}

/** The elements of HTML. Anything else between angle brackets is text: `<think>`, `<|im_start|>`, `<image>`. */
const elements = new Set(
	(
		'a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br ' +
		'button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed ' +
		'fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ' +
		'ins kbd label legend li link main map mark marquee math menu meta meter nav nobr noembed noframes noscript object ol ' +
		'optgroup option output p param picture plaintext pre progress q rp rt ruby s samp script search section select slot ' +
		'small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title ' +
		'tr track tt u ul var video wbr xmp'
	).split(' '),
);

/** The raw HTML with angle brackets of what is no element escaped, so that special tokens stay readable. */
function showUnknownElements(html: string): string {
	return html.replace(/<(\/?)([A-Za-z][^\s/>]*)/g, (all, slash: string, name: string) =>
		elements.has(name.toLowerCase()) ? all : `&lt;${slash}${name}`,
	);
}

/** Turns headings into anchors, keeps addresses short, leaves no form controls for task lists. */
class CardHtml extends Renderer {
	#addresses = 0;
	readonly #slugs = new Map<string, number>();

	override heading(token: Tokens.Heading): string {
		const inner = this.parser.parseInline(token.tokens);
		const plain = this.parser.parseInline(token.tokens, this.parser.textRenderer);
		return `<h${token.depth} id="${this.#slug(plain)}">${inner}</h${token.depth}>\n`;
	}

	/** The Hub shows a quote that starts with `[!NOTE]` as a note. */
	override blockquote(token: Tokens.Blockquote): string {
		const inner = this.parser.parse(token.tokens);
		const marked = inner.replace(/^<p>\[!(note|tip|important|warning|caution)\]\s*/i, (_, kind: string) => {
			return `<p><strong>${kind.charAt(0).toUpperCase()}${kind.slice(1).toLowerCase()}:</strong> `;
		});
		return `<blockquote>\n${marked}</blockquote>\n`;
	}

	override html(token: Tokens.HTML | Tokens.Tag): string {
		return showUnknownElements(token.text);
	}

	override checkbox({ checked }: Tokens.Checkbox): string {
		return checked ? '☑ ' : '☐ ';
	}

	override link(token: Tokens.Link): string {
		return this.#allows(token.href) ? super.link(token) : this.parser.parseInline(token.tokens);
	}

	override image(token: Tokens.Image): string {
		return this.#allows(token.href) ? super.image(token) : super.image({ ...token, href: '' });
	}

	#allows(href: string): boolean {
		if (href.length > addressLimit) return false;
		this.#addresses += href.length;
		if (this.#addresses > addressTotal) throw new TooCostly('The addresses of the links are too long together.');
		return true;
	}

	/** An id as the Hub makes them from a heading, so that a card's own links to its sections work. */
	#slug(text: string): string {
		const words = text
			.replace(/<[^>]*>|&[a-z#0-9]+;/gi, '')
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\s_-]/gu, '')
			.trim();
		const slug = words.replace(/\s/g, '-').slice(0, 80) || 'section';
		const before = this.#slugs.get(slug) ?? 0;
		this.#slugs.set(slug, before + 1);
		return before === 0 ? slug : `${slug}-${before}`;
	}
}

/** Markdown as HTML that still has to be made safe. Throws TooCostly. */
export function markdownToHtml(markdown: string, deadline: Deadline): string {
	const renderer = new CardHtml();
	const options: MarkedOptions = { gfm: true, breaks: false, renderer, tokenizer: new BoundedTokenizer(deadline) };
	const tokens = new BoundedLexer(options).lex(markdown);
	return new Parser(options).parse(tokens);
}
