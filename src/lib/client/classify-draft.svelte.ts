// What a person has set up in the label lab: categories, models, how sure a choice must be. Kept in this browser.
import { isObject } from '#lib/client/api.ts';
import { modes, type Category, type Mode } from '#lib/core/classify.ts';
import { labelSet } from '#lib/core/classify-labels.ts';
import { Failure } from '#lib/core/failure.ts';
import { categorySets, type CategorySet } from '#lib/core/tables/category-sets.ts';

/** A category as it is typed. `key` stays while its name changes; examples are one to a line. */
export interface DraftCategory {
	key: number;
	name: string;
	description: string;
	examples: string;
}

const storageKey = 'modeldex:classify';
const setsKey = 'modeldex:category-sets';

/** A place to keep things; the browser's `localStorage`. */
export type Keep = Pick<Storage, 'getItem' | 'setItem'>;

function asText(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** Categories out of what was kept or handed in; those without a name are left out. */
function readCategories(value: unknown): Category[] {
	if (!Array.isArray(value)) return [];
	return value.flatMap((one: unknown) => {
		if (!isObject(one) || typeof one.name !== 'string') return [];
		const examples = Array.isArray(one.examples) ? one.examples.filter((text) => typeof text === 'string') : [];
		return [{ name: one.name, description: asText(one.description), examples }];
	});
}

/** Reads JSON that was kept; null when there is none or storage is off. */
function kept(keep: Keep | null, key: string): unknown {
	try {
		return JSON.parse(keep?.getItem(key) ?? 'null');
	} catch {
		return null; // storage is off or holds something else: as good as nothing
	}
}

function write(keep: Keep | null, key: string, value: unknown): void {
	try {
		keep?.setItem(key, JSON.stringify(value));
	} catch {
		// Storage is off or full: it lasts as long as the page.
	}
}

/** One per page. */
export class LabDraft {
	#keep: Keep | null = null;
	#next = 0;
	categories = $state<DraftCategory[]>([]);
	models = $state.raw<readonly string[]>(['rules']);
	mode = $state<Mode>('best-guess');
	rulesFirst = $state(false);
	/** Sets that the person named. */
	ownSets = $state.raw<readonly CategorySet[]>([]);

	constructor() {
		this.use(categorySets[0]?.categories ?? []);
	}

	/** Reads what this browser kept, from a storage that may be forbidden. Call it in the browser. */
	restore(storage: () => Keep): void {
		let keep: Keep;
		try {
			keep = storage();
		} catch {
			return; // storage is forbidden: nothing is kept, and everything works for the page's life
		}
		this.#keep = keep;
		const sets = kept(keep, setsKey);
		if (Array.isArray(sets)) {
			this.ownSets = sets.flatMap((set: unknown) =>
				isObject(set) && typeof set.name === 'string'
					? [{ name: set.name, categories: readCategories(set.categories) }]
					: [],
			);
		}
		const draft = kept(keep, storageKey);
		if (!isObject(draft)) return;
		const categories = readCategories(draft.categories);
		if (categories.length > 0) this.use(categories);
		if (Array.isArray(draft.models)) this.models = draft.models.filter((name) => typeof name === 'string');
		this.mode = modes.find((mode) => mode === draft.mode) ?? this.mode;
		this.rulesFirst = draft.rulesFirst === true;
	}

	/** Keeps what is set up. */
	save(): void {
		const { models, mode, rulesFirst } = this;
		write(this.#keep, storageKey, { categories: this.chosen, models, mode, rulesFirst });
	}

	/** Begins anew with these categories. */
	use(categories: readonly Category[]): void {
		this.categories = categories.map(({ name, description = '', examples = [] }) => ({
			...this.#blank(),
			...{ name, description, examples: examples.join('\n') },
		}));
		this.save();
	}

	#blank(): DraftCategory {
		this.#next += 1;
		return { key: this.#next, name: '', description: '', examples: '' };
	}

	/** One more category, empty. */
	add(): void {
		this.categories.push(this.#blank());
	}

	/** Takes a category away. */
	remove(key: number): void {
		this.categories = this.categories.filter((category) => category.key !== key);
		this.save();
	}

	/** Categories as the server takes them; rows without a name do not count. */
	get chosen(): Category[] {
		return this.categories.flatMap(({ name, description, examples }) => {
			const lines = examples.split('\n').filter((line) => line.trim() !== '');
			if (name.trim() === '') return [];
			const said = description.trim() === '' ? {} : { description: description.trim() };
			return [{ name: name.trim(), ...said, ...(lines.length === 0 ? {} : { examples: lines }) }];
		});
	}

	/** What is wrong with the categories, in a sentence; null when nothing is. */
	get problem(): string | null {
		try {
			labelSet(this.chosen);
			return null;
		} catch (error) {
			if (error instanceof Failure) return error.message;
			throw error;
		}
	}

	/** Keeps the present categories under a name; the same name is overwritten. */
	keepSet(name: string): void {
		const others = this.ownSets.filter((set) => set.name !== name);
		this.ownSets = [...others, { name, categories: this.chosen }];
		write(this.#keep, setsKey, this.ownSets);
	}

	/** Forgets a set of the person's own. */
	dropSet(name: string): void {
		this.ownSets = this.ownSets.filter((set) => set.name !== name);
		write(this.#keep, setsKey, this.ownSets);
	}

	/** Picks a model, or puts it back. */
	toggle(model: string): void {
		this.models = this.models.includes(model) ? this.models.filter((one) => one !== model) : [...this.models, model];
		this.save();
	}
}
