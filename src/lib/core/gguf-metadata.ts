// The key and value pairs of a GGUF header: scalars and short lists are kept, vocabularies passed over, templates measured.
import { type GgufCursor, invalid, shown } from '#lib/core/gguf-cursor.ts';
import type { GgufScalar, GgufTemplate, GgufValue } from '#lib/core/gguf-header.ts';
import { quoted } from '#lib/core/repository.ts';

/** Real files have 20 to 120 keys; long lists of base models and of templates bring it to some hundreds. */
export const mostKeys = 4096;
/** The format allows keys of 65,535 bytes; the longest in use have 60. */
export const mostKeyBytes = 1024;
/** Four times the longest list known, Gemma's 514,906 merges. */
export const mostItems = 2 ** 21;
/** A list in a list. llama.cpp reads no such thing; the format's text allows it. */
export const mostNesting = 2;
/** Texts that are passed over; whole tokenizer files of 10 to 20 MB stand in one. */
const mostTextBytes = 32 * 1024 * 1024;
/** Longest template that is read; the longest known has 30 kB. */
const mostTemplateBytes = 1024 * 1024;
/** Texts up to here are kept, and so much of all of them together; the rest is passed over. */
const keptTextBytes = 1024;
const keptTextsBytes = 256 * 1024;
/** Lists up to here are kept: one number per layer; no model has a tenth of it. */
const keptItems = 4096;
const keptTexts = 64;

/** How chat templates are read. */
export interface TemplateOptions {
	/** Keep the text of chat templates? Default false. */
	keepTemplates?: boolean;
	/** Digest of a template's bytes, such as SHA-256 in hexadecimal digits. */
	digest?: (bytes: Uint8Array) => string;
}

/** Bytes of a value by its type's number; 8 (text) and 9 (list) have no size of their own. */
const sizes: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const typeText = 8;
const typeList = 9;

/** Reads all pairs of one header. */
export class MetadataReader {
	readonly #cursor: GgufCursor;
	readonly #options: TemplateOptions;
	#keptBytes = 0;
	readonly metadata: Record<string, GgufValue> = Object.create(null);
	readonly templates: GgufTemplate[] = [];

	constructor(cursor: GgufCursor, options: TemplateOptions) {
		this.#cursor = cursor;
		this.#options = options;
	}

	/** Throws `invalid_gguf`. */
	async read(count: number): Promise<void> {
		for (let index = 0; index < count; index += 1) await this.#key(index);
	}

	async #key(index: number): Promise<void> {
		this.#cursor.what = `key ${index + 1}`;
		const key = await this.#cursor.name(mostKeyBytes);
		this.#cursor.what = `key "${quoted(key)}"`;
		if (key === '__proto__') throw invalid('it has a key named __proto__');
		if (Object.hasOwn(this.metadata, key)) throw invalid(`${this.#cursor.what} stands there twice`);
		await this.#cursor.fetch(4);
		const type = this.#cursor.u32();
		const template = /^tokenizer\.chat_template(?:\.(.+))?$/.exec(key);
		if (template !== null && type === typeText) {
			await this.#template(template[1] ?? 'default');
			this.metadata[key] = null;
			return;
		}
		this.metadata[key] = type === typeList ? await this.#list(key, 1) : await this.#scalar(type);
	}

	async #template(name: string): Promise<void> {
		const bytes = await this.#cursor.length(mostTemplateBytes);
		await this.#cursor.fetch(bytes);
		const content = this.#cursor.bytes(bytes);
		const { keepTemplates, digest } = this.#options;
		this.templates.push({
			name,
			bytes,
			digest: digest?.(content) ?? null,
			text: keepTemplates === true ? new TextDecoder().decode(content) : null,
		});
	}

	async #scalar(type: number): Promise<GgufScalar> {
		if (type === typeText) return this.#text();
		const size = sizes[type] ?? 0;
		if (size === 0) throw invalid(`${this.#cursor.what} has a value of type ${shown(type)}, which is none`);
		await this.#cursor.fetch(size);
		return this.#number(type);
	}

	/** A text, or null when it is too long to keep. */
	async #text(): Promise<string | null> {
		const length = await this.#cursor.length(mostTextBytes);
		if (length > keptTextBytes || this.#keptBytes + length > keptTextsBytes) {
			this.#cursor.pass(length);
			return null;
		}
		this.#keptBytes += length;
		await this.#cursor.fetch(length);
		return this.#cursor.text(length);
	}

	/** A number or a yes or no, whose bytes are at hand. */
	#number(type: number): GgufScalar {
		const cursor = this.#cursor;
		switch (type) {
			case 0:
				return cursor.u8();
			case 1:
				return cursor.i8();
			case 2:
				return cursor.u16();
			case 3:
				return cursor.i16();
			case 4:
				return cursor.u32();
			case 5:
				return cursor.i32();
			case 7:
				return this.#flag();
			case 10:
				return cursor.u64();
			case 11:
				return cursor.i64();
			default: {
				const number = type === 6 ? cursor.f32() : cursor.f64();
				return Number.isFinite(number) ? number : null;
			}
		}
	}

	#flag(): boolean {
		const byte = this.#cursor.u8();
		if (byte > 1) throw invalid(`${this.#cursor.what} is neither yes nor no but ${byte}`);
		return byte === 1;
	}

	async #list(key: string, depth: number): Promise<GgufValue> {
		if (depth > mostNesting) throw invalid(`${this.#cursor.what} has lists in lists, more than ${mostNesting} deep`);
		await this.#cursor.fetch(12);
		const type = this.#cursor.u32();
		const count = this.#cursor.u64();
		const size = sizes[type];
		if (size === undefined) throw invalid(`${this.#cursor.what} is a list of type ${shown(type)}, which is none`);
		const least = type === typeList ? 12 : type === typeText ? 8 : size;
		if (count > mostItems)
			throw invalid(`${this.#cursor.what} has ${shown(count)} items, more than ${shown(mostItems)}`);
		if (count * least > this.#cursor.left)
			throw invalid(`${this.#cursor.what} has ${shown(count)} items, beyond its end`);
		if (type === typeList) {
			for (let item = 0; item < count; item += 1) await this.#list(key, depth + 1);
			return { count, items: null };
		}
		const isKept = depth === 1 && !key.startsWith('tokenizer.') && count <= (type === typeText ? keptTexts : keptItems);
		if (isKept) return { count, items: await this.#items(type, count) };
		if (type === typeText) await this.#passTexts(count);
		else this.#cursor.pass(count * size);
		return { count, items: null };
	}

	async #items(type: number, count: number): Promise<GgufScalar[]> {
		const items: GgufScalar[] = [];
		for (let item = 0; item < count; item += 1) items.push(await this.#scalar(type));
		return items;
	}

	/** Passes over the texts of a vocabulary, half a million of them: one by one only those that reach into the next piece. */
	async #passTexts(count: number): Promise<void> {
		const cursor = this.#cursor;
		for (let left = count - cursor.passTexts(count); left > 0; left -= cursor.passTexts(left)) {
			await cursor.fetch(8);
			cursor.pass(cursor.u64());
			left -= 1;
		}
	}
}
