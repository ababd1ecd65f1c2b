// The catalog's filterable facts as typed arrays, one slot per model, so that one pass answers filters and counts.
import { sizeClassOf, weightClassOf } from '#lib/core/size-class.ts';
import { RunTable } from '#lib/server/run-table.ts';
import { figureNames, traitNames, type ColumnRow } from '#lib/server/store/models.ts';

/** Values of one dimension and their small numbers, given in the order they are first met. */
export class Dictionary {
	readonly values: string[] = [];
	#codes = new Map<string, number>();

	/** The number of a value, a new one when it was never met. */
	add(value: string): number {
		const found = this.#codes.get(value);
		if (found !== undefined) return found;
		this.#codes.set(value, this.values.length);
		return this.values.push(value) - 1;
	}

	/** The number of a value; null when no model has it. */
	find(value: string): number | null {
		return this.#codes.get(value) ?? null;
	}
}

/** What a licence that nobody named is called as a choice. */
export const unknownChoice = 'unknown';

/** Families that nobody could name; also the value of the record's field. */
export const unknownFamily = 'Unknown';

export const dimensions = [...traitNames, 'author', 'size_class', 'weight_class'] as const;
export type Dimension = (typeof dimensions)[number];
export type Figure = (typeof figureNames)[number];

/** What a text of traits means: a code per trait, and the two flags. */
interface Traits {
	codes: number[];
	isRead: number;
	inCatalog: number;
}

/** The choice a trait falls under: an unknown licence has a name of its own, and the gate reads as a word. */
function traitChoice(name: Dimension, value: string): string {
	if (name === 'license' && value === '') return unknownChoice;
	return name === 'gated' ? String(value === '1') : value;
}

/** One growing array per fact. Slots are positions in every array; they never move. */
export class Columns {
	/** Number of slots in use. */
	size = 0;
	/** Number of slots the Hub or the snapshot lists. */
	listed = 0;
	/** Number of slots whose model is on this machine. */
	onMachine = 0;
	readonly ids: string[] = [];
	readonly dictionaries: Record<Dimension, Dictionary>;
	/** Per dimension the code of each slot's value. */
	readonly codes: Record<Dimension, Uint32Array>;
	/** Per figure each slot's value; NaN is unknown. */
	readonly values: Record<Figure, Float64Array>;
	/** What the numbers in `runs` mean. */
	readonly runTable = new RunTable();
	/** Per slot the number of its run facts. */
	runs = new Uint32Array(0);
	/** What the numbers in `packs` mean: whose weights a row packs; 0 stands for itself. */
	readonly packMarks = new Dictionary();
	/** Per slot the number of its mark. */
	packs = new Uint32Array(0);
	/** Grows with every change of `packs`, new rows among them. */
	packChanges = 0;
	/** Row number in the database of each slot. */
	numbers = new Uint32Array(0);
	isRead = new Uint8Array(0);
	inCatalog = new Uint8Array(0);
	isLocal = new Uint8Array(0);
	/** Slot + 1 of each row number; 0 where there is none. */
	#slots = new Uint32Array(0);
	#local: ReadonlySet<string> = new Set();
	#traits = new Map<string, Traits>();
	/** The arrays of `codes` and `values` in the order of `traitNames` and `figureNames`. */
	#traitColumns: Uint32Array[] = [];
	#figureColumns: Float64Array[] = [];

	constructor() {
		const dictionary = () => new Dictionary();
		const codes = () => new Uint32Array(0);
		const values = () => new Float64Array(0);
		this.dictionaries = perDimension(dictionary);
		this.codes = perDimension(codes);
		this.values = perFigure(values);
		this.packMarks.add('');
	}

	/** Takes in a row, new or changed, and tells its slot. */
	put(row: ColumnRow): number {
		const slot = this.slotOf(row.number) ?? this.#addSlot(row);
		const mark = this.packMarks.add(row.packs ?? '');
		if (this.packs[slot] !== mark) this.packChanges += 1;
		this.packs[slot] = mark;
		const { codes, isRead, inCatalog } = this.#traits.get(row.traits) ?? this.#readTraits(row.traits);
		for (let index = 0; index < codes.length; index += 1) {
			const column = this.#traitColumns[index];
			if (column !== undefined) column[slot] = codes[index] ?? 0;
		}
		for (let index = 0; index < this.#figureColumns.length; index += 1) {
			const column = this.#figureColumns[index];
			const value = row.figures[index];
			if (column !== undefined) column[slot] = typeof value === 'number' ? value : Number.NaN;
		}
		this.runs[slot] = row.runs;
		this.codes.size_class[slot] = this.dictionaries.size_class.add(sizeClassOf(this.values.params[slot] ?? null));
		this.codes.weight_class[slot] = this.dictionaries.weight_class.add(weightClassOf(this.values.size[slot] ?? null));
		this.codes.author[slot] = this.dictionaries.author.add(row.author ?? '');
		this.isRead[slot] = isRead;
		this.listed += inCatalog - (this.inCatalog[slot] ?? 0);
		this.inCatalog[slot] = inCatalog;
		return slot;
	}

	#readTraits(text: string): Traits {
		const values = text.split('\t');
		const [isRead, inCatalog] = values.slice(traitNames.length).map(Number);
		const codes = traitNames.map((name, index) => this.dictionaries[name].add(traitChoice(name, values[index] ?? '')));
		const traits = { codes, isRead: isRead ?? 0, inCatalog: inCatalog ?? 0 };
		this.#traits.set(text, traits);
		return traits;
	}

	/** The slot of a row number; null when there is none. */
	slotOf(number: number): number | null {
		const found = this.#slots[number] ?? 0;
		return found === 0 ? null : found - 1;
	}

	/** The slot of an id; null for null and for ids that have none. */
	find(id: string | null): number | null {
		const slot = id === null ? -1 : this.ids.indexOf(id);
		return slot === -1 ? null : slot;
	}

	/** Is the model with this id on this machine? */
	isOnMachine(id: string): boolean {
		return this.#local.has(id);
	}

	/** Which models are on this machine; ids the catalog learns later count from then on. */
	setLocal(ids: ReadonlySet<string>): void {
		this.#local = ids;
		this.onMachine = 0;
		for (let slot = 0; slot < this.size; slot += 1) this.#markLocal(slot);
	}

	#markLocal(slot: number): void {
		const isLocal = Number(this.#local.has(this.ids[slot] ?? ''));
		this.isLocal[slot] = isLocal;
		this.onMachine += isLocal;
	}

	#addSlot(row: ColumnRow): number {
		const slot = this.size;
		if (slot >= this.numbers.length) this.#grow(Math.max(1024, slot * 2));
		if (row.number >= this.#slots.length) {
			this.#slots = lengthened(this.#slots, new Uint32Array(Math.max(1024, row.number * 2)));
		}
		this.size += 1;
		this.packChanges += 1;
		this.ids.push(row.id);
		this.numbers[slot] = row.number;
		this.#slots[row.number] = slot + 1;
		this.#markLocal(slot);
		return slot;
	}

	#grow(capacity: number): void {
		for (const dimension of dimensions) {
			this.codes[dimension] = lengthened(this.codes[dimension], new Uint32Array(capacity));
		}
		for (const name of figureNames) this.values[name] = lengthened(this.values[name], new Float64Array(capacity));
		this.packs = lengthened(this.packs, new Uint32Array(capacity));
		this.runs = lengthened(this.runs, new Uint32Array(capacity));
		this.numbers = lengthened(this.numbers, new Uint32Array(capacity));
		this.isRead = lengthened(this.isRead, new Uint8Array(capacity));
		this.inCatalog = lengthened(this.inCatalog, new Uint8Array(capacity));
		this.isLocal = lengthened(this.isLocal, new Uint8Array(capacity));
		this.#traitColumns = traitNames.map((name) => this.codes[name]);
		this.#figureColumns = figureNames.map((name) => this.values[name]);
	}
}

function perDimension<T>(make: () => T): Record<Dimension, T> {
	return {
		family: make(),
		quantization: make(),
		modality: make(),
		kind: make(),
		license: make(),
		gated: make(),
		author: make(),
		size_class: make(),
		weight_class: make(),
	};
}

function perFigure<T>(make: () => T): Record<Figure, T> {
	return {
		params: make(),
		context: make(),
		downloads: make(),
		likes: make(),
		trending: make(),
		updated: make(),
		created: make(),
		size: make(),
		kv_token: make(),
		kv_window_token: make(),
		kv_window: make(),
		kv_state: make(),
	};
}

function lengthened<T extends Uint8Array | Uint32Array | Float64Array>(old: T, longer: T): T {
	longer.set(old);
	return longer;
}
